using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace RnnService.AspNetCore.Diagnostics;

/// <summary>The names under which metrics and traces are found.</summary>
/// <example>
/// <code>
/// builder.Services.AddOpenTelemetry()
///     .WithMetrics(metrics => metrics.AddMeter(RnnTelemetry.MeterName))
///     .WithTracing(traces => traces.AddSource(RnnTelemetry.ActivitySourceName));
/// </code>
/// </example>
public static class RnnTelemetry
{
    /// <summary>Name of the meter: queues, batches, tokens, streams and models.</summary>
    public const string MeterName = "RnnService";

    /// <summary>
    /// Name of the source of activities: one for each call of an injected classifier, tagger or generator; within it, or within the activity of
    /// a request, one for waiting in the queue and one for being computed; and one for each batch, with links to what is computed in it.
    /// </summary>
    public const string ActivitySourceName = "RnnService";

    internal static readonly InstrumentAdvice<double> Latencies =
        new() { HistogramBucketBoundaries = [.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60] };

    internal static ActivitySource Activities { get; } = new(ActivitySourceName);
}
