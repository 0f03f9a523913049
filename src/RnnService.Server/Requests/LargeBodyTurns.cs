namespace RnnService.Server.Requests;

/// <summary>
/// Takes large bodies apart one after the other: checking a megabyte of JSON and splitting it into words takes tens of milliseconds of a
/// processor, and many at once would leave none to the small requests between them; other work that takes as long waits for the same turns. Thread-safe.
/// </summary>
internal sealed class LargeBodyTurns : IDisposable
{
    /// <summary>Bytes of a body from which on it waits for its turn.</summary>
    private const int Large = 65_536;

    /// <summary>Whether a body of this many bytes waits for its turn.</summary>
    public static bool IsLarge(long bytes) => bytes >= Large;

    private readonly SemaphoreSlim _turn = new(Math.Max(1, Environment.ProcessorCount / 2));

    /// <summary>Does work on a request's body, at once where the body is small.</summary>
    /// <param name="bytes">Bytes of the body.</param>
    /// <param name="work">What is done, without waiting for anything.</param>
    /// <param name="cancel">Ends waiting for the turn.</param>
    public ValueTask<T> RunAsync<T>(long bytes, Func<T> work, CancellationToken cancel) =>
        !IsLarge(bytes) ? new ValueTask<T>(work()) : RunInTurnAsync(work, cancel);

    public void Dispose() => _turn.Dispose();

    private async ValueTask<T> RunInTurnAsync<T>(Func<T> work, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            return work();
        }
        finally
        {
            _turn.Release();
        }
    }
}
