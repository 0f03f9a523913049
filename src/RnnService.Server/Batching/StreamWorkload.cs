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
    TimeProvider time) : Workload(name, new Admission(options.QueueLength))
{
    public const string Kind = "generate";

    private readonly ConcurrentQueue<StreamJob> _inbox = new();
    private readonly Queue<StreamJob> _waiting = new();
    private readonly List<StreamJob> _running = [];
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
        List<StreamJob> stepping = _running.FindAll(job => !job.IsPaused);
        if (stepping.Count == 0) return false;
        long started = time.GetTimestamp();
        Advance(stepping);
        long now = time.GetTimestamp();
        metrics.Step(Model, stepping.Count, time.GetElapsedTime(started, now));
        foreach (StreamJob job in stepping) Publish(job, now);
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
        foreach (StreamJob job in _running.Concat(_waiting).Where(job => job.HasLeft)) job.Cancel();
        Leave();
        int still = _waiting.Count;
        for (int i = 0; i < still; i++)
        {
            StreamJob job = _waiting.Dequeue();
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

    private void Leave()
    {
        _running.RemoveAll(job => job.Ended.IsCompleted);
        Volatile.Write(ref _active, _running.Count);
    }

    /// <summary>One step for all; when that fails, one for each alone, so that only the one at fault is lost.</summary>
    private void Advance(List<StreamJob> jobs)
    {
        try
        {
            model.Advance([.. jobs.Select(job => job.Generation)], options.PromptChunk);
        }
        catch (Exception exception) when (jobs.Count == 1)
        {
            jobs[0].Fail(exception);
        }
        catch (Exception)
        {
            // Some may have taken the step before it failed: for them this is the next one, and Publish sends both tokens.
            foreach (StreamJob job in jobs.Where(job => job.Generation.Finished is null)) Advance([job]);
        }
    }

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

        if (generation.Finished is null) return;
        metrics.Read(Model, Kind, generation.PromptTokens);
        job.Finish();
    }
}
