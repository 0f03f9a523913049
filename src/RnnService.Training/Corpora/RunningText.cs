using RnnService.Audio.Music;

namespace RnnService.Training.Corpora;

/// <summary>The running text of a corpus, and where it may be cut.</summary>
/// <param name="Text">The text; of tunes without those in other keys.</param>
/// <param name="Between">What stands between its pieces: the end of a line, or an empty line where tunes or documents have several.</param>
/// <param name="Keys">How often its tunes follow once more in other keys where they are learnt from.</param>
internal sealed record RunningText(string Text, string Between = "\n", int Keys = 0)
{
    /// <summary>All of it, tunes in other keys included.</summary>
    public string Whole => Keys > 0 ? AbcBook.WithKeys(Text, Keys) : Text;

    /// <summary>What is learnt from, and the end that is not: no tune of it is learnt in another key.</summary>
    /// <param name="share">Share of the end.</param>
    public (string Train, string Valid) Split(double share)
    {
        int end = EndOf(share);
        return ((this with { Text = Text[..end] }).Whole, Text[end..]);
    }

    /// <summary>
    /// Where the training part ends: between documents where they have several lines, so that one alone is not split; else at a line's end where there is
    /// one near, and within no character.
    /// </summary>
    private int EndOf(double share)
    {
        int end = Math.Clamp((int)(Text.Length * (1 - share)), 1, Math.Max(1, Text.Length - 1));
        bool lines = Between.Length == 1;
        int near = lines ? Math.Min(Text.Length - end, Math.Max(1, Text.Length / 50)) : Text.Length - end;
        int next = After(Text.IndexOf(Between, end, near, StringComparison.Ordinal));
        if (next < Text.Length) return next;
        if (!lines) return Math.Min(Text.Length, After(Text.LastIndexOf(Between, end, StringComparison.Ordinal)));
        return end < Text.Length && char.IsLowSurrogate(Text[end]) ? end + 1 : end;

        int After(int at) => at < 0 ? int.MaxValue : at + Between.Length;
    }
}
