using System.Text;

namespace RnnService.Engine.Text;

/// <summary>Splits that need no rules: at white space, or between code points. Offsets count code points.</summary>
public static class PlainSplit
{
    /// <summary>The runs of characters between white space.</summary>
    public static List<WordToken> Words(string text)
    {
        var words = new List<WordToken>();
        int at = 0, start = 0, from = 0, index = 0;
        bool inside = false;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool space = Rune.IsWhiteSpace(rune);
            if (!space && !inside) (start, from) = (at, index);
            if (space && inside) words.Add(new WordToken(text[from..index], start, at));
            inside = !space;
            at++;
            index += rune.Utf16SequenceLength;
        }

        if (inside) words.Add(new WordToken(text[from..], start, at));
        return words;
    }

    /// <summary>Every code point by itself.</summary>
    public static List<WordToken> Characters(string text)
    {
        var characters = new List<WordToken>(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
            characters.Add(new WordToken(rune.ToString(), characters.Count, characters.Count + 1));
        return characters;
    }
}
