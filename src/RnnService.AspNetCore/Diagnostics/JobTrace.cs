using System.Diagnostics;

namespace RnnService.AspNetCore.Diagnostics;

/// <summary>
/// What a trace shows of one request at a model: a span for waiting in the queue, then one for being computed, both within the activity that
/// handed it in. There is none, and nothing is paid, where nobody listens. Names of OpenTelemetry's conventions for generative models where
/// there are any; no text. Thread-safe.
/// </summary>
internal sealed class JobTrace
{
    /// <summary>Links that OpenTelemetry keeps of a span where nothing else is set.</summary>
    private const int MostLinks = 128;

    private readonly ActivityContext _parent = Activity.Current?.Context ?? default;
    private readonly DateTime _submitted = DateTime.UtcNow;
    private readonly string _kind, _model;
    private Activity? _computing;
    private int _ended;

    private JobTrace(string kind, string model) => (_kind, _model) = (kind, model);

    /// <summary>The trace of a request that is handed in now; null where nobody listens.</summary>
    /// <param name="kind">Name of the work.</param>
    /// <param name="model">Name of the model.</param>
    public static JobTrace? Start(string kind, string model) => RnnTelemetry.Activities.HasListeners() ? new JobTrace(kind, model) : null;

    /// <summary>
    /// A span for what is computed together, with links to the requests in it. It belongs to the first one's trace, so that it is kept when
    /// that is; null where none is kept.
    /// </summary>
    /// <param name="traces">The requests that are computed, by the traces of those that have any.</param>
    /// <param name="kind">Name of the work.</param>
    /// <param name="model">Name of the model.</param>
    /// <param name="rows">Texts computed together.</param>
    public static Activity? StartBatch(IEnumerable<JobTrace?> traces, string kind, string model, int rows)
    {
        ActivityContext[] contexts = [.. traces.Select(trace => trace?._computing).OfType<Activity>().Distinct().Take(MostLinks).Select(one => one.Context)];
        if (contexts.Length == 0) return null;
        return RnnTelemetry.Activities.StartActivity(
            "rnn.batch", ActivityKind.Internal, contexts[0], Tags(kind, model).Append(new("rnn.batch.rows", rows)),
            contexts.Select(context => new ActivityLink(context)));
    }

    /// <summary>The request is being computed from now on.</summary>
    public void Begin()
    {
        Waited(null);
        _computing = Open($"{GenAi.OperationOf(_kind)} {_model}", DateTime.UtcNow);
    }

    /// <summary>The request has ended; later calls change nothing.</summary>
    /// <param name="fault">Why, when not with an answer; told by its type alone, as a message may quote the text.</param>
    /// <param name="tags">What became of it.</param>
    public void End(Exception? fault, params ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0) return;
        if (_computing is null)
        {
            Waited(fault);
            return;
        }

        foreach ((string key, object? value) in tags) _computing.SetTag(key, value);
        Close(_computing, fault);
    }

    private void Waited(Exception? fault)
    {
        if (Open("rnn.queue", _submitted) is { } waited) Close(waited, fault);
    }

    /// <summary>Begins a span that may end on another thread: it never becomes the current one.</summary>
    private Activity? Open(string name, DateTime at)
    {
        Activity? before = Activity.Current;
        Activity.Current = null;
        Activity? opened = RnnTelemetry.Activities.StartActivity(name, ActivityKind.Internal, _parent, Tags(_kind, _model), null, at);
        Activity.Current = before;
        return opened;
    }

    private static void Close(Activity span, Exception? fault)
    {
        if (fault is not null) span.SetStatus(ActivityStatusCode.Error, fault.GetType().Name).SetTag(GenAi.ErrorType, fault.GetType().Name);
        Activity? before = Activity.Current;
        span.Stop();
        Activity.Current = before;
    }

    private static IEnumerable<KeyValuePair<string, object?>> Tags(string kind, string model) =>
        [new(GenAi.Operation, GenAi.OperationOf(kind)), new(GenAi.Provider, GenAi.Service), new(GenAi.RequestModel, model)];
}
