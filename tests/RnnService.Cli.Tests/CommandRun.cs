using System.Text.Json;
using RnnService.Cli.Shell;
using Spectre.Console;

namespace RnnService.Cli.Tests;

/// <summary>What a command line did.</summary>
internal sealed record CommandRun(int Code, string Out, string Error)
{
    /// <summary>Standard output line by line, empty ones at the end left out.</summary>
    public string[] Lines => Out.TrimEnd('\n').Split('\n');

    /// <summary>Runs the command in this process.</summary>
    public static CommandRun Of(params string[] args) => With(null, args);

    /// <summary>Runs the command with something piped in, or stopped from the start.</summary>
    public static CommandRun With(string? input, string[] args, bool stopped = false, bool live = false)
    {
        using StringWriter output = new() { NewLine = "\n" }, error = new() { NewLine = "\n" };
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = live ? AnsiSupport.Yes : AnsiSupport.No,
            Interactive = live ? InteractionSupport.Yes : InteractionSupport.No,
        });
        console.Profile.Width = 160;
        var terminal = new Terminal(console, new StringReader(input ?? ""), error, InputIsPiped: input is not null);
        int code = RnnCommand.Run(args, terminal, new CancellationToken(canceled: stopped));
        return new CommandRun(code, output.ToString(), error.ToString());
    }

    /// <summary>Standard output as one JSON value.</summary>
    public JsonElement Json() => JsonDocument.Parse(Out).RootElement;

    /// <summary>Standard output as a JSON value a line.</summary>
    public JsonElement[] JsonLines() => [.. Lines.Select(line => JsonDocument.Parse(line).RootElement)];

    /// <summary>Checks that it worked, and hands itself on.</summary>
    public CommandRun Succeeded()
    {
        Assert.True(Code == 0, $"exit code {Code}: {Error}");
        return this;
    }

    /// <summary>Checks that it failed with one sentence that says all of this, and with no stack trace.</summary>
    public void FailedWith(int code, params string[] parts)
    {
        Assert.Equal(code, Code);
        foreach (string part in parts) Assert.Contains(part, Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", Error, StringComparison.Ordinal);
        if (code == ExitCode.Failed) Assert.Equal("rnn: ", Assert.Single(Error.TrimEnd('\n').Split('\n'))[..5]);
    }
}
