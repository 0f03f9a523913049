using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RnnService.Server.Hosting;

namespace RnnService.Server.Tests.Hosting;

public sealed class PlainConsoleFormatterTests
{
    [Theory]
    [InlineData(LogLevel.Information, "GET /models  200  1.5 ms", "GET /models 200 1.5 ms")]
    [InlineData(LogLevel.Warning, "slow", "warning: slow")]
    [InlineData(LogLevel.Error, "Fault", "error: Fault")]
    public void A_line_is_the_time_and_the_sentence(LogLevel level, string message, string line)
    {
        using var written = new StringWriter();
        var entry = new LogEntry<string>(level, "RnnService.Server.Requests.RequestMiddleware", new EventId(1330097018), message, null, (state, _) => state);
        new PlainConsoleFormatter(TimeProvider.System).Write(entry, null, written);
        Assert.Matches($"^[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}} {System.Text.RegularExpressions.Regex.Escape(line)}\r?\n$", written.ToString());
    }
}
