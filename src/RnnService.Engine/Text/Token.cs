namespace RnnService.Engine.Text;

/// <summary>A piece of a text that a model reads as one, and where it stands.</summary>
/// <param name="Text">The token as it stands in the text.</param>
/// <param name="Start">Index of its first UTF-16 unit, as in <see cref="string"/>.</param>
/// <param name="CodePointStart">Index of its first Unicode code point; a lone surrogate counts as one.</param>
/// <param name="CodePointEnd">One past its last code point.</param>
public readonly record struct Token(string Text, int Start, int CodePointStart, int CodePointEnd)
{
    /// <summary>One past its last UTF-16 unit, so that <c>text[Start..End]</c> is the token.</summary>
    public int End => Start + Text.Length;
}
