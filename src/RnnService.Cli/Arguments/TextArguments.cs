using System.CommandLine;
using RnnService.Cli.Shell;

namespace RnnService.Cli.Arguments;

/// <summary>The texts of a command line, or the lines of standard input.</summary>
internal static class TextArguments
{
    public static Argument<string[]> Create() => new("TEXT")
    {
        Description = "Texts, each in quotes; none reads standard input, one text a line.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    /// <summary>The texts given; without any, a line at a time as they come in.</summary>
    public static IEnumerable<string> Read(Terminal terminal, string[]? given, CancellationToken stop)
    {
        if (given is not { Length: > 0 } && !terminal.InputIsPiped) terminal.Error.WriteLine("One text a line; Ctrl-D ends.");
        foreach (string text in given is { Length: > 0 } ? given : Lines(terminal.In))
        {
            stop.ThrowIfCancellationRequested();
            yield return text;
        }
    }

    private static IEnumerable<string> Lines(TextReader reader)
    {
        while (reader.ReadLine() is { } line) yield return line;
    }
}
