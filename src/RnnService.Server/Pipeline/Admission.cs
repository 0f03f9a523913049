namespace RnnService.Server.Pipeline;

/// <summary>Counts the requests that wait and refuses one too many before any work is done for it. Thread-safe.</summary>
/// <param name="places">Most requests that may wait.</param>
/// <param name="goal">What for.</param>
internal sealed class Admission(int places, string goal)
{
    private int _taken;

    /// <summary>Requests that wait now.</summary>
    public int Waiting => Volatile.Read(ref _taken);

    /// <exception cref="RequestProblem">All places are taken.</exception>
    public Permit Enter()
    {
        if (Interlocked.Increment(ref _taken) <= places) return new Permit(this);
        Interlocked.Decrement(ref _taken);
        throw new RequestProblem(ProblemKind.Overloaded, $"{places} requests are waiting {goal} already");
    }

    /// <summary>A place in the queue; given back once.</summary>
    internal sealed class Permit(Admission admission) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0) Interlocked.Decrement(ref admission._taken);
        }
    }
}
