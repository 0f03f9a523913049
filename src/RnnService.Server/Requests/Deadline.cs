using System.Globalization;

namespace RnnService.Server.Requests;

/// <summary>
/// The time a request allows for its answer, in the header <c>X-Request-Deadline-Ms</c>, joined with the client's leaving.
/// </summary>
internal sealed class Deadline : IDisposable
{
    public const string Header = "X-Request-Deadline-Ms";
    public const int MostMilliseconds = 3_600_000;

    private readonly CancellationTokenSource? _timer;
    private readonly CancellationTokenSource? _end;

    private Deadline(CancellationToken client, TimeSpan? allowed, TimeProvider time, bool endsWithRequest)
    {
        Token = client;
        if (allowed is null && !endsWithRequest) return; // nothing but the client's leaving ends it
        _timer = allowed is null ? null : new CancellationTokenSource(allowed.Value, time);
        _end = CancellationTokenSource.CreateLinkedTokenSource(client, _timer?.Token ?? CancellationToken.None);
        Token = _end.Token;
    }

    /// <summary>
    /// Cancelled when the time is over or the client has left, and where it ends with the request also then: work for it is in vain.
    /// </summary>
    public CancellationToken Token { get; }

    /// <summary>Whether the time is over.</summary>
    public bool Passed => _timer is { IsCancellationRequested: true };

    /// <param name="context">The request.</param>
    /// <param name="time">The clock.</param>
    /// <param name="endsWithRequest">Whether the token is cancelled when the request has been answered too.</param>
    /// <exception cref="RequestProblem">The header is not a number of milliseconds within bounds.</exception>
    public static Deadline Of(HttpContext context, TimeProvider time, bool endsWithRequest)
    {
        string header = context.Request.Headers[Header].ToString();
        if (header.Length == 0) return new Deadline(context.RequestAborted, null, time, endsWithRequest);
        if (!long.TryParse(header, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long milliseconds))
            throw RequestProblem.Of(ProblemKind.Malformed, Header, $"is {RequestProblem.Quoted(header)}; expected a whole number of milliseconds");
        if (milliseconds is < 1 or > MostMilliseconds)
            throw RequestProblem.Of(ProblemKind.Validation, Header, $"is {milliseconds}; expected 1 to {MostMilliseconds} milliseconds");
        return new Deadline(context.RequestAborted, TimeSpan.FromMilliseconds(milliseconds), time, endsWithRequest);
    }

    /// <summary>Waits for an answer no longer than allowed.</summary>
    /// <exception cref="RequestProblem">The time is over.</exception>
    /// <exception cref="OperationCanceledException">The client has left.</exception>
    public ValueTask<T> WaitAsync<T>(Task<T> answer) =>
        answer.IsCompletedSuccessfully ? new ValueTask<T>(answer.Result) : WaitLongerAsync(answer);

    public static RequestProblem Problem() => new(ProblemKind.Deadline, $"the time allowed in {Header} is over");

    public void Dispose()
    {
        _end?.Cancel();
        _end?.Dispose();
        _timer?.Dispose();
    }

    private async ValueTask<T> WaitLongerAsync<T>(Task<T> answer)
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
}
