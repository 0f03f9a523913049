using System.CommandLine;
using RnnService.Training.Cards;

namespace RnnService.Cli.Arguments;

/// <summary>Command lines as a shell takes them, to be kept beside what they made.</summary>
internal static class CommandLines
{
    /// <summary>What was typed.</summary>
    public static string Of(ParseResult parsed) => Join(parsed.Tokens.Select(token => token.Value));

    /// <summary>Another command with some of the options that were typed.</summary>
    public static string Of(ParseResult parsed, IEnumerable<string> words, IEnumerable<Option> options) => Join(
    [
        .. words,
        .. from option in options
           let result = parsed.GetResult(option)
           where result is { Implicit: false }
           from word in result.Tokens.Count == 0 ? [option.Name] : result.Tokens.SelectMany(token => (string[])[option.Name, token.Value])
           select word,
    ]);

    private static string Join(IEnumerable<string> words) => string.Join(' ', words.Prepend("rnn").Select(ShellWord.Quote));
}
