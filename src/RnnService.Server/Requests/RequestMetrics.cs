using System.Diagnostics;
using System.Diagnostics.Metrics;
using RnnService.AspNetCore.Diagnostics;

namespace RnnService.Server.Requests;

/// <summary>What is measured of requests and connections; queues, batches and models are measured where they are. Thread-safe.</summary>
internal sealed class RequestMetrics
{
    private readonly Counter<long> _requests;
    private readonly Counter<long> _failures;
    private readonly Counter<long> _refusedConnections;
    private readonly Histogram<double> _duration;

    public RequestMetrics(IMeterFactory factory)
    {
        Meter meter = factory.Create(RnnTelemetry.MeterName);
        _requests = meter.CreateCounter<long>("rnn.requests", null, "Requests answered, by route, model and status.");
        _failures = meter.CreateCounter<long>("rnn.request.failures", null, "Requests not answered with success, by reason.");
        _refusedConnections = meter.CreateCounter<long>(
            "rnn.connections.refused", null, "Connections closed at once, as too many were open.");
        _duration = meter.CreateHistogram(
            "rnn.request.duration", "s", "From the first byte read to the last byte written.", advice: RnnTelemetry.Latencies);
    }

    public void Request(string route, string model, int status, string? failure, TimeSpan took)
    {
        var tags = new TagList { { "route", route }, { "model", model }, { "code", status } };
        _requests.Add(1, tags);
        _duration.Record(took.TotalSeconds, tags);
        if (failure is not null) _failures.Add(1, new TagList { { "route", route }, { "reason", failure } });
    }

    public void ConnectionRefused() => _refusedConnections.Add(1);
}
