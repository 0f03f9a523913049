namespace RnnService.AspNetCore.Errors;

/// <summary>A request to a model was refused or ended before its answer; the derived type says why.</summary>
public abstract class InferenceException : Exception
{
    private protected InferenceException(string message, int? retryAfterSeconds = null)
        : base(message) => RetryAfterSeconds = retryAfterSeconds;

    /// <summary>Seconds after which trying again makes sense, as far as that is known; null where it is not.</summary>
    public int? RetryAfterSeconds { get; }
}
