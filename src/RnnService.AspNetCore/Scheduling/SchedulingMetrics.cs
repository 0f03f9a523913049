using System.Diagnostics;
using System.Diagnostics.Metrics;
using RnnService.AspNetCore.Diagnostics;

namespace RnnService.AspNetCore.Scheduling;

/// <summary>
/// What queues, batches and streams measure, in base units. Prometheus shows the names with underscores and the unit
/// (<c>rnn_queue_duration_seconds</c>). Thread-safe.
/// </summary>
internal sealed class SchedulingMetrics
{
    private static readonly InstrumentAdvice<long> Rows =
        new() { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] };

    private readonly Meter _meter;
    private readonly Counter<long> _inputTokens;
    private readonly Counter<long> _outputTokens;
    private readonly Histogram<double> _queue;
    private readonly Histogram<double> _compute;
    private readonly Histogram<long> _rows;
    private readonly Histogram<double> _firstToken;
    private readonly Histogram<double> _interToken;
    private readonly Counter<long> _prefixHits, _prefixMisses, _prefixTokens;
    private readonly GenAiMetrics _genAi;

    public SchedulingMetrics(IMeterFactory factory)
    {
        _meter = factory.Create(RnnTelemetry.MeterName);
        _inputTokens = _meter.CreateCounter<long>("rnn.input.tokens", null, "Tokens read: prompts, and texts to classify or tag.");
        _outputTokens = _meter.CreateCounter<long>("rnn.output.tokens", null, "Tokens generated.");
        _queue = _meter.CreateHistogram(
            "rnn.queue.duration", "s", "From being handed in to being computed first.", advice: RnnTelemetry.Latencies);
        _compute = _meter.CreateHistogram("rnn.compute.duration", "s", "One batch or one step.", advice: RnnTelemetry.Latencies);
        _rows = _meter.CreateHistogram("rnn.batch.rows", null, "Texts computed together in one batch or step.", advice: Rows);
        _firstToken = _meter.CreateHistogram(
            "rnn.time_to_first_token", "s", "From being handed in to the first token.", advice: RnnTelemetry.Latencies);
        _interToken = _meter.CreateHistogram(
            "rnn.inter_token.duration", "s", "From one token of a stream to its next.", advice: RnnTelemetry.Latencies);
        _prefixHits = _meter.CreateCounter<long>("rnn.prefix_cache.hits", null, "Prompts of which a beginning had been read before.");
        _prefixMisses = _meter.CreateCounter<long>("rnn.prefix_cache.misses", null, "Prompts that were looked up and read from the start.");
        _prefixTokens = _meter.CreateCounter<long>("rnn.prefix_cache.saved_tokens", null, "Tokens of prompts that were not read again.");
        _genAi = new GenAiMetrics(_meter);
    }

    /// <summary>Lets the gauges read from what runs. Called once.</summary>
    public void Observe(ComputeLoop loop)
    {
        _meter.CreateObservableGauge(
            "rnn.queue.depth", () => ByModel(one => one.Waiting), null, "Requests that wait.");
        _meter.CreateObservableGauge(
            "rnn.queue.tokens", () => ByModel(one => one.WaitingTokens), null, "Tokens of the requests that wait.");
        _meter.CreateObservableGauge(
            "rnn.streams.paused", () => Streams(one => one.Paused), null,
            "Texts that wait for their readers.");
        _meter.CreateObservableGauge(
            "rnn.streams.active", () => Streams(one => one.Active), null,
            "Texts being continued.");
        _meter.CreateObservableGauge(
            "rnn.number_streams.open", () => ByModel(one => one.LiveStreams), null, "Streams of numbers that are open.");
        _meter.CreateObservableGauge(
            "rnn.prefix_cache.size", () => Streams(one => one.PrefixBytes), "By", "Bytes of the states kept of the beginnings of prompts.");

        IEnumerable<Measurement<long>> ByModel(Func<ModelScheduler, long> value) => Sums(loop.Schedulers, value);

        IEnumerable<Measurement<long>> Streams(Func<GenerationScheduler, long> value) => Sums(loop.Schedulers.OfType<GenerationScheduler>(), value);

        // A model can have several queues, and one that is being replaced has those of both.
        static IEnumerable<Measurement<long>> Sums<T>(IEnumerable<T> schedulers, Func<T, long> value) where T : ModelScheduler =>
            schedulers.GroupBy(one => one.Model).Select(queues => Of(queues.Sum(value), queues.Key));
    }

    /// <summary>A request is being computed that has waited.</summary>
    public void Queued(string model, string kind, TimeSpan waited) => _queue.Record(waited.TotalSeconds, Tags(model, kind));

    /// <summary>A batch of texts was computed.</summary>
    public void Batch(string model, string kind, int rows, int tokens, TimeSpan took)
    {
        TagList tags = Tags(model, kind);
        _rows.Record(rows, tags);
        _compute.Record(took.TotalSeconds, tags);
        _inputTokens.Add(tokens, tags);
    }

    /// <summary>A prompt's beginning was looked up, and so many of its tokens need not be read.</summary>
    public void Prefix(string model, int saved)
    {
        TagList tags = Tags(model, GenerationScheduler.Kind);
        (saved > 0 ? _prefixHits : _prefixMisses).Add(1, tags);
        _prefixTokens.Add(saved, tags);
    }

    /// <summary>Streams were moved on by one step.</summary>
    public void Step(string model, int rows, TimeSpan took)
    {
        TagList tags = Tags(model, GenerationScheduler.Kind);
        _rows.Record(rows, tags);
        _compute.Record(took.TotalSeconds, tags);
    }

    /// <summary>A token was generated, so long after the one before or, for the first, after being handed in.</summary>
    public void Token(string model, bool first, TimeSpan after)
    {
        TagList tags = Tags(model, GenerationScheduler.Kind);
        _outputTokens.Add(1, tags);
        (first ? _firstToken : _interToken).Record(after.TotalSeconds, tags);
    }

    /// <summary>A text has ended: with its last token, or with a fault.</summary>
    public void Ended(string model, GenerationJob job, Exception? fault, TimeProvider time)
    {
        if (fault is not null)
        {
            _genAi.Failed(model, time.GetElapsedTime(job.Submitted), fault);
            job.Trace?.End(fault);
            return;
        }

        (int input, int output) = (job.Stream.PromptTokens, job.Stream.Tokens.Count);
        _genAi.Completed(
            model, input, output, time.GetElapsedTime(job.Submitted, job.LastToken), time.GetElapsedTime(job.Submitted, job.FirstToken));
        job.Trace?.End(null, [new(GenAi.InputTokens, input), new(GenAi.OutputTokens, output)]);
    }

    /// <summary>A prompt was read.</summary>
    public void PromptRead(string model, int tokens) => _inputTokens.Add(tokens, Tags(model, GenerationScheduler.Kind));

    private static Measurement<long> Of(long value, string model) => new(value, new KeyValuePair<string, object?>("model", model));

    private static TagList Tags(string model, string kind) => new() { { "model", model }, { "kind", kind } };
}
