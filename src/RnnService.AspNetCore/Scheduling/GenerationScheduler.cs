using System.Collections.Concurrent;
using System.Diagnostics;
using RnnService.AspNetCore.Diagnostics;
using RnnService.AspNetCore.Errors;
using RnnService.AspNetCore.Options;
using RnnService.Engine.Generation;
using RnnService.Engine.Models;

namespace RnnService.AspNetCore.Scheduling;

/// <summary>
/// Texts written by one model, a language model or a translator, all of them one step at a time. They join and leave between steps. One whose reader is behind
/// gives its place up until it is read again, and one of a client that has many does so for the first of a client that has few: a state is
/// some kilobytes, which costs nothing to put aside.
/// </summary>
/// <param name="name">Name of the model.</param>
/// <param name="model">The model.</param>
/// <param name="options">Sizes of the queue and of the batch.</param>
/// <param name="metrics">Where steps are counted.</param>
/// <param name="time">The clock.</param>
/// <param name="turns">Who gives it its turns.</param>
/// <param name="isAside">Whether a long step cannot be interrupted and is run beside the loop.</param>
internal sealed class GenerationScheduler(
    string name,
    GenerativeModel model,
    BatchingOptions options,
    SchedulingMetrics metrics,
    TimeProvider time,
    ITurns turns,
    bool isAside = false) : ModelScheduler(name, options, time, turns)
{
    public const string Kind = "generate";

    /// <summary>
    /// Most streams of a client that take a step together beside other clients: so many cost little more than one, for which the weights are read
    /// as well.
    /// </summary>
    public const int StreamsBesideOthers = RowsOfOneRead;

    /// <summary>Rows that cost as much as reading the weights once.</summary>
    private const int RowsOfOneRead = 4;

    private readonly ConcurrentQueue<GenerationJob> _inbox = new();
    private readonly FairQueue<GenerationJob> _waiting = new();
    private readonly RunningJobs _running = new();
    private readonly List<GenerationJob> _paused = []; // the longest paused first
    private readonly GenerationBatch _batch = model.NewBatch();
    private readonly List<GenerationJob> _stepping = [], _resting = []; // made anew in every turn
    private readonly List<GenerationStream> _texts = [];
    private readonly List<JobTrace> _begun = []; // with the next step
    private readonly Throughput _starts = new();
    private readonly PrefixCache? _prefixes = options.PrefixCacheMegabytes > 0 ? new PrefixCache(options.PrefixCacheMegabytes * 1_000_000L) : null;
    private readonly Action _betweenSteps = turns.BetweenSteps;
    private long _startsSince;
    private int _active, _pausedCount;
    private bool _isStepping;

    /// <summary>Streams that run now.</summary>
    public int Active => Volatile.Read(ref _active);

    /// <summary>Streams that wait for their readers.</summary>
    public int Paused => Volatile.Read(ref _pausedCount);

    /// <summary>Bytes of the states that are kept of the beginnings of prompts.</summary>
    public long PrefixBytes => _prefixes?.Bytes ?? 0;

    /// <summary>What moves streams on in place of the batch's own step, for a cost of one's own; null for nothing else.</summary>
    public Action<GenerationBatch, IReadOnlyList<GenerationStream>, int>? Advancing { get; init; }

    public override bool IsStepwise => true;

    public override bool IsEmpty => _inbox.IsEmpty && _waiting.Count == 0 && _running.Count == 0 && _paused.Count == 0;

    /// <summary>Hands in a text to be continued.</summary>
    /// <param name="prepare">Makes a generation of this workload's model; called here, once there is a place in the queue.</param>
    /// <param name="readsAlong">Whether the tokens are read while the text grows.</param>
    /// <param name="left">Cancelled when nobody waits for the text any more.</param>
    /// <param name="client">Whose it is.</param>
    /// <param name="abort">Cuts the connection of a client that does not read.</param>
    /// <param name="owner">Whose data the text is.</param>
    /// <exception cref="QueueFullException">The queue is full.</exception>
    public GenerationJob Submit(
        Func<GenerativeModel, GenerationStream> prepare, bool readsAlong, CancellationToken left, string client = "", Action? abort = null,
        string owner = "")
    {
        Admission.Permit permit = Admission.Enter(client);
        try
        {
            int buffer = readsAlong ? Options.StreamBuffer : 0;
            var job = new GenerationJob(prepare(model), buffer, permit, left, Time.GetTimestamp(), Turns, abort)
            {
                Trace = JobTrace.Start(Kind, Model),
                Ending = (one, fault) => metrics.Ended(Model, one, fault, Time),
            };
            if (_prefixes is not null && PrefixReading.Begin(_prefixes, job.Stream, Options.PrefixCacheShared ? "" : owner) is { } reading)
            {
                job.Reading = reading;
                metrics.Prefix(Model, reading.Saved);
            }

            permit.Hold(job.Stream.PromptTokens);
            permit.Displaced = job.Fail;
            // A paused stream takes no steps: the loop has to be told that its client left.
            left.UnsafeRegister(static turns => ((ITurns)turns!).Wake(), Turns);
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

    public override bool Turn(bool isShort = false)
    {
        if (_isStepping) return false;
        Admit();
        bool isShared = Turns.Clients.AreSeveral;
        _running.Choose(isShared ? StreamsBesideOthers : int.MaxValue, _stepping, _resting);
        if (_stepping.Count == 0) return false;
        // Few rows among many empty ones would be read part by part.
        foreach (GenerationJob job in _resting) _batch.Remove(job.Stream);
        _texts.Clear();
        foreach (GenerationJob job in _stepping)
        {
            // A text may have ended before its first step, such as one of no tokens.
            if (job.Stream.Finished is null) _texts.Add(job.Stream);
        }

        long started = Time.GetTimestamp();
        _isStepping = true;
        // A span for the steps that texts begin with; one for every step would be most of a trace.
        Activity? span = _begun.Count > 0 ? JobTrace.StartBatch(_begun, Kind, Model, _stepping.Count) : null;
        _begun.Clear();
        try
        {
            Advance(PromptChunk(isShort || isShared ? ShortTurnTokens : Options.BatchTokens));
        }
        finally
        {
            _isStepping = false;
            span?.Dispose();
        }

        long now = Time.GetTimestamp();
        metrics.Step(Model, _texts.Count, Time.GetElapsedTime(started, now));
        foreach (GenerationJob job in _stepping)
        {
            job.Reading?.AfterStep();
            Publish(job, now);
        }

        GenerationJob.AnnounceAll(_stepping);
        Leave();
        return true;
    }

    // Who comes back then finds those gone that run and those that wait now.
    protected override int? SecondsOfWaiting() => _starts.SecondsFor(Waiting + Active);

    protected override void RefuseInbox(InferenceException reason)
    {
        while (_inbox.TryDequeue(out GenerationJob? job)) job.Fail(reason);
    }

    protected override void Abandon(InferenceException reason)
    {
        foreach (GenerationJob job in _waiting.Drain().Concat(_running.Drain()).Concat(_paused))
        {
            _batch.Remove(job.Stream); // with its state, from which another process may go on
            job.Fail(reason);
        }

        _paused.Clear();
        Volatile.Write(ref _active, 0);
        Volatile.Write(ref _pausedCount, 0);
    }

    /// <summary>Lets those go that have ended, puts those aside that are not read, and gives the free places to those that wait.</summary>
    private void Admit()
    {
        while (_inbox.TryDequeue(out GenerationJob? job)) _waiting.Enqueue(job.Client, job);
        _waiting.RemoveAll(IsOver);
        long now = Time.GetTimestamp();
        _running.RemoveAll(job =>
        {
            if (IsOver(job)) return true;
            if (!job.IsPaused) return false;
            job.Unread = (now, job.Reads);
            _paused.Add(job);
            _batch.Remove(job.Stream);
            return true;
        });
        Resume(now);
        if (_waiting.Count == 0) _startsSince = now;
        for (int passed = 0; _waiting.NextClient is { } client && passed < _waiting.Clients;)
        {
            if (HasPlaceFor(client) && _waiting.TryDequeue(out GenerationJob job))
            {
                Start(job, now);
                passed = 0;
                continue;
            }

            _waiting.Pass();
            passed++;
        }

        Volatile.Write(ref _active, _running.Count);
        Volatile.Write(ref _pausedCount, _paused.Count);
    }

    private void Resume(long now)
    {
        _paused.RemoveAll(job =>
        {
            if (IsOver(job)) return true;
            if (job.Unread.Reads != job.Reads) job.Unread = (now, job.Reads);
            if (!job.IsPaused) _waiting.PutBack(job.Client, job);
            else if (Time.GetElapsedTime(job.Unread.Since, now) > TimeSpan.FromSeconds(Options.UnreadSeconds)) job.GiveUp();
            else return false;
            return true;
        });
        // Each holds what nobody reads: beyond as many as may run, the one goes that has waited longest.
        while (_paused.Count > Options.MaxStreams)
        {
            _paused[0].GiveUp();
            _paused.RemoveAt(0);
        }
    }

    /// <summary>Whether a client's next stream may start, if need be in the place of one of a client that has more.</summary>
    private bool HasPlaceFor(string client)
    {
        if (_running.Count < Options.MaxStreams) return true;
        if (_running.Displace(client) is not { } other) return false;
        _batch.Remove(other.Stream);
        _waiting.PutBack(other.Client, other);
        return true;
    }

    private void Start(GenerationJob job, long now)
    {
        if (!job.HasStarted)
        {
            metrics.Queued(Model, Kind, Time.GetElapsedTime(job.Submitted, now));
            _starts.Count(1, Time.GetElapsedTime(_startsSince, now));
            _startsSince = now;
            job.Start(now);
            if (job.Trace is { } trace) _begun.Add(trace);
        }

        _running.Add(job);
    }

    private void Leave()
    {
        _running.RemoveAll(job =>
        {
            if (job.Ended.IsCompleted) _batch.Remove(job.Stream);
            return job.Ended.IsCompleted;
        });
        Volatile.Write(ref _active, _running.Count);
    }

    private bool IsOver(GenerationJob job)
    {
        if (job.HasLeft) job.Cancel();
        else if (!job.HasStarted && IsOverdue(job.Submitted)) job.Fail(Overdue());
        if (job.Ended.IsCompleted) _batch.Remove(job.Stream);
        return job.Ended.IsCompleted;
    }

    /// <summary>One step for all; when that fails, one for each alone, so that only the one at fault is lost.</summary>
    private void Advance(int chunk)
    {
        try
        {
            Step(_texts, chunk);
        }
        catch (Exception)
        {
            // Some may have taken the step before it failed: for them this is the next one, and Publish sends both tokens.
            foreach (GenerationJob job in _stepping) AdvanceAlone(job, chunk);
        }
    }

    private void Step(IReadOnlyList<GenerationStream> texts, int chunk)
    {
        if (Advancing is { } own) own(_batch, texts, chunk);
        else if (isAside && texts.Sum(text => Math.Clamp(text.PromptLeft, 1, chunk)) > ShortTurnTokens) Turns.RunAside(() => _batch.Advance(texts, chunk));
        else _batch.Advance(texts, chunk, _betweenSteps);
    }

    /// <summary>
    /// As many tokens of a prompt as let the step of those that write take about twice its time, and all together no more than a turn may
    /// have. Prompt tokens of one stream follow each other, and one row costs as much as some rows together: the weights have to be read for
    /// it alone.
    /// </summary>
    private int PromptChunk(int most)
    {
        int reading = 0;
        foreach (GenerationStream text in _texts) reading += text.PromptLeft > 0 ? 1 : 0;
        if (reading == 0) return Options.PromptChunk;
        int each = Math.Max(1, most / reading);
        if (reading < _texts.Count) each = Math.Min(each, 1 + Math.Max(1, _texts.Count / Math.Max(reading, RowsOfOneRead)));
        return Math.Min(Options.PromptChunk, each);
    }

    private void AdvanceAlone(GenerationJob job, int chunk)
    {
        if (job.Stream.Finished is not null || job.Stream.Failure is not null) return;
        try
        {
            Step([job.Stream], chunk);
        }
        catch (Exception exception)
        {
            job.Fail(exception);
        }
    }

    private void Publish(GenerationJob job, long now)
    {
        if (job.Ended.IsCompleted) return;
        GenerationStream generation = job.Stream;
        for (; job.Published < generation.Tokens.Count; job.Published++)
        {
            bool first = job.Published == 0;
            metrics.Token(Model, first, Time.GetElapsedTime(first ? job.Submitted : job.LastToken, now));
            if (first) job.FirstToken = now;
            job.LastToken = now;
            bool last = generation.Finished is not null && job.Published == generation.Tokens.Count - 1;
            job.Publish(new StreamedToken(generation.Tokens[job.Published], last));
        }

        if (generation.Failure is { } failure)
        {
            job.Fail(failure);
        }
        else if (generation.Finished is not null)
        {
            metrics.PromptRead(Model, generation.PromptTokens);
            job.Finish();
        }
    }
}
