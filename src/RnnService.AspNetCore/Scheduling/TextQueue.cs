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
/// <param name="costOf">What a text costs, in tokens.</param>
internal sealed class TextQueue<TInput, TOutput>(Func<TInput, int> costOf)
{
    private readonly Dictionary<string, Line> _lines = new(StringComparer.Ordinal);
    private readonly List<Line> _order = []; // in the order of their turns
    private readonly List<Line> _later = []; // those that have had their turn in a batch
    private Line? _spare; // of a client that has gone

    public bool IsEmpty => _order.Count == 0;

    public IEnumerable<TextJob<TInput, TOutput>> Jobs => _order.SelectMany(line => line.Jobs);

    public void Add(TextJob<TInput, TOutput> job)
    {
        if (!_lines.TryGetValue(job.Client, out Line? line))
        {
            (line, _spare) = (_spare ?? new Line(), null);
            line.Client = job.Client;
            _lines.Add(job.Client, line);
            _order.Add(line);
        }

        line.Jobs.AddLast(job);
    }

    public void RemoveAll(Predicate<TextJob<TInput, TOutput>> isOver)
    {
        foreach (Line line in _order)
        {
            for (LinkedListNode<TextJob<TInput, TOutput>>? node = line.Jobs.First, next; node is not null; node = next)
            {
                next = node.Next;
                if (isOver(node.Value)) line.Jobs.Remove(node);
            }
        }

        RemoveEmpty();
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
        foreach (Line line in _order) line.Next = line.Jobs.First;
        for (bool took = true; took;)
        {
            took = false;
            foreach (Line line in _order) took |= Take(line, batch);
        }

        // Those that took part go behind those that did not.
        _later.Clear();
        foreach (Line line in _order)
        {
            if (line.Taken.Count > 0) _later.Add(line);
        }

        if (_later.Count < _order.Count)
        {
            _order.RemoveAll(static line => line.Taken.Count > 0);
            _order.AddRange(_later);
        }

        foreach (Line line in _later)
        {
            batch.Jobs.AddRange(line.Taken);
            line.Taken.Clear();
        }

        RemoveEmpty();
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

    private bool Take(Line line, Batch batch)
    {
        // Those that have not been in this batch first. What does not fit now will not fit later.
        while (line.Next is { } node)
        {
            line.Next = node.Next;
            if (!Take(node.Value, batch)) continue;
            line.Jobs.Remove(node);
            line.Taken.Enqueue(node.Value);
            return true;
        }

        for (int left = line.Taken.Count; left > 0; left--)
        {
            TextJob<TInput, TOutput> job = line.Taken.Dequeue();
            line.Taken.Enqueue(job);
            if (Take(job, batch)) return true;
        }

        return false;
    }

    private bool Take(TextJob<TInput, TOutput> job, Batch batch)
    {
        if (!job.HasNext) return false;
        int added = Math.Max(1, costOf(job.Peek()));
        if (batch.Tokens + added > batch.Most && !(batch.Alone && batch.Rows.Count == 0)) return false;
        batch.Tokens += added;
        batch.Rows.Add(new TextRow<TInput, TOutput>(job, job.Take()));
        return true;
    }

    private void RemoveEmpty()
    {
        for (int i = _order.Count - 1; i >= 0; i--)
        {
            Line line = _order[i];
            if (line.Jobs.Count > 0) continue;
            _order.RemoveAt(i);
            _lines.Remove(line.Client);
            (_spare, line.Next) = (line, null);
        }
    }

    /// <summary>Texts that are computed together.</summary>
    internal sealed class Batch(int most, bool alone)
    {
        public int Most { get; } = most;

        public bool Alone { get; } = alone;

        public List<TextRow<TInput, TOutput>> Rows { get; } = [];

        /// <summary>The requests that they are of.</summary>
        public List<TextJob<TInput, TOutput>> Jobs { get; } = [];

        public long Tokens { get; set; }
    }

    /// <summary>A client's requests, and how far they have been looked at for a batch.</summary>
    private sealed class Line
    {
        public string Client { get; set; } = "";

        public LinkedList<TextJob<TInput, TOutput>> Jobs { get; } = new();

        /// <summary>The next one that may be begun.</summary>
        public LinkedListNode<TextJob<TInput, TOutput>>? Next { get; set; }

        /// <summary>Those that are in the batch, the next to give another text first.</summary>
        public Queue<TextJob<TInput, TOutput>> Taken { get; } = new();
    }
}
