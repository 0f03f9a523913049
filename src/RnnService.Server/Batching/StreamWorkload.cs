using System.Collections.Concurrent;
using RnnService.Engine.Tasks;
using RnnService.Server.Hosting;
using RnnService.Server.Pipeline;

namespace RnnService.Server.Batching;

/// <summary>Texts continued by one language model, all of them one step at a time. They join and leave between steps.</summary>
internal sealed class StreamWorkload(
    string name,
    LanguageModel model,
    BatchingOptions options,
    ServiceMetrics metrics,
    TimeProvider time) : Workload(name, options.QueueLength)
{
    public const string Kind = "generate";

    /// <summary>Rows that cost as much as reading the weights once.</summary>
    private const int RowsOfOneRead = 4;

    /// <summary>Readers that are woken by one thread, one after the other.</summary>
    private const int ReadersOfOneThread = 64;

    private readonly ConcurrentQueue<StreamJob> _inbox = new();
    private readonly Queue<StreamJob> _waiting = new();
    private readonly List<StreamJob> _running = [];
    private readonly GenerationBatch _batch = new(model);
    private readonly List<StreamJob> _stepping = []; // these two are made anew in every turn
    private readonly List<Generation> _texts = [];
    private int _active;

    /// <summary>Streams that run now.</summary>
    public int Active => Volatile.Read(ref _active);

    public override bool IsEmpty => _inbox.IsEmpty && _waiting.Count == 0 && _running.Count == 0;

    /// <summary>Hands in a text to be continued.</summary>
    /// <param name="prepare">Makes a generation of this workload's model; called here, once there is a place in the queue.</param>
    /// <param name="readsAlong">Whether the tokens are read while the text grows.</param>
    /// <param name="left">Cancelled when nobody waits for the text any more.</param>
    /// <exception cref="RequestProblem">The queue is full.</exception>
    public StreamJob Submit(Func<LanguageModel, Generation> prepare, bool readsAlong, CancellationToken left)
    {
        Admission.Permit permit = Admission.Enter();
        try
        {
            int buffer = readsAlong ? options.StreamBuffer : 0;
            var job = new StreamJob(prepare(model), buffer, permit, left, time.GetTimestamp()) { Wake = Wake };
            // A paused stream takes no steps: the loop has to be told that its client left.
            left.UnsafeRegister(static wake => ((Action)wake!)(), Wake);
            _inbox.Enqueue(job);
            Announce();
            return job;
        }
        catch
        {
            permit.Dispose();
            throw;
        }
    }

    public override bool Turn()
    {
        Admit();
        Choose();
        if (_stepping.Count == 0) return false;
        long started = time.GetTimestamp();
        Advance();
        long now = time.GetTimestamp();
        metrics.Step(Model, _stepping.Count, time.GetElapsedTime(started, now));
        foreach (StreamJob job in _stepping) Publish(job, now);
        Announce(_stepping);
        Leave();
        return true;
    }

    protected override void RefuseInbox(RequestProblem problem)
    {
        while (_inbox.TryDequeue(out StreamJob? job)) job.Fail(problem);
    }

    protected override void Abandon(RequestProblem problem)
    {
        foreach (StreamJob job in _waiting.Concat(_running)) job.Fail(problem);
        _waiting.Clear();
        _running.Clear();
        Volatile.Write(ref _active, 0);
    }

    private void Admit()
    {
        while (_inbox.TryDequeue(out StreamJob? job)) _waiting.Enqueue(job);
        foreach (StreamJob job in _running) CancelIfLeft(job);
        Leave();
        for (int still = _waiting.Count; still > 0; still--)
        {
            StreamJob job = _waiting.Dequeue();
            CancelIfLeft(job);
            if (job.Ended.IsCompleted) continue;
            if (_running.Count >= options.MaxStreams)
            {
                _waiting.Enqueue(job);
                continue;
            }

            long now = time.GetTimestamp();
            metrics.Queued(Model, Kind, time.GetElapsedTime(job.Submitted, now));
            job.Start(now);
            _running.Add(job);
        }

        Volatile.Write(ref _active, _running.Count);
    }

    /// <summary>Those that take the next step. One that waits for its reader gives its place in the batch up meanwhile.</summary>
    private void Choose()
    {
        _stepping.Clear();
        _texts.Clear();
        foreach (StreamJob job in _running)
        {
            if (job.IsPaused)
            {
                _batch.Remove(job.Generation);
                continue;
            }

            _stepping.Add(job);
            _texts.Add(job.Generation);
        }
    }

    private void Leave()
    {
        _running.RemoveAll(job =>
        {
            if (job.Ended.IsCompleted) _batch.Remove(job.Generation);
            return job.Ended.IsCompleted;
        });
        Volatile.Write(ref _active, _running.Count);
    }

    /// <summary>One step for all; when that fails, one for each alone, so that only the one at fault is lost.</summary>
    private void Advance()
    {
        try
        {
            _batch.Advance(_texts, PromptChunk());
        }
        catch (Exception)
        {
            // Some may have taken the step before it failed: for them this is the next one, and Publish sends both tokens.
            foreach (StreamJob job in _stepping) AdvanceAlone(job);
        }
    }

    /// <summary>
    /// As many tokens of a prompt as let the step of those that write take about twice its time. Prompt tokens of one stream follow each
    /// other, and one row costs as much as some rows together: the weights have to be read for it alone.
    /// </summary>
    private int PromptChunk()
    {
        int reading = 0;
        foreach (Generation text in _texts) reading += text.PromptLeft > 0 ? 1 : 0;
        if (reading == 0 || reading == _texts.Count) return options.PromptChunk;
        int beside = Math.Max(1, _texts.Count / Math.Max(reading, RowsOfOneRead));
        return Math.Min(options.PromptChunk, 1 + beside);
    }

    private void AdvanceAlone(StreamJob job)
    {
        if (job.Generation.Finished is not null || job.Generation.Failure is not null) return;
        try
        {
            _batch.Advance([job.Generation], options.PromptChunk);
        }
        catch (Exception exception)
        {
            Fail(job, exception);
        }
    }

    /// <summary>Wakes the readers, many by one thread: writing a token takes less time than waking a thread for it.</summary>
    private static void Announce(List<StreamJob> jobs)
    {
        for (int from = 0; from < jobs.Count; from += ReadersOfOneThread)
        {
            ThreadPool.UnsafeQueueUserWorkItem(
                static some =>
                {
                    foreach (StreamJob job in some) job.Announce();
                },
                jobs.GetRange(from, Math.Min(ReadersOfOneThread, jobs.Count - from)),
                preferLocal: false);
        }
    }

    private static void CancelIfLeft(StreamJob job)
    {
        if (job.HasLeft) job.Cancel();
    }

    private static void Fail(StreamJob job, Exception exception) =>
        job.Fail(exception is NetworkException failure ? RequestProblem.Of(failure) : exception);

    private void Publish(StreamJob job, long now)
    {
        if (job.Ended.IsCompleted) return;
        Generation generation = job.Generation;
        for (; job.Published < generation.Tokens.Count; job.Published++)
        {
            bool first = job.Published == 0;
            metrics.Token(Model, first, time.GetElapsedTime(first ? job.Submitted : job.LastToken, now));
            job.LastToken = now;
            bool last = generation.Finished is not null && job.Published == generation.Tokens.Count - 1;
            job.Publish(new StreamedToken(generation.Tokens[job.Published], last));
        }

        if (generation.Failure is { } failure)
        {
            Fail(job, failure);
        }
        else if (generation.Finished is not null)
        {
            metrics.Read(Model, Kind, generation.PromptTokens);
            job.Finish();
        }
    }
}
