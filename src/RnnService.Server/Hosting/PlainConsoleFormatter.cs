using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using RnnService.Server.Options;

namespace RnnService.Server.Hosting;

/// <summary>Log lines for people: the time, how bad where it is bad, and the sentence.</summary>
internal sealed class PlainConsoleFormatter(TimeProvider time) : ConsoleFormatter(LogOptions.PlainFormatter)
{
    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        textWriter.Write(time.GetLocalNow().ToString("HH:mm:ss ", CultureInfo.InvariantCulture));
        if (logEntry.LogLevel >= LogLevel.Warning) textWriter.Write(logEntry.LogLevel == LogLevel.Warning ? "warning: " : "error: ");
        // What has no value, such as the model of a request for a list of models, leaves no hole.
        textWriter.WriteLine(logEntry.Formatter(logEntry.State, logEntry.Exception).Replace("  ", " ", StringComparison.Ordinal));
        if (logEntry.Exception is { } exception) textWriter.WriteLine(exception);
    }
}
