namespace RnnService.Server.Sessions;

/// <summary>What is logged of sessions: never a state, an id or a key.</summary>
internal static partial class SessionLog
{
    [LoggerMessage(Level = LogLevel.Error, Message = "The keys of session states cannot be reached; requests with a session are answered with 503 until they can: Rnn:Sessions:{Option}")]
    public static partial void KeysUnreachable(ILogger logger, string option);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Redis cannot be reached; requests that need it are answered with 503")]
    public static partial void RedisLost(ILogger logger);

    [LoggerMessage(Level = LogLevel.Information, Message = "Redis is reached again")]
    public static partial void RedisBack(ILogger logger);
}
