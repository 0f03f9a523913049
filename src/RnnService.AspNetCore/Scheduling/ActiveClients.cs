namespace RnnService.AspNetCore.Scheduling;

/// <summary>The clients that have requests here now, or steps of a stream. Thread-safe.</summary>
internal sealed class ActiveClients(TimeProvider time)
{
    /// <summary>Requests in a row that met no other, after which the next is expected to meet none either.</summary>
    private const int RequestsInRow = 16;

    /// <summary>For so long after another client's request its next one is expected.</summary>
    private static readonly TimeSpan Expectation = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _clients = new(StringComparer.Ordinal);
    private int _requests;
    private int _inRow; // requests in a row that met no other
    private bool _wereSeveral;
    private long _severalUntil;

    /// <summary>Whether the request that is here is the only one, and so were those before.</summary>
    public bool IsOneByOne => Volatile.Read(ref _inRow) > RequestsInRow;

    /// <summary>Whether requests of several clients are here, or were within the last second.</summary>
    public bool AreSeveral
    {
        get
        {
            if (!Volatile.Read(ref _wereSeveral)) return false;
            lock (_lock)
            {
                return _clients.Count > 1 || (_wereSeveral = time.GetElapsedTime(_severalUntil) < Expectation);
            }
        }
    }

    /// <summary>A request has come that will have something to compute; <see cref="Leave"/> when it is answered.</summary>
    public void Enter(string client = "")
    {
        lock (_lock)
        {
            if (++_requests > 1) Volatile.Write(ref _inRow, 0);
            else Volatile.Write(ref _inRow, _inRow + 1);
            _clients[client] = _clients.GetValueOrDefault(client) + 1;
            NoteSeveral();
        }
    }

    public void Leave(string client = "")
    {
        lock (_lock)
        {
            NoteSeveral();
            _requests--;
            if (--_clients[client] == 0) _clients.Remove(client);
        }
    }

    private void NoteSeveral()
    {
        if (_clients.Count <= 1) return;
        _severalUntil = time.GetTimestamp();
        Volatile.Write(ref _wereSeveral, true);
    }
}
