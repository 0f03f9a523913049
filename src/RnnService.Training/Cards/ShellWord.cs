using System.Text.RegularExpressions;

namespace RnnService.Training.Cards;

/// <summary>Words of command lines, for a shell to read.</summary>
internal static partial class ShellWord
{
    /// <summary>The word as it is where it is plain, else in single quotes.</summary>
    public static string Quote(string word) => Plain().IsMatch(word) ? word : $"'{word.Replace("'", @"'\''", StringComparison.Ordinal)}'";

    [GeneratedRegex(@"^[\w./:=,@%+-]+$", RegexOptions.CultureInvariant)]
    private static partial Regex Plain();
}
