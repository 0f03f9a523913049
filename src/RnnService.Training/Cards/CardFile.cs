using System.Security.Cryptography;
using System.Text;
using RnnService.Engine.Weights;

namespace RnnService.Training.Cards;

/// <summary>
/// The card of a model folder, README.md. One that was generated ends in a comment with the hash of what stands before it, so that one that
/// somebody wrote or changed is known and left alone.
/// </summary>
internal static class CardFile
{
    /// <summary>The file's name.</summary>
    public const string Name = "README.md";

    private const string MarkBegin = "<!-- generated, sha256 ", MarkEnd = ": a card that is changed is never overwritten -->\n";

    /// <summary>Writes a card whole, unless the folder holds one that was not generated or was changed since.</summary>
    /// <param name="folder">The model folder.</param>
    /// <param name="text">The card, Markdown.</param>
    /// <returns>Whether it was written.</returns>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public static bool Write(string folder, string text)
    {
        string path = Path.Combine(folder, Name);
        if (File.Exists(path) && !IsGenerated(File.ReadAllText(path))) return false;
        WholeFile.Write(path, Marked(text));
        return true;
    }

    /// <summary>The text with the mark of a generated card at its end.</summary>
    public static string Marked(string text)
    {
        string ended = text.EndsWith('\n') ? text : text + "\n";
        return $"{ended}\n{MarkBegin}{Hash(ended)}{MarkEnd}";
    }

    /// <summary>Whether a card is as it was generated; line ends that Git or an editor changed do not count.</summary>
    public static bool IsGenerated(string card)
    {
        string text = card.Replace("\r\n", "\n", StringComparison.Ordinal);
        int mark = text.LastIndexOf($"\n{MarkBegin}", StringComparison.Ordinal);
        return mark >= 0 && text[mark..] == $"\n{MarkBegin}{Hash(text[..mark])}{MarkEnd}";
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
}
