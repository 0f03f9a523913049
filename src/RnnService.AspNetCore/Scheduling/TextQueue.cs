namespace RnnService.AspNetCore.Scheduling;

/// <summary>A text that is computed in a batch.</summary>
internal readonly record struct TextRow<TInput, TOutput>(TextJob<TInput, TOutput> Job, int Index)
{
    public TInput Input => Job.Input(Index);
}

/// <summary>
/// The texts that wait for one model. Clients take turns text by text, and within a client its requests do, so that a short one does not
/// wait for the whole of a long list; requests of one client are begun in the order in which they came. Not thread-safe.
/// </summary>
/// <param name="length">A text's length in tokens.</param>
internal sealed class TextQueue<TInput, TOutput>(Func<TInput, int> length)
{
    private readonly Dictionary<string, LinkedList<TextJob<TInput, TOutput>>> _jobs = new(StringComparer.Ordinal);
    private List<string> _clients = []; // in the order of their turns

    public bool IsEmpty => _jobs.Count == 0;

    public IEnumerable<TextJob<TInput, TOutput>> Jobs => _jobs.Values.SelectMany(jobs => jobs);

    public void Add(TextJob<TInput, TOutput> job)
    {
        if (!_jobs.TryGetValue(job.Client, out LinkedList<TextJob<TInput, TOutput>>? jobs))
        {
            _jobs.Add(job.Client, jobs = new LinkedList<TextJob<TInput, TOutput>>());
            _clients.Add(job.Client);
        }

        jobs.AddLast(job);
    }

    public void RemoveAll(Predicate<TextJob<TInput, TOutput>> isOver)
    {
        bool emptied = false;
        foreach (LinkedList<TextJob<TInput, TOutput>> jobs in _jobs.Values)
        {
            for (LinkedListNode<TextJob<TInput, TOutput>>? node = jobs.First, next; node is not null; node = next)
            {
                next = node.Next;
                if (isOver(node.Value)) jobs.Remove(node);
            }

            emptied |= jobs.Count == 0;
        }

        if (emptied) Forget();
    }

    /// <summary>
    /// Takes one text of each client in turn, as long as their tokens fit. Rows of different length cost no more than their tokens, as a
    /// batch has no padding. Their requests are in the queue again after <see cref="Return"/>.
    /// </summary>
    /// <param name="most">Most tokens.</param>
    /// <param name="alone">Whether a text that is longer may be a batch of its own.</param>
    public Batch Take(int most, bool alone)
    {
        var batch = new Batch(most, alone);
        Pick[] picks = [.. _clients.Select(client => new Pick(_jobs[client]))];
        for (bool took = true; took;)
        {
            took = false;
            foreach (Pick pick in picks) took |= Take(pick, batch);
        }

        batch.Jobs = [.. picks.SelectMany(pick => pick.Taken)];
        // Those that took part go behind those that did not.
        _clients = [.. picks.Zip(_clients).OrderBy(pair => pair.First.Taken.Count > 0).Select(pair => pair.Second)];
        Forget();
        return batch;
    }

    /// <summary>
    /// Puts the requests of a batch that have more texts behind all others, also behind those that came meanwhile: a short text waits for the
    /// batch that runs, not for the next one of a long list too.
    /// </summary>
    public void Return(Batch batch)
    {
        foreach (TextJob<TInput, TOutput> job in batch.Jobs)
        {
            if (job.HasNext && !job.Answer.IsCompleted) Add(job);
        }
    }

    private bool Take(Pick pick, Batch batch)
    {
        // Those that have not been in this batch first. What does not fit now will not fit later.
        while (pick.Next is { } node)
        {
            pick.Next = node.Next;
            if (!Take(node.Value, batch)) continue;
            pick.Jobs.Remove(node);
            pick.Taken.Enqueue(node.Value);
            return true;
        }

        for (int left = pick.Taken.Count; left > 0; left--)
        {
            TextJob<TInput, TOutput> job = pick.Taken.Dequeue();
            pick.Taken.Enqueue(job);
            if (Take(job, batch)) return true;
        }

        return false;
    }

    private bool Take(TextJob<TInput, TOutput> job, Batch batch)
    {
        if (!job.HasNext) return false;
        int added = Math.Max(1, length(job.Peek()));
        if (batch.Tokens + added > batch.Most && !(batch.Alone && batch.Rows.Count == 0)) return false;
        batch.Tokens += added;
        batch.Rows.Add(new TextRow<TInput, TOutput>(job, job.Take()));
        return true;
    }

    private void Forget()
    {
        _clients.RemoveAll(client => _jobs[client].Count == 0 && _jobs.Remove(client));
    }

    /// <summary>Texts that are computed together.</summary>
    internal sealed class Batch(int most, bool alone)
    {
        public int Most { get; } = most;

        public bool Alone { get; } = alone;

        public List<TextRow<TInput, TOutput>> Rows { get; } = [];

        /// <summary>The requests that they are of.</summary>
        public IReadOnlyList<TextJob<TInput, TOutput>> Jobs { get; set; } = [];

        public long Tokens { get; set; }
    }

    /// <summary>How far a client's requests have been looked at for a batch.</summary>
    private sealed class Pick(LinkedList<TextJob<TInput, TOutput>> jobs)
    {
        public LinkedList<TextJob<TInput, TOutput>> Jobs { get; } = jobs;

        public LinkedListNode<TextJob<TInput, TOutput>>? Next { get; set; } = jobs.First;

        public Queue<TextJob<TInput, TOutput>> Taken { get; } = new();
    }
}
