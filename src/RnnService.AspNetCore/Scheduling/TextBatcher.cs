using System.Collections.Concurrent;
using System.Diagnostics;
using RnnService.AspNetCore.Diagnostics;
using RnnService.AspNetCore.Errors;
using RnnService.AspNetCore.Options;
using RnnService.Engine.Networks;

namespace RnnService.AspNetCore.Scheduling;

/// <summary>Answers texts; a text's answer must not depend on the others.</summary>
/// <param name="texts">The texts.</param>
/// <param name="betweenSteps">To be called now and then while a long computation goes on.</param>
internal delegate IReadOnlyList<TOutput> TextComputation<TInput, TOutput>(IReadOnlyList<TInput> texts, Action betweenSteps);

/// <summary>Texts to be answered by one model, computed together in batches of bounded size.</summary>
/// <param name="model">Name of the model.</param>
/// <param name="kind">Name of the work, for the metrics.</param>
/// <param name="compute">Answers texts.</param>
/// <param name="costOf">What a text costs, in tokens read: mostly its length.</param>
/// <param name="options">Sizes of the queue and of a batch.</param>
/// <param name="metrics">Where batches are counted.</param>
/// <param name="time">The clock.</param>
/// <param name="turns">Who gives it its turns.</param>
/// <param name="isAside">Whether the computation cannot be interrupted and is run beside the loop.</param>
/// <param name="tokens">A text's tokens, which the queue's bound counts, where a text costs more than its length; null where it does not.</param>
/// <param name="shortTurn">Most that the texts of a short turn may cost together.</param>
internal sealed class TextBatcher<TInput, TOutput>(
    string model,
    string kind,
    TextComputation<TInput, TOutput> compute,
    Func<TInput, int> costOf,
    BatchingOptions options,
    SchedulingMetrics metrics,
    TimeProvider time,
    ITurns turns,
    bool isAside = false,
    Func<TInput, int>? tokens = null,
    int shortTurn = ModelScheduler.ShortTurnTokens) : ModelScheduler(model, options, time, turns)
{
    private readonly ConcurrentQueue<TextJob<TInput, TOutput>> _inbox = new();
    private readonly TextQueue<TInput, TOutput> _queue = new(costOf);
    private readonly Throughput _throughput = new();
    private readonly Func<TInput, int> _tokens = tokens ?? costOf;
    private Action? _betweenSteps;
    private List<TextRow<TInput, TOutput>> _rows = []; // being computed
    private int _thread; // that computes them
    private Predicate<TextJob<TInput, TOutput>>? _isOver;
    private Predicate<TextRow<TInput, TOutput>>? _isRowOver;
    private int _depth; // turns that are under way, one within another
    private long _idleUntil;

    public override bool IsEmpty => _inbox.IsEmpty && _queue.IsEmpty;

    /// <summary>Hands in a request's texts.</summary>
    /// <param name="read">Turns the texts into what the model reads, at least one; called here, once there is a place in the queue.</param>
    /// <param name="left">Cancelled when nobody waits for the answer any more.</param>
    /// <param name="client">Whose they are.</param>
    /// <exception cref="QueueFullException">The queue is full.</exception>
    public Task<TextAnswers<TOutput>> Submit(Func<IReadOnlyList<TInput>> read, CancellationToken left, string client = "")
    {
        Admission.Permit permit = Admission.Enter(client);
        try
        {
            IReadOnlyList<TInput> inputs = read();
            long held = 0, cost = 0;
            for (int i = 0; i < inputs.Count; i++)
            {
                held += Held(inputs[i]);
                cost += Math.Max(1, costOf(inputs[i]));
            }

            permit.Hold(held);
            var job = new TextJob<TInput, TOutput>(inputs, permit, left, Time.GetTimestamp()) { Trace = JobTrace.Start(kind, Model) };
            permit.Displaced = job.Fail;
            _inbox.Enqueue(job);
            Announce(isShort: cost <= shortTurn);
            return job.Answer;
        }
        catch
        {
            permit.Dispose();
            throw;
        }
    }

    public override bool Turn(bool isShort = false)
    {
        if (_depth == 0 && _queue.IsEmpty) _idleUntil = Time.GetTimestamp();
        Collect();
        if (!isShort) _queue.RemoveAll(_isOver ??= IsOver);
        if (_queue.IsEmpty) return false;
        TextQueue<TInput, TOutput>.Batch batch = _queue.Take(isShort ? shortTurn : Options.BatchTokens, alone: !isShort);
        batch.Rows.RemoveAll(_isRowOver ??= row => IsOver(row.Job));
        if (batch.Rows.Count > 0) Compute(batch);
        Collect();
        _queue.Return(batch);
        return batch.Rows.Count > 0 || batch.Jobs.Count > 0;
    }

    protected override int? SecondsOfWaiting() => _throughput.SecondsFor(WaitingTokens);

    protected override void RefuseInbox(InferenceException reason)
    {
        while (_inbox.TryDequeue(out TextJob<TInput, TOutput>? job)) job.Fail(reason);
    }

    protected override void Abandon(InferenceException reason)
    {
        foreach (TextJob<TInput, TOutput> job in _queue.Jobs) job.Fail(reason);
        _queue.RemoveAll(_ => true);
    }

    private bool IsOver(TextJob<TInput, TOutput> job)
    {
        if (job.HasLeft) job.Cancel();
        else if (job.Next == 0 && IsOverdue(job.Submitted)) job.Fail(Overdue());
        return job.Answer.IsCompleted;
    }

    private void Collect()
    {
        while (_inbox.TryDequeue(out TextJob<TInput, TOutput>? job)) _queue.Add(job);
    }

    private void Compute(TextQueue<TInput, TOutput>.Batch batch)
    {
        long started = Time.GetTimestamp();
        int read = 0, held = 0, cost = 0, longest = 0;
        foreach (TextRow<TInput, TOutput> row in batch.Rows)
        {
            if (row.Index == 0)
            {
                metrics.Queued(Model, kind, Time.GetElapsedTime(row.Job.Submitted, started));
                row.Job.Trace?.Begin();
            }

            int own = costOf(row.Input);
            (read, held) = (read + _tokens(row.Input), held + Held(row.Input));
            (cost, longest) = (cost + own, Math.Max(longest, own));
        }

        if (_depth++ == 0) IsInLongTurn = longest >= LongTextTokens;
        bool isTraced = RnnTelemetry.Activities.HasListeners();
        using Activity? span = isTraced ? JobTrace.StartBatch(batch.Rows.Select(row => row.Job.Trace), kind, Model, batch.Rows.Count) : null;
        try
        {
            Compute(batch.Rows, cost);
        }
        finally
        {
            if (--_depth == 0) IsInLongTurn = false;
        }

        long now = Time.GetTimestamp();
        metrics.Batch(Model, kind, batch.Rows.Count, read, Time.GetElapsedTime(started, now));
        _throughput.Count(held, _depth == 0 ? Time.GetElapsedTime(_idleUntil, now) : TimeSpan.Zero);
        if (_depth == 0) _idleUntil = now;
    }

    /// <summary>Computes a batch; when that fails, each of its texts alone, so that only the one at fault is lost.</summary>
    private void Compute(List<TextRow<TInput, TOutput>> rows, int cost)
    {
        List<TextRow<TInput, TOutput>> outer = _rows;
        (_rows, _thread) = (rows, Environment.CurrentManagedThreadId);
        try
        {
            TInput[] inputs = new TInput[rows.Count];
            for (int row = 0; row < inputs.Length; row++) inputs[row] = rows[row].Input;
            IReadOnlyList<TOutput> outputs = isAside && cost > shortTurn ? ComputeAside(inputs) : compute(inputs, _betweenSteps ??= BetweenSteps);
            for (int row = 0; row < rows.Count; row++) rows[row].Job.Deliver(rows[row].Index, outputs[row]);
        }
        catch (OperationCanceledException) when (HaveAllLeft(rows))
        {
            foreach (TextRow<TInput, TOutput> row in rows) row.Job.Cancel();
        }
        catch (NetworkException failure) when (rows.Count == 1)
        {
            rows[0].Job.Miss(rows[0].Index, failure);
        }
        catch (Exception exception) when (rows.Count == 1)
        {
            rows[0].Job.Fail(exception);
        }
        catch (Exception)
        {
            foreach (TextRow<TInput, TOutput> row in rows) Compute([row], costOf(row.Input));
        }
        finally
        {
            _rows = outer;
        }
    }

    /// <summary>Lets others have short turns, and ends a batch that nobody waits for any more: to explain a long text takes seconds.</summary>
    private void BetweenSteps()
    {
        Turns.BetweenSteps();
        // Who helps to compute comes by too, maybe while the thread itself is in a turn between.
        if (Environment.CurrentManagedThreadId == _thread && HaveAllLeft(_rows)) throw new OperationCanceledException();
    }

    /// <summary>What a text counts for among what waits.</summary>
    private int Held(TInput input) => Math.Max(1, _tokens(input));

    private static bool HaveAllLeft(List<TextRow<TInput, TOutput>> rows)
    {
        foreach (TextRow<TInput, TOutput> row in rows)
        {
            if (!row.Job.HasLeft) return false;
        }

        return rows.Count > 0;
    }

    private IReadOnlyList<TOutput> ComputeAside(TInput[] inputs)
    {
        IReadOnlyList<TOutput> outputs = [];
        Turns.RunAside(() => outputs = compute(inputs, () => { }));
        return outputs;
    }
}
