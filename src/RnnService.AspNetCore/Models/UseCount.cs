namespace RnnService.AspNetCore.Models;

/// <summary>Counts who has a thing in hand, so that it is let go of after its last use and not before. Thread-safe.</summary>
internal sealed class UseCount
{
    private readonly TaskCompletionSource _unused = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _uses = 1; // whoever hands it out
    private int _retired;

    /// <summary>Takes it in hand.</summary>
    /// <returns>Whether it is still there to be taken.</returns>
    public bool TryEnter()
    {
        int uses = Volatile.Read(ref _uses);
        while (uses > 0)
        {
            int found = Interlocked.CompareExchange(ref _uses, uses + 1, uses);
            if (found == uses) return true;
            uses = found;
        }

        return false;
    }

    /// <summary>Gives it back, once for each time that it was taken.</summary>
    public void Leave()
    {
        if (Interlocked.Decrement(ref _uses) == 0) _unused.SetResult();
    }

    /// <summary>Nobody new gets it. Ends once nobody has it any more.</summary>
    public Task RetireAsync()
    {
        if (Interlocked.Exchange(ref _retired, 1) == 0) Leave();
        return _unused.Task;
    }
}
