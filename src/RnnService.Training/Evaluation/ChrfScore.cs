using System.Globalization;

namespace RnnService.Training.Evaluation;

/// <summary>
/// chrF2 of a corpus (Popović 2015): the F-score, recall counting twice, of the n-grams of one to six characters that a translation shares with
/// its reference, over all lines together, as sacrebleu 2 computes it by default. White space does not count.
/// </summary>
public sealed record ChrfScore
{
    /// <summary>
    /// How it is computed, in sacrebleu's notation. sacrebleu ends it with its version, which is left out: this is not its code.
    /// </summary>
    public const string Signature = "nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no";

    private const int Orders = 6;
    private const double BetaSquared = 4;

    private ChrfScore(double value) => Value = value;

    /// <summary>The score, from 0 to 1; the field prints it times 100.</summary>
    public double Value { get; }

    /// <summary>Scores translations against one reference each.</summary>
    /// <param name="pairs">Each translation with its reference.</param>
    public static ChrfScore Of(IEnumerable<(string Translation, string Reference)> pairs)
    {
        long[] matches = new long[Orders], counts = new long[Orders], right = new long[Orders];
        foreach (var (translation, reference) in pairs)
        {
            string[] found = Characters(translation), expected = Characters(reference);
            for (int order = 1; order <= Orders; order++)
            {
                int grams = Math.Max(0, found.Length - order + 1), references = Math.Max(0, expected.Length - order + 1);
                // Where the reference has no n-gram of this order, those of the translation are not held against it.
                if (references > 0) counts[order - 1] += grams;
                right[order - 1] += references;
                matches[order - 1] += NGrams.Shared(Grams(found, order), Grams(expected, order));
            }
        }

        int[] effective = [.. Enumerable.Range(0, Orders).Where(i => counts[i] > 0 && right[i] > 0)];
        if (effective.Length == 0) return new ChrfScore(0);
        double precision = effective.Average(i => (double)matches[i] / counts[i]), recall = effective.Average(i => (double)matches[i] / right[i]);
        return new ChrfScore(precision + recall == 0 ? 0 : (1 + BetaSquared) * precision * recall / ((BetaSquared * precision) + recall));

        static string[] Characters(string line) => [.. BleuTokens.WithoutSpaces(line).EnumerateRunes().Select(rune => rune.ToString())];

        static IEnumerable<string> Grams(string[] characters, int order) =>
            Enumerable.Range(0, Math.Max(0, characters.Length - order + 1)).Select(start => string.Concat(characters.AsSpan(start, order)));
    }

    /// <summary>The score as sacrebleu prints it.</summary>
    public override string ToString() => $"chrF2 = {(100 * Value).ToString("F2", CultureInfo.InvariantCulture)}";
}
