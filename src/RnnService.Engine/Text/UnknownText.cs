using System.Globalization;
using System.Text;

namespace RnnService.Engine.Text;

/// <summary>Sentences about text that a model cannot read as it stands, the same wherever they are shown.</summary>
internal static class UnknownText
{
    /// <summary>What a language model does not have of a text; null where there is nothing to say.</summary>
    /// <remarks>A model of words that has an unknown token reads unknown words as a matter of course: nothing is said about them.</remarks>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="unknown">The tokens that it does not know, from <see cref="Tokenizer.Encode(string, out IReadOnlyList{string})"/>.</param>
    public static string? Sentence(Tokenizer tokenizer, IReadOnlyList<string> unknown)
    {
        bool leftOut = tokenizer.Vocabulary.UnknownId < 0;
        if (unknown.Count == 0 || !(tokenizer.Kind == Tokenization.Characters || leftOut)) return null;
        string what = unknown.Count == 1 ? $"1 {tokenizer.Unit} is" : $"{unknown.Count} {tokenizer.Unit}s are";
        string read = leftOut ? "left out" : "read as unknown";
        return $"{what} not in the model's vocabulary and {read}: {List(unknown)}";
    }

    /// <summary>Why an answer about a text says little or nothing; null where there is nothing to say.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="text">The text.</param>
    /// <param name="noneKnown">Whether the model knows none of its tokens, or it has none.</param>
    public static string? Sentence(Tokenizer tokenizer, string text, bool noneKnown)
    {
        string name = tokenizer.Unit;
        if (string.IsNullOrWhiteSpace(text) && noneKnown) return $"holds no {name}, so the answer says nothing about it";
        string? script = tokenizer.Kind is Tokenization.Characters or Tokenization.Subwords || Ascii.IsValid(text)
            ? null
            : UnspacedScript.Unsplit([text], spaces: tokenizer.Kind == Tokenization.Whitespace);
        string advice = script is null ? "" : $"{script} is written without spaces and needs a model whose tokenizer is characters";
        if (!noneKnown) return script is null ? null : advice;
        return $"holds no {name} that the model knows, so the answer says nothing about it{(script is null ? "" : $"; {advice}")}";
    }

    /// <summary>Tokens in quotes, the first ten and how many more; those that cannot be seen by their code points.</summary>
    public static string List(IReadOnlyList<string> tokens) => Listing.Of(tokens.Select(Show), tokens.Count);

    private static string Show(string token) =>
        token.EnumerateRunes().All(IsVisible) ? $"\"{token}\"" : string.Join(' ', token.EnumerateRunes().Select(rune => $"U+{rune.Value:X4}"));

    private static bool IsVisible(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
        or UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
