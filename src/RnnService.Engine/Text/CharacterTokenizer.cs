using System.Text;

namespace RnnService.Engine.Text;

/// <summary>One token a Unicode code point, white space included; a lone surrogate is read as U+FFFD.</summary>
/// <param name="vocabulary">The characters it knows.</param>
/// <param name="lowerCase">Whether they are lower-cased before they are looked up.</param>
public sealed class CharacterTokenizer(Vocabulary vocabulary, bool lowerCase = false)
    : Tokenizer(Tokenization.Characters, vocabulary, lowerCase)
{
    private static readonly string[] s_ascii = [.. Enumerable.Range(0, 128).Select(value => $"{(char)value}")];

    /// <inheritdoc/>
    public override IEnumerable<Token> Split(string text) => Characters(text);

    /// <summary>Every code point of a text.</summary>
    internal static IEnumerable<Token> Characters(string text)
    {
        int at = 0, codePoint = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            yield return new Token(rune.IsAscii ? s_ascii[rune.Value] : rune.ToString(), at, codePoint, codePoint + 1);
            at += rune.Utf16SequenceLength;
            codePoint++;
        }
    }
}
