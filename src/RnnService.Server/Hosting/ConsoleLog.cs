using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace RnnService.Server.Hosting;

/// <summary>
/// Writes the log in the form of the framework's console, but not line by line: lines gather for a moment, because waking a thread and a
/// reader for each takes a good part of the time in which a short request is answered. Errors go out at once, and all before them.
/// Thread-safe.
/// </summary>
internal sealed class ConsoleLog : ILoggerProvider
{
    private const int Most = 1 << 16; // characters that gather; who adds more writes, and so waits for a slow reader

    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(100);

    [ThreadStatic]
    private static StringWriter? formatted;

    private readonly ConsoleFormatter _formatter;
    private readonly TextWriter _output; // also what is locked while it is written
    private readonly ITimer _timer;
    private readonly Lock _lines = new();
    private StringBuilder _gathered = new();
    private StringBuilder _other = new(); // empty but while it is written

    /// <param name="formatter">Gives a line its form.</param>
    /// <param name="output">Where lines go.</param>
    /// <param name="time">The clock.</param>
    public ConsoleLog(ConsoleFormatter formatter, TextWriter output, TimeProvider time)
    {
        (_formatter, _output) = (formatter, output);
        _timer = time.CreateTimer(_ => Write(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public ILogger CreateLogger(string categoryName) => new Category(this, categoryName);

    public void Dispose()
    {
        _timer.Dispose();
        Write();
    }

    private void Add(StringBuilder line, bool atOnce)
    {
        bool first, full;
        lock (_lines)
        {
            first = _gathered.Length == 0;
            _gathered.Append(line);
            full = _gathered.Length > Most;
        }

        if (atOnce || full) Write();
        else if (first) _timer.Change(Moment, Timeout.InfiniteTimeSpan);
    }

    private void Write()
    {
        lock (_output)
        {
            lock (_lines) (_gathered, _other) = (_other, _gathered);
            _output.Write(_other);
            _output.Flush();
            _other.Clear();
        }
    }

    private sealed class Category(ConsoleLog log, string name) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            StringWriter text = formatted ??= new StringWriter();
            StringBuilder line = text.GetStringBuilder();
            line.Clear();
            log._formatter.Write(new LogEntry<TState>(logLevel, name, eventId, state, exception, formatter), null, text);
            log.Add(line, logLevel >= LogLevel.Error);
        }
    }
}
