using System.Text;

namespace RnnService.Engine.Text;

/// <summary>What a language model takes as one token.</summary>
public enum TokenUnit
{
    /// <summary>A Unicode code point.</summary>
    Character,

    /// <summary>A run of characters between white space; a line break is the end token.</summary>
    Word,
}

/// <summary>Text to ids and back, for language models. Immutable and safe for any number of threads.</summary>
/// <param name="vocabulary">The model's tokens.</param>
/// <param name="unit">Characters or words.</param>
public sealed class TextCodec(Vocabulary vocabulary, TokenUnit unit)
{
    /// <summary>The model's tokens.</summary>
    public Vocabulary Vocabulary { get; } = vocabulary;

    /// <summary>Characters or words.</summary>
    public TokenUnit Unit { get; } = unit;

    /// <summary>The ids of a text's tokens; what is not known becomes the unknown id, and is left out where there is none.</summary>
    public int[] Encode(string text) => [.. Split(text, Unit).Select(IdOf).Where(id => id >= 0)];

    /// <summary>The ids of a text's tokens, as <see cref="Encode(string)"/>, and what of the text the vocabulary does not have.</summary>
    /// <param name="text">The text.</param>
    /// <param name="unknown">The distinct tokens that are not known, in the order of the text; a line break of a word model is "\n".</param>
    public int[] Encode(string text, out IReadOnlyList<string> unknown)
    {
        var ids = new List<int>(Unit == TokenUnit.Character ? text.Length : text.Length / 4);
        List<string>? missing = null;
        HashSet<string>? seen = null;
        foreach (string token in Split(text, Unit))
        {
            int id = IdOf(token);
            if (id >= 0) ids.Add(id);
            if (id >= 0 && (id != Vocabulary.UnknownId || Vocabulary.Contains(token))) continue;
            if ((seen ??= new HashSet<string>(StringComparer.Ordinal)).Add(token))
                (missing ??= []).Add(ReferenceEquals(token, Vocabulary.End) ? "\n" : token);
        }

        unknown = missing ?? (IReadOnlyList<string>)[];
        return [.. ids];
    }

    /// <summary>The text a token adds to what came before: the character itself, or the word with a space before it.</summary>
    /// <param name="id">The token.</param>
    /// <param name="first">Whether nothing came before, so that a word needs no space.</param>
    public string Decode(int id, bool first = false)
    {
        if (id == Vocabulary.EndId) return Unit == TokenUnit.Word ? "\n" : "";
        string token = Vocabulary[id];
        return Unit == TokenUnit.Character || first ? token : " " + token;
    }

    /// <summary>Splits running text into tokens, without looking them up.</summary>
    public static IEnumerable<string> Split(string text, TokenUnit unit) =>
        unit == TokenUnit.Character ? Characters(text) : Words(text);

    // Whatever the vocabulary calls its end token.
    private int IdOf(string token) =>
        ReferenceEquals(token, Vocabulary.End) && Vocabulary.EndId >= 0 ? Vocabulary.EndId : Vocabulary.IdOf(token);

    private static IEnumerable<string> Characters(string text)
    {
        foreach (Rune rune in text.EnumerateRunes()) yield return rune.ToString();
    }

    private static IEnumerable<string> Words(string text)
    {
        string[] lines = text.Split('\n');
        for (int line = 0; line < lines.Length; line++)
        {
            if (line > 0) yield return Vocabulary.End;
            foreach (string word in lines[line].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)) yield return word;
        }
    }
}
