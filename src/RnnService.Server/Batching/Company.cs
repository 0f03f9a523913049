namespace RnnService.Server.Batching;

/// <summary>Who has requests in the service. Thread-safe.</summary>
internal sealed class Company(TimeProvider time)
{
    /// <summary>Requests that have to come one by one until the next is thought to be alone too.</summary>
    private const int Together = 16;

    /// <summary>For so long after another client's request its next one is expected.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _clients = new(StringComparer.Ordinal);
    private int _requests;
    private int _alone; // requests in a row that met no other
    private bool _hadOthers;
    private long _othersUntil;

    /// <summary>Whether the request that is here is the only one, and so were those before.</summary>
    public bool IsAlone => Volatile.Read(ref _alone) > Together;

    /// <summary>Whether requests of several clients are here, or were within the last second.</summary>
    public bool HasOthers
    {
        get
        {
            if (!Volatile.Read(ref _hadOthers)) return false;
            lock (_lock)
            {
                return _clients.Count > 1 || (_hadOthers = time.GetElapsedTime(_othersUntil) < Memory);
            }
        }
    }

    /// <summary>A request has come that will have something to compute; <see cref="Leave"/> when it is answered.</summary>
    public void Enter(string client = "")
    {
        lock (_lock)
        {
            if (++_requests > 1) Volatile.Write(ref _alone, 0);
            else Volatile.Write(ref _alone, _alone + 1);
            _clients[client] = _clients.GetValueOrDefault(client) + 1;
            Note();
        }
    }

    public void Leave(string client = "")
    {
        lock (_lock)
        {
            Note();
            _requests--;
            if (--_clients[client] == 0) _clients.Remove(client);
        }
    }

    private void Note()
    {
        if (_clients.Count <= 1) return;
        _othersUntil = time.GetTimestamp();
        Volatile.Write(ref _hadOthers, true);
    }
}
