namespace RnnService.AspNetCore.Scheduling;

/// <summary>
/// The streams that run, in the order of their turns, and how many of them each client has. Not thread-safe.
/// </summary>
internal sealed class RunningJobs
{
    private const int StepsOfTurn = 8;

    private readonly List<GenerationJob> _running = [];
    private readonly Dictionary<string, int> _held = new(StringComparer.Ordinal), _taken = new(StringComparer.Ordinal);
    private uint _steps;

    public int Count => _running.Count;

    public int HeldBy(string client) => _held.GetValueOrDefault(client);

    public void Add(GenerationJob job)
    {
        _running.Add(job);
        _held[job.Client] = HeldBy(job.Client) + 1;
    }

    /// <summary>Takes out those of which something is true.</summary>
    public void RemoveAll(Predicate<GenerationJob> isOver) => _running.RemoveAll(job =>
    {
        if (!isOver(job)) return false;
        Release(job.Client);
        return true;
    });

    /// <summary>Takes the newest stream of the client that has most, if that is more than one more than another has.</summary>
    /// <param name="other">The other client.</param>
    public GenerationJob? Displace(string other)
    {
        string? largest = null;
        foreach ((string client, int count) in _held)
        {
            if (largest is null || count > _held[largest]) largest = client;
        }

        if (largest is null || _held[largest] <= HeldBy(other) + 1) return null;
        int newest = _running.FindLastIndex(job => job.Client == largest);
        GenerationJob displaced = _running[newest];
        _running.RemoveAt(newest);
        Release(largest);
        return displaced;
    }

    /// <summary>
    /// Chooses who takes the next step: all, or a number of each client, which take turns of some steps, as changing them costs a copy of their
    /// states. Where every client has many, nobody is there for whom the step has to be short.
    /// </summary>
    /// <param name="mostOfClient">Most of a client that has more than twice the streams of another.</param>
    /// <param name="stepping">Those that take it.</param>
    /// <param name="waiting">Those that do not.</param>
    public void Choose(int mostOfClient, List<GenerationJob> stepping, List<GenerationJob> waiting)
    {
        stepping.Clear();
        waiting.Clear();
        int fewest = int.MaxValue / 2;
        foreach (int held in _held.Values) fewest = Math.Min(fewest, held);
        // A client that is alone here now may have others between their requests.
        if (_held.Count > 1) mostOfClient = Math.Max(mostOfClient, 2 * fewest);
        if (mostOfClient >= _running.Count)
        {
            stepping.AddRange(_running);
            return;
        }

        _taken.Clear();
        foreach (GenerationJob job in _running)
        {
            int taken = _taken.GetValueOrDefault(job.Client);
            if (taken >= mostOfClient)
            {
                waiting.Add(job);
                continue;
            }

            _taken[job.Client] = taken + 1;
            stepping.Add(job);
        }

        if (waiting.Count == 0 || ++_steps % StepsOfTurn != 0) return;
        // From the next step on it is the turn of those that wait now.
        _running.Clear();
        _running.AddRange(waiting);
        _running.AddRange(stepping);
    }

    public List<GenerationJob> Drain()
    {
        List<GenerationJob> all = [.. _running];
        _running.Clear();
        _held.Clear();
        return all;
    }

    private void Release(string client)
    {
        if (--_held[client] == 0) _held.Remove(client);
    }
}
