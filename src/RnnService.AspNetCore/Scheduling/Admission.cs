using RnnService.AspNetCore.Errors;

namespace RnnService.AspNetCore.Scheduling;

/// <summary>
/// Counts what waiting requests hold, places and tokens, and refuses one too many before any work is done for it. One client may hold
/// everything as long as nobody else comes. Who comes when all is taken takes from the client that holds most, as long as that is more than
/// its own: the newest request there is refused in its place (longest queue drop; McKenney, Stochastic Fairness Queuing, 1990). Thread-safe.
/// </summary>
/// <param name="places">Most requests that may wait.</param>
/// <param name="goal">What for.</param>
/// <param name="tokens">Most tokens that they may hold; a single request may have more.</param>
internal sealed class Admission(int places, string goal, long tokens = long.MaxValue)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Holding> _clients = new(StringComparer.Ordinal);
    private Holding? _spare; // of a client that has gone
    private int _taken;
    private long _tokens;

    /// <summary>Requests that wait now.</summary>
    public int Waiting => Volatile.Read(ref _taken);

    /// <summary>Tokens that they hold.</summary>
    public long Tokens => Volatile.Read(ref _tokens);

    /// <summary>Seconds after which who is refused should come again; null where nobody knows.</summary>
    public Func<int?> RetryAfter { get; init; } = () => null;

    /// <summary>Takes a place.</summary>
    /// <param name="client">Whose places are counted together.</param>
    /// <exception cref="QueueFullException">All places are taken.</exception>
    public Permit Enter(string client = "")
    {
        var permit = new Permit(this, client);
        Take(permit, 1, 0);
        return permit;
    }

    private void Take(Permit permit, int place, long added)
    {
        List<(Permit Other, bool ByPlace)>? displaced = null;
        try
        {
            lock (_lock)
            {
                if (place == 0 && permit.Node is null) return; // displaced or given back meanwhile
                Holding own = HoldingOf(permit.Client);
                for (bool isPlace; Exceeds(place, added, out isPlace);)
                {
                    if (Newest(isPlace, own, place, added) is not { } other)
                    {
                        if (own.Permits.Count == 0) Forget(permit.Client, own);
                        throw Refusal(isPlace);
                    }

                    (displaced ??= []).Add((other, isPlace));
                    Remove(other);
                }

                if (place > 0) permit.Node = own.Permits.AddLast(permit);
                permit.Tokens += added;
                own.Tokens += added;
                Volatile.Write(ref _tokens, _tokens + added);
                Volatile.Write(ref _taken, _taken + place);
            }
        }
        finally
        {
            foreach ((Permit other, bool byPlace) in displaced ?? []) other.Displaced!(Refusal(byPlace));
        }
    }

    private bool Exceeds(int place, long added, out bool isPlace)
    {
        isPlace = _taken + place > places;
        return isPlace || (_tokens > 0 && _tokens + added > tokens);
    }

    /// <summary>The newest request, of those that can be refused, of the client that holds most, if that is more than these would be.</summary>
    private Permit? Newest(bool isPlace, Holding own, int place, long added)
    {
        Holding? largest = null;
        foreach (Holding one in _clients.Values)
        {
            if (largest is null || Size(one) > Size(largest)) largest = one;
        }

        if (largest is null || largest == own || Size(largest) <= Size(own) + (isPlace ? place : added)) return null;
        LinkedListNode<Permit>? node = largest.Permits.Last;
        while (node is { Value.Displaced: null }) node = node.Previous;
        return node?.Value;

        long Size(Holding one) => isPlace ? one.Permits.Count : one.Tokens;
    }

    private void Remove(Permit permit)
    {
        if (permit.Node is not { } node) return;
        Holding own = _clients[permit.Client];
        own.Permits.Remove(node);
        own.Tokens -= permit.Tokens;
        if (own.Permits.Count == 0) Forget(permit.Client, own);
        Volatile.Write(ref _tokens, _tokens - permit.Tokens);
        Volatile.Write(ref _taken, _taken - 1);
        permit.Node = null;
    }

    private Holding HoldingOf(string client)
    {
        if (_clients.TryGetValue(client, out Holding? holding)) return holding;
        (holding, _spare) = (_spare ?? new Holding(), null);
        _clients.Add(client, holding);
        return holding;
    }

    private void Forget(string client, Holding holding)
    {
        _clients.Remove(client);
        _spare = holding;
    }

    private QueueFullException Refusal(bool isPlace) => new(isPlace
        ? $"{places} requests are waiting {goal} already"
        : $"the requests that are waiting {goal} hold {tokens} tokens already", RetryAfter());

    private sealed class Holding
    {
        public LinkedList<Permit> Permits { get; } = new();

        public long Tokens { get; set; }
    }

    /// <summary>A place in the queue, and what it holds; given back once.</summary>
    internal sealed class Permit(Admission admission, string client) : IDisposable
    {
        private Action<QueueFullException>? _displaced;

        public string Client { get; } = client;

        /// <summary>Ends the request, whose place has been given to another client. Null: it keeps its place.</summary>
        public Action<QueueFullException>? Displaced
        {
            get => Volatile.Read(ref _displaced);
            set => Volatile.Write(ref _displaced, value);
        }

        internal LinkedListNode<Permit>? Node { get; set; }

        internal long Tokens { get; set; }

        /// <summary>Counts the tokens of the request, once they are known.</summary>
        /// <exception cref="QueueFullException">There is no room for them.</exception>
        public void Hold(long tokens) => admission.Take(this, 0, tokens);

        public void Dispose()
        {
            lock (admission._lock) admission.Remove(this);
        }
    }
}
