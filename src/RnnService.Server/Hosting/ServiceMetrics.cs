using System.Diagnostics;
using System.Diagnostics.Metrics;
using RnnService.Engine.Models;
using RnnService.Server.Batching;

namespace RnnService.Server.Hosting;

/// <summary>
/// What the service measures, in base units. /metrics shows the names with underscores and the unit (<c>rnn_queue_duration_seconds</c>).
/// Thread-safe.
/// </summary>
internal sealed class ServiceMetrics
{
    public const string MeterName = "RnnService";

    private static readonly InstrumentAdvice<double> Latencies =
        new() { HistogramBucketBoundaries = [.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60] };

    private static readonly InstrumentAdvice<long> Rows =
        new() { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] };

    private readonly Meter _meter;
    private readonly Counter<long> _requests;
    private readonly Counter<long> _failures;
    private readonly Counter<long> _refusedConnections;
    private readonly Counter<long> _inputTokens;
    private readonly Counter<long> _outputTokens;
    private readonly Histogram<double> _request;
    private readonly Histogram<double> _queue;
    private readonly Histogram<double> _compute;
    private readonly Histogram<long> _rows;
    private readonly Histogram<double> _firstToken;
    private readonly Histogram<double> _interToken;

    public ServiceMetrics(IMeterFactory factory)
    {
        _meter = factory.Create(MeterName);
        _requests = _meter.CreateCounter<long>("rnn.requests", null, "Requests answered, by route, model and status.");
        _failures = _meter.CreateCounter<long>("rnn.request.failures", null, "Requests not answered with success, by reason.");
        _refusedConnections = _meter.CreateCounter<long>(
            "rnn.connections.refused", null, "Connections closed at once, as too many were open.");
        _inputTokens = _meter.CreateCounter<long>("rnn.input.tokens", null, "Tokens read: prompts, and texts to classify or tag.");
        _outputTokens = _meter.CreateCounter<long>("rnn.output.tokens", null, "Tokens generated.");
        _request = _meter.CreateHistogram(
            "rnn.request.duration", "s", "From the first byte read to the last byte written.", advice: Latencies);
        _queue = _meter.CreateHistogram("rnn.queue.duration", "s", "From being handed in to being computed first.", advice: Latencies);
        _compute = _meter.CreateHistogram("rnn.compute.duration", "s", "One batch or one step.", advice: Latencies);
        _rows = _meter.CreateHistogram("rnn.batch.rows", null, "Texts computed together in one batch or step.", advice: Rows);
        _firstToken = _meter.CreateHistogram("rnn.time_to_first_token", "s", "From being handed in to the first token.", advice: Latencies);
        _interToken = _meter.CreateHistogram("rnn.inter_token.duration", "s", "From one token of a stream to its next.", advice: Latencies);
    }

    /// <summary>Lets the gauges read from what runs. Called once.</summary>
    public void Observe(ComputeLoop loop, ModelRegistry registry)
    {
        IEnumerable<ModelEntry> Served() => registry.Entries.Where(entry => entry.Loaded is not null);
        _meter.CreateObservableGauge(
            "rnn.queue.depth", () => loop.Workloads.Select(work => Of(work.Waiting, work.Model)), null, "Requests that wait.");
        _meter.CreateObservableGauge(
            "rnn.queue.tokens", () => loop.Workloads.Select(work => Of(work.WaitingTokens, work.Model)), null, "Tokens of the requests that wait.");
        _meter.CreateObservableGauge(
            "rnn.streams.paused", () => loop.Workloads.OfType<StreamWorkload>().Select(work => Of(work.Paused, work.Model)), null,
            "Texts that wait for their readers.");
        _meter.CreateObservableGauge(
            "rnn.streams.active", () => loop.Workloads.OfType<StreamWorkload>().Select(work => Of(work.Active, work.Model)), null,
            "Texts being continued.");
        _meter.CreateObservableGauge("rnn.model.info", () => Served().Select(Info), null, "1 for each model served.");
        _meter.CreateObservableGauge(
            "rnn.model.broken", () => registry.Entries.Count(entry => entry.State == ModelState.Broken), null,
            "Model folders that cannot be served.");
        _meter.CreateObservableGauge(
            "rnn.model.size", () => Served().Select(entry => Of(entry.Loaded!.Bytes, entry.Name)), "By", "Size of the weight file.");
        _meter.CreateObservableGauge(
            "rnn.model.load.duration",
            () => Served().Select(entry => new Measurement<double>(entry.LoadTime.TotalSeconds, Model(entry.Name))), "s",
            "Time it took to load and check the model.");
    }

    public void Request(string route, string model, int status, string? failure, TimeSpan took)
    {
        var tags = new TagList { { "route", route }, { "model", model }, { "code", status } };
        _requests.Add(1, tags);
        _request.Record(took.TotalSeconds, tags);
        if (failure is not null) _failures.Add(1, new TagList { { "route", route }, { "reason", failure } });
    }

    public void ConnectionRefused() => _refusedConnections.Add(1);

    public void Queued(string model, string kind, TimeSpan waited) => _queue.Record(waited.TotalSeconds, Tags(model, kind));

    /// <summary>A batch of texts was computed.</summary>
    public void Batch(string model, string kind, int rows, int tokens, TimeSpan took)
    {
        TagList tags = Tags(model, kind);
        _rows.Record(rows, tags);
        _compute.Record(took.TotalSeconds, tags);
        _inputTokens.Add(tokens, tags);
    }

    /// <summary>Streams were moved on by one step.</summary>
    public void Step(string model, int rows, TimeSpan took)
    {
        TagList tags = Tags(model, StreamWorkload.Kind);
        _rows.Record(rows, tags);
        _compute.Record(took.TotalSeconds, tags);
    }

    /// <summary>A token was generated, so long after the one before or, for the first, after being handed in.</summary>
    public void Token(string model, bool first, TimeSpan after)
    {
        TagList tags = Tags(model, StreamWorkload.Kind);
        _outputTokens.Add(1, tags);
        (first ? _firstToken : _interToken).Record(after.TotalSeconds, tags);
    }

    /// <summary>A prompt was read.</summary>
    public void Read(string model, string kind, int tokens) => _inputTokens.Add(tokens, Tags(model, kind));

    private static Measurement<int> Info(ModelEntry entry)
    {
        LoadedModel loaded = entry.Loaded!;
        ModelConfig config = loaded.Model.Config;
        return new Measurement<int>(1, new TagList
        {
            { "model", entry.Name },
            { "task", ModelCard.TaskName(config.Task) },
            { "cell", config.CellName() },
            { "layers", config.Layers },
            { "hidden_size", config.HiddenSize },
            { "sha256", loaded.Sha256 },
        });
    }

    private static Measurement<long> Of(long value, string model) => new(value, Model(model));

    private static KeyValuePair<string, object?> Model(string name) => new("model", name);

    private static TagList Tags(string model, string kind) => new() { { "model", model }, { "kind", kind } };
}
