using Microsoft.Extensions.Logging;

namespace RnnService.AspNetCore.Diagnostics;

/// <summary>Logs faults by type and place: an exception's message may quote a request's text, which never reaches the log.</summary>
internal sealed partial class FaultLog(ILogger<FaultLog> logger)
{
    public void Write(Exception exception, string traceId) =>
        Write(logger, string.Join("\n<- ", Chain(exception).Select(one => $"{one.GetType().FullName}\n{one.StackTrace}")), traceId);

    private static IEnumerable<Exception> Chain(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException) yield return exception;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Fault {TraceId} {Exceptions}")]
    private static partial void Write(ILogger logger, string exceptions, string traceId);
}
