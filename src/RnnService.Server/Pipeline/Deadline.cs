using System.Globalization;

namespace RnnService.Server.Pipeline;

/// <summary>
/// The time a request allows for its answer, in the header <c>X-Request-Deadline-Ms</c>, joined with the client's leaving.
/// </summary>
internal sealed class Deadline : IDisposable
{
    public const string Header = "X-Request-Deadline-Ms";
    public const int MostMilliseconds = 3_600_000;

    private readonly CancellationTokenSource? _timer;
    private readonly CancellationTokenSource _end;

    private Deadline(CancellationToken client, TimeSpan? allowed, TimeProvider time)
    {
        _timer = allowed is null ? null : new CancellationTokenSource(allowed.Value, time);
        _end = CancellationTokenSource.CreateLinkedTokenSource(client, _timer?.Token ?? CancellationToken.None);
        Token = _end.Token;
    }

    /// <summary>Cancelled when the time is over, the client has left or the request has been answered: work for it is in vain.</summary>
    public CancellationToken Token { get; }

    /// <summary>Whether the time is over.</summary>
    public bool Passed => _timer is { IsCancellationRequested: true };

    /// <exception cref="RequestProblem">The header is not a number of milliseconds within bounds.</exception>
    public static Deadline Of(HttpContext context, TimeProvider time)
    {
        string header = context.Request.Headers[Header].ToString();
        if (header.Length == 0) return new Deadline(context.RequestAborted, null, time);
        if (!long.TryParse(header, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long milliseconds))
            throw RequestProblem.Of(ProblemKind.Malformed, Header, $"is {RequestProblem.Quoted(header)}; expected a whole number of milliseconds");
        if (milliseconds is < 1 or > MostMilliseconds)
            throw RequestProblem.Of(ProblemKind.Validation, Header, $"is {milliseconds}; expected 1 to {MostMilliseconds} milliseconds");
        return new Deadline(context.RequestAborted, TimeSpan.FromMilliseconds(milliseconds), time);
    }

    /// <summary>Waits for an answer no longer than allowed.</summary>
    /// <exception cref="RequestProblem">The time is over.</exception>
    /// <exception cref="OperationCanceledException">The client has left.</exception>
    public async Task<T> WaitAsync<T>(Task<T> answer)
    {
        try
        {
            return await answer.WaitAsync(Token);
        }
        catch (OperationCanceledException) when (Passed)
        {
            throw Problem();
        }
    }

    public static RequestProblem Problem() => new(ProblemKind.Deadline, $"the time allowed in {Header} is over");

    public void Dispose()
    {
        _end.Cancel();
        _end.Dispose();
        _timer?.Dispose();
    }
}
