using System.Collections.Concurrent;
using RnnService.Engine.Tasks;
using RnnService.Server.Hosting;
using RnnService.Server.Pipeline;

namespace RnnService.Server.Batching;

/// <summary>
/// Texts to be classified or tagged with one model, computed together in batches of bounded size. Requests take turns text by text, so
/// that a short one does not wait for the whole of a long list.
/// </summary>
/// <param name="model">Name of the model.</param>
/// <param name="kind">Name of the work, for the metrics.</param>
/// <param name="compute">Answers texts; a text's answer must not depend on its company.</param>
/// <param name="length">A text's length in tokens.</param>
/// <param name="options">Sizes of the queue and of a batch.</param>
/// <param name="metrics">Where batches are counted.</param>
/// <param name="time">The clock.</param>
internal sealed class TextWorkload<TInput, TOutput>(
    string model,
    string kind,
    Func<IReadOnlyList<TInput>, IReadOnlyList<TOutput>> compute,
    Func<TInput, int> length,
    BatchingOptions options,
    ServiceMetrics metrics,
    TimeProvider time) : Workload(model, options.QueueLength)
{
    /// <summary>
    /// Most tokens of a request that is computed on its own thread when it is alone: a few sentences. Its deadline cannot end it meanwhile.
    /// </summary>
    private const int BriefTokens = 64;

    private readonly ConcurrentQueue<TextJob<TInput, TOutput>> _inbox = new();
    private List<TextJob<TInput, TOutput>> _jobs = [];

    public override bool IsEmpty => _inbox.IsEmpty && _jobs.Count == 0;

    /// <summary>Hands in a request's texts.</summary>
    /// <param name="read">Turns the texts into what the model reads, at least one; called here, once there is a place in the queue.</param>
    /// <param name="left">Cancelled when nobody waits for the answer any more.</param>
    /// <exception cref="RequestProblem">The queue is full.</exception>
    public Task<TextAnswers<TOutput>> Submit(Func<IReadOnlyList<TInput>> read, CancellationToken left)
    {
        Admission.Permit permit = Admission.Enter();
        try
        {
            IReadOnlyList<TInput> inputs = read();
            var job = new TextJob<TInput, TOutput>(inputs, permit, left, time.GetTimestamp());
            _inbox.Enqueue(job);
            Announce(brief: inputs.Count <= BriefTokens && inputs.Sum(length) <= BriefTokens);
            return job.Answer;
        }
        catch
        {
            permit.Dispose();
            throw;
        }
    }

    public override bool Turn()
    {
        Collect();
        _jobs.RemoveAll(job =>
        {
            if (job.HasLeft) job.Cancel();
            return job.HasLeft;
        });
        if (_jobs.Count == 0) return false;

        List<Row> rows = NextBatch();
        long started = time.GetTimestamp();
        foreach (Row row in rows.Where(row => row.Index == 0)) metrics.Queued(Model, kind, time.GetElapsedTime(row.Job.Submitted, started));
        Compute(rows);
        metrics.Batch(Model, kind, rows.Count, rows.Sum(LengthOf), time.GetElapsedTime(started));

        // Those that took part go behind those that did not, also behind those that came meanwhile: a short text waits for the
        // batch that runs, not for the next one of a long list too.
        Collect();
        HashSet<TextJob<TInput, TOutput>> served = [.. rows.Select(row => row.Job)];
        _jobs =
        [
            .. _jobs.Where(job => !served.Contains(job)),
            .. _jobs.Where(job => served.Contains(job) && job.HasNext && !job.Answer.IsCompleted),
        ];
        return true;
    }

    protected override void RefuseInbox(RequestProblem problem)
    {
        while (_inbox.TryDequeue(out TextJob<TInput, TOutput>? job)) job.Fail(problem);
    }

    protected override void Abandon(RequestProblem problem)
    {
        foreach (TextJob<TInput, TOutput> job in _jobs) job.Fail(problem);
        _jobs.Clear();
    }

    private void Collect()
    {
        while (_inbox.TryDequeue(out TextJob<TInput, TOutput>? job)) _jobs.Add(job);
    }

    /// <summary>
    /// The oldest request's next text, then one text of each request in turn, as long as their tokens fit. Rows of different length cost
    /// no more than their tokens, as a batch has no padding.
    /// </summary>
    private List<Row> NextBatch()
    {
        var rows = new List<Row>();
        long tokens = 0;
        for (bool took = true; took;)
        {
            took = false;
            foreach (TextJob<TInput, TOutput> job in _jobs)
            {
                if (!job.HasNext) continue;
                int added = Math.Max(1, length(job.Peek()));
                if (rows.Count > 0 && tokens + added > options.BatchTokens) continue;
                tokens += added;
                rows.Add(new Row(job, job.Take()));
                took = true;
            }
        }

        return rows;
    }

    /// <summary>Computes a batch; when that fails, each of its texts alone, so that only the one at fault is lost.</summary>
    private void Compute(List<Row> rows)
    {
        try
        {
            IReadOnlyList<TOutput> outputs = compute([.. rows.Select(row => row.Job.Input(row.Index))]);
            for (int row = 0; row < rows.Count; row++) rows[row].Job.Deliver(rows[row].Index, outputs[row]);
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
            foreach (Row row in rows) Compute([row]);
        }
    }

    private int LengthOf(Row row) => length(row.Job.Input(row.Index));

    private readonly record struct Row(TextJob<TInput, TOutput> Job, int Index);
}
