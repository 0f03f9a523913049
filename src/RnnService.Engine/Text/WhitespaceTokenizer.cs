using System.Text;

namespace RnnService.Engine.Text;

/// <summary>The runs of characters between white space.</summary>
/// <param name="vocabulary">The words it knows.</param>
/// <param name="lowerCase">Whether they are lower-cased before they are looked up.</param>
/// <param name="lineBreaks">Whether every line break is a token too: the vocabulary's end token.</param>
public sealed class WhitespaceTokenizer(Vocabulary vocabulary, bool lowerCase = false, bool lineBreaks = false)
    : Tokenizer(Tokenization.Whitespace, vocabulary, lowerCase)
{
    private const string LineBreak = "\n"; // no word holds one

    /// <inheritdoc/>
    public override IEnumerable<Token> Split(string text) => Words(text, lineBreaks);

    /// <inheritdoc/>
    public override int IdOf(string token) =>
        token != LineBreak ? base.IdOf(token) : Vocabulary.EndId >= 0 ? Vocabulary.EndId : Vocabulary.UnknownId;

    /// <inheritdoc/>
    public override bool Knows(string token) => token != LineBreak ? base.Knows(token) : Vocabulary.EndId >= 0;

    /// <summary>The words of a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="lineBreaks">Whether line breaks are tokens.</param>
    internal static IEnumerable<Token> Words(string text, bool lineBreaks = false)
    {
        int at = 0, codePoint = 0, start = -1, codePointStart = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool space = Rune.IsWhiteSpace(rune);
            if (!space && start < 0) (start, codePointStart) = (at, codePoint);
            if (space && start >= 0)
            {
                yield return new Token(text[start..at], start, codePointStart, codePoint);
                start = -1;
            }

            if (lineBreaks && rune.Value == '\n') yield return new Token(LineBreak, at, codePoint, codePoint + 1);
            at += rune.Utf16SequenceLength;
            codePoint++;
        }

        if (start >= 0) yield return new Token(text[start..], start, codePointStart, codePoint);
    }
}
