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
        using MeterListener listener = new()
        {
            InstrumentPublished = (instrument, own) =>
            {
                if (instrument.Meter.Name == RnnTelemetry.MeterName && ReferenceEquals(instrument.Meter.Scope, factory)) own.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => sums.AddOrUpdate(instrument.Name, value, (_, sum) => sum + value));
        listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => sums.AddOrUpdate(instrument.Name, value, (_, sum) => sum + value));
        listener.Start();
        await host.Classifier.ClassifyAsync(["a lovely film", "a"], Cancel);
        await host.Generator.CompleteAsync("abc", new() { MaxNewTokens = 5, Seed = 1 }, Cancel);
        listener.RecordObservableInstruments();
        Assert.Equal((4 + 3, 5, 5, 1), (sums["rnn.input.tokens"], sums["rnn.output.tokens"], sums["rnn.model.info"], sums["rnn.model.broken"]));
    }

    [Fact]
    public async Task A_call_is_an_activity_that_names_its_model_and_quotes_no_text()
    {
        await using TestHost host = await TestHost.StartAsync(shared.Models);
        using Activity root = new Activity("root").Start();
        var ended = new ConcurrentQueue<Activity>();
        using ActivityListener listener = new()
        {
            ShouldListenTo = source => source.Name == RnnTelemetry.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (activity.TraceId == root.TraceId) ended.Enqueue(activity);
            },
        };
        ActivitySource.AddActivityListener(listener);
        await host.Classifier.ClassifyAsync("a lovely film", Cancel);
        await Assert.ThrowsAnyAsync<ArgumentException>(() => host.Generator.CompleteAsync("a", new() { TopP = 0 }, Cancel));
        Assert.Equal(
            [("rnn.classify", "sentiment", ActivityStatusCode.Unset, null), ("rnn.generate", "shakespeare", ActivityStatusCode.Error, "ArgumentException")],
            ended.Select(activity => (activity.OperationName, (string?)activity.GetTagItem("rnn.model"), activity.Status, activity.StatusDescription)));
    }

    private static async Task<(HealthStatus, string?)> HealthAsync(TestHost host)
    {
        HealthReport report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Cancel);
        return (report.Status, Assert.Single(report.Entries).Value.Description);
    }
}
