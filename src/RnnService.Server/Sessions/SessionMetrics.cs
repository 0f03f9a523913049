using System.Diagnostics.Metrics;
using RnnService.AspNetCore.Diagnostics;
using RnnService.Server.Requests;

namespace RnnService.Server.Sessions;

/// <summary>What is measured of sessions. Thread-safe.</summary>
internal sealed class SessionMetrics
{
    /// <summary>Where a session was resumed from.</summary>
    public const string State = "state", Store = "store";

    private readonly Meter _meter;
    private readonly Counter<long> _resumed;
    private readonly Counter<long> _refused;

    public SessionMetrics(IMeterFactory factory)
    {
        _meter = factory.Create(RnnTelemetry.MeterName);
        _resumed = _meter.CreateCounter<long>("rnn.sessions.resumed", null, "Requests that went on with a session, by where its state came from.");
        _refused = _meter.CreateCounter<long>("rnn.sessions.refused", null, "Requests whose session was refused, by reason.");
    }

    /// <summary>Lets the gauges read from the store in memory. Called once.</summary>
    public void Observe(MemorySessionStore store)
    {
        _meter.CreateObservableGauge("rnn.sessions.stored", () => store.Count, null, "Sessions kept in memory.");
        _meter.CreateObservableGauge("rnn.sessions.bytes", () => store.Bytes, "By", "Bytes of the sessions kept in memory.");
    }

    public void Resumed(string from) => _resumed.Add(1, new KeyValuePair<string, object?>("from", from));

    public void Refused(ProblemKind kind) => _refused.Add(1, new KeyValuePair<string, object?>("reason", kind.ErrorType));
}
