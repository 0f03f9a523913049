using RnnService.Engine.Text;
using RnnService.Training.Corpora;

namespace RnnService.Training.Objectives;

/// <summary>Says what is odd about pairs before a translator is trained on them.</summary>
internal static class PairSurvey
{
    private const int FewPairs = 4;

    /// <summary>How many times as long one side has to be, and by how many tokens, to be said.</summary>
    private const int Odd = 4, OddTokens = 12;

    /// <summary>Adds the notes.</summary>
    /// <param name="train">The pairs.</param>
    /// <param name="sources">The tokens' ids of their sources.</param>
    /// <param name="targets">Those of their targets.</param>
    /// <param name="notes">Where notes go.</param>
    public static void AddNotes(TextPair[] train, IReadOnlyList<int[]> sources, IReadOnlyList<int[]> targets, List<CorpusNote> notes)
    {
        if (train.Length < FewPairs) return;

        int repeated = train.Length - train.Distinct().Count();
        if (repeated > 0.05 * train.Length) notes.Add(new CorpusNote($"{repeated} of {train.Length} training pairs repeat an earlier one", new CorpusSetting("distinct", "true")));
        int same = train.Count(pair => pair.Source == pair.Target);
        if (same > 0.05 * train.Length)
            notes.Add(new CorpusNote($"{same} of {train.Length} training pairs have the same text on both sides; is the target in another column", new CorpusSetting("target_column", "COLUMN")));

        int[] odd = [.. Enumerable.Range(0, train.Length).Where(i => IsOdd(sources[i].Length, targets[i].Length))];
        // Where most are so, as summaries are, that is their nature.
        if (odd.Length > 0 && odd.Length <= 0.2 * train.Length)
        {
            TextPair first = train[odd[0]];
            notes.Add(new CorpusNote(
                $"{odd.Length} of {train.Length} training pairs have one side more than {Odd} times as long as the other, first {first.Place}: "
                + $"{Listing.Quote(first.Source)} and {Listing.Quote(first.Target)}"));
        }
    }

    private static bool IsOdd(int source, int target) =>
        Math.Abs(source - target) > OddTokens && (source > Odd * target || target > Odd * source);
}
