using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using RnnService.Server.Hosting;

namespace RnnService.Server.Tests.Hosting;

/// <summary>Lines gather and none is lost.</summary>
public sealed class ConsoleLogTests
{
    private readonly Output _output = new();
    private readonly HandTime _time = new();

    [Fact]
    public void Lines_gather_until_the_moment_is_over()
    {
        using var log = new ConsoleLog(new Plain(), _output, _time);
        ILogger first = log.CreateLogger("one"), second = log.CreateLogger("two");
        first.LogInformation("a");
        second.LogWarning("b");
        Assert.Equal("", _output.Text);
        _time.Pass();
        Assert.Equal("one: a\ntwo: b\n", _output.Text);
        first.LogInformation("c");
        _time.Pass();
        Assert.Equal("one: a\ntwo: b\none: c\n", _output.Text);
        Assert.Equal(2, _output.Writes);
    }

    [Fact]
    public void An_error_is_written_at_once_and_with_it_what_came_before()
    {
        using var log = new ConsoleLog(new Plain(), _output, _time);
        ILogger logger = log.CreateLogger("one");
        logger.LogInformation("a");
        logger.LogError("b");
        Assert.Equal("one: a\none: b\n", _output.Text);
    }

    [Fact]
    public async Task What_many_threads_log_is_written_line_by_line_and_the_rest_at_the_end()
    {
        const int Threads = 4, Lines = 5_000;
        string[] wanted =
            [.. Enumerable.Range(0, Threads).SelectMany(thread => Enumerable.Range(0, Lines).Select(line => $"{thread}: {line}"))];
        using (var log = new ConsoleLog(new Plain(), _output, _time))
        {
            await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Run(() =>
            {
                ILogger logger = log.CreateLogger($"{thread}");
                for (int line = 0; line < Lines; line++) logger.LogInformation("{Line}", line);
            })));
            Assert.True(_output.Writes > 0, "more than may gather");
            Assert.True(_output.Writes < Lines);
        }

        string[] found = _output.Text.TrimEnd('\n').Split('\n');
        Assert.Equal(wanted.Order(), found.Order());
        for (int thread = 0; thread < Threads; thread++)
        {
            string start = $"{thread}:";
            Assert.Equal(wanted.Where(line => line.StartsWith(start, StringComparison.Ordinal)),
                found.Where(line => line.StartsWith(start, StringComparison.Ordinal)));
        }
    }

    private sealed class Plain() : ConsoleFormatter("plain")
    {
        public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter) =>
            textWriter.Write($"{logEntry.Category}: {logEntry.Formatter(logEntry.State, logEntry.Exception)}\n");
    }

    /// <summary>Shows only what was flushed.</summary>
    private sealed class Output : StringWriter
    {
        public string Text { get; private set; } = "";

        public int Writes { get; private set; }

        public override void Flush()
        {
            Writes++;
            Text = ToString();
        }
    }

    /// <summary>Time that passes when told to.</summary>
    private sealed class HandTime : TimeProvider
    {
        private TimerCallback? _due;

        public void Pass()
        {
            TimerCallback? due = _due;
            _due = null;
            due?.Invoke(null);
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new Timer(this, callback);

        private sealed class Timer(HandTime time, TimerCallback callback) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                time._due = callback;
                return true;
            }

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
