namespace RnnService.AspNetCore.Errors;

/// <summary>A queue holds as many requests or tokens as it may: the request was refused before anything was computed for it.</summary>
public sealed class QueueFullException : InferenceException
{
    internal QueueFullException(string message, int? retryAfterSeconds)
        : base(message, retryAfterSeconds)
    {
    }
}

/// <summary>The request waited in the queue longer than it may and was not begun.</summary>
public sealed class QueueTimeoutException : InferenceException
{
    internal QueueTimeoutException(string message, int? retryAfterSeconds)
        : base(message, retryAfterSeconds)
    {
    }
}

/// <summary>The client of a stream did not read its tokens for longer than it may: the stream was ended.</summary>
public sealed class StreamUnreadException : InferenceException
{
    internal StreamUnreadException(string message)
        : base(message)
    {
    }
}
