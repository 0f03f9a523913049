namespace RnnService.Server.Batching;

/// <summary>
/// The streams that run, in the order of their turns, and how many of them each client has. Not thread-safe.
/// </summary>
internal sealed class StreamPlaces
{
    private readonly List<StreamJob> _running = [];
    private readonly Dictionary<string, int> _held = new(StringComparer.Ordinal), _taken = new(StringComparer.Ordinal);

    public IReadOnlyList<StreamJob> Running => _running;

    public int Count => _running.Count;

    public int HeldBy(string client) => _held.GetValueOrDefault(client);

    public void Add(StreamJob job)
    {
        _running.Add(job);
        _held[job.Client] = HeldBy(job.Client) + 1;
    }

    /// <summary>Takes out those of which something is true.</summary>
    public void RemoveAll(Predicate<StreamJob> isOver) => _running.RemoveAll(job =>
    {
        if (!isOver(job)) return false;
        Release(job.Client);
        return true;
    });

    /// <summary>Takes the newest stream of the client that has most, if that is more than one more than another has.</summary>
    /// <param name="other">The other client.</param>
    public StreamJob? Displace(string other)
    {
        string? largest = null;
        foreach ((string client, int count) in _held)
        {
            if (largest is null || count > _held[largest]) largest = client;
        }

        if (largest is null || _held[largest] <= HeldBy(other) + 1) return null;
        int newest = _running.FindLastIndex(job => job.Client == largest);
        StreamJob displaced = _running[newest];
        _running.RemoveAt(newest);
        Release(largest);
        return displaced;
    }

    /// <summary>Chooses who takes the next step: all, or so many of each client, which take turns. Those that wait are the first that run.</summary>
    public void Choose(int mostOfClient, List<StreamJob> stepping)
    {
        stepping.Clear();
        if (mostOfClient >= _running.Count)
        {
            stepping.AddRange(_running);
            return;
        }

        _taken.Clear();
        foreach (StreamJob job in _running)
        {
            int taken = _taken.GetValueOrDefault(job.Client);
            if (taken >= mostOfClient) continue;
            _taken[job.Client] = taken + 1;
            stepping.Add(job);
        }

        if (stepping.Count == _running.Count) return;
        // Who takes this step waits for the next behind those who do not.
        HashSet<StreamJob> chosen = [.. stepping];
        _running.RemoveAll(chosen.Contains);
        _running.AddRange(stepping);
    }

    public List<StreamJob> Drain()
    {
        List<StreamJob> all = [.. _running];
        _running.Clear();
        _held.Clear();
        return all;
    }

    private void Release(string client)
    {
        if (--_held[client] == 0) _held.Remove(client);
    }
}
