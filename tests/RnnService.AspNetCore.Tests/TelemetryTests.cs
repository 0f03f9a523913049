using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using RnnService.AspNetCore.Diagnostics;
using RnnService.AspNetCore.Models;
using RnnService.Engine.Models;
using RnnService.Onnx.Runtime;

namespace RnnService.AspNetCore.Tests;

/// <summary>Health, metrics and traces of a host.</summary>
public sealed class TelemetryTests(SharedModels shared)
{
    private static readonly string[] Conventional =
        ["gen_ai.server.request.duration", "gen_ai.server.time_to_first_token", "gen_ai.server.time_per_output_token"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_host_is_healthy_from_loading_to_stopping()
    {
        using ManualResetEventSlim goOn = new();
        await using TestHost host = TestHost.Build(shared.Models, services: services => services.AddSingleton<ModelReader>((path, cancel) =>
        {
            goOn.Wait(CancellationToken.None);
            return ModelFolder.Load(path, OnnxRuntimeNetwork.Open, cancel);
        }));
        await host.StartAsync();
        Assert.Equal((HealthStatus.Unhealthy, "the model \"pos\" is being loaded"), await HealthAsync(host));
        goOn.Set();
        await host.LoadedAsync();
        Assert.Equal((HealthStatus.Healthy, null), await HealthAsync(host));
        await host.StopAsync();
        Assert.Equal((HealthStatus.Unhealthy, "the service is stopping"), await HealthAsync(host));
    }

    [Fact]
    public async Task The_meter_counts_tokens_batches_and_models()
    {
        await using TestHost host = await TestHost.StartAsync(shared.Models);
        IMeterFactory factory = host.Services.GetRequiredService<IMeterFactory>();
        var sums = new ConcurrentDictionary<string, long>();
        var durations = new ConcurrentDictionary<string, int>();
        using MeterListener listener = new()
        {
            InstrumentPublished = (instrument, own) =>
            {
                if (instrument.Meter.Name == RnnTelemetry.MeterName && ReferenceEquals(instrument.Meter.Scope, factory)) own.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => sums.AddOrUpdate(instrument.Name, value, (_, sum) => sum + value));
        listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => sums.AddOrUpdate(instrument.Name, value, (_, sum) => sum + value));
        listener.SetMeasurementEventCallback<double>((instrument, _, _, _) => durations.AddOrUpdate(instrument.Name, 1, (_, count) => count + 1));
        listener.Start();
        await host.Classifier.ClassifyAsync(["a lovely film", "a"], Cancel);
        await host.Generator.CompleteAsync("abc", new() { MaxNewTokens = 5, Seed = 1 }, Cancel);
        listener.RecordObservableInstruments();
        Assert.Equal((4 + 3, 5, 5, 1), (sums["rnn.input.tokens"], sums["rnn.output.tokens"], sums["rnn.model.info"], sums["rnn.model.broken"]));
        // Of texts that are continued, under the names of the conventions too.
        Assert.Equal(3 + 5, sums["gen_ai.client.token.usage"]);
        Assert.Equal([1, 1, 1], Conventional.Select(name => durations.GetValueOrDefault(name)));
    }

    [Fact]
    public async Task A_call_is_an_activity_that_names_its_model_and_quotes_no_text()
    {
        await using TestHost host = await TestHost.StartAsync(shared.Models);
        using var spans = new SpanRecorder();
        await host.Classifier.ClassifyAsync("a lovely film", Cancel);
        await Assert.ThrowsAnyAsync<ArgumentException>(() => host.Generator.CompleteAsync("a", new() { TopP = 0 }, Cancel));
        Assert.Equal(
            [("rnn.classify", "sentiment", ActivityStatusCode.Unset, null), ("rnn.generate", "shakespeare", ActivityStatusCode.Error, "ArgumentException")],
            spans.Ended.Where(activity => activity.GetTagItem("rnn.model") is not null)
                .Select(activity => (activity.OperationName, (string?)activity.GetTagItem("rnn.model"), activity.Status, activity.StatusDescription)));
        Assert.DoesNotContain(spans.Ended, activity => activity.TagObjects.Any(tag => tag.Value is string text && text.Contains("lovely", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Waiting_and_computing_are_spans_and_a_batch_links_to_those_in_it()
    {
        await using TestHost host = await TestHost.StartAsync(shared.Models);
        using var spans = new SpanRecorder();
        await host.Generator.CompleteAsync(["abc", "abcd"], new() { MaxNewTokens = 4, Seed = 1 }, Cancel);
        Activity call = Assert.Single(spans.Ended, span => span.OperationName == "rnn.generate");
        Activity[] queue = Named("rnn.queue"), compute = Named("text_completion shakespeare");
        Assert.All(queue.Concat(compute), span => Assert.Equal(call.SpanId, span.ParentSpanId));
        Assert.Equal((2, 2), (queue.Length, compute.Length));
        Assert.Equal([3, 4], compute.Select(span => span.GetTagItem("gen_ai.usage.input_tokens")).Order());
        Assert.All(compute, span => Assert.Equal(4, span.GetTagItem("gen_ai.usage.output_tokens")));
        Assert.Equal(compute.Select(span => span.SpanId.ToString()).Order(),
            Named("rnn.batch").SelectMany(batch => batch.Links).Select(link => link.Context.SpanId.ToString()).Order());

        Activity[] Named(string name) => [.. spans.Ended.Where(span => span.OperationName == name)];
    }

    private static async Task<(HealthStatus, string?)> HealthAsync(TestHost host)
    {
        HealthReport report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Cancel);
        return (report.Status, Assert.Single(report.Entries).Value.Description);
    }
}

/// <summary>Keeps the spans of a test that have ended: those of its own trace.</summary>
internal sealed class SpanRecorder : IDisposable
{
    private readonly Activity _root = new Activity("root").Start();
    private readonly ActivityListener _listener;

    public SpanRecorder()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == RnnTelemetry.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (activity.TraceId == _root.TraceId) Ended.Enqueue(activity);
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public ConcurrentQueue<Activity> Ended { get; } = new();

    public void Dispose()
    {
        _listener.Dispose();
        _root.Dispose();
    }
}
