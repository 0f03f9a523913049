using System.Globalization;

namespace RnnService.Training.Evaluation;

/// <summary>
/// BLEU of a corpus (Papineni and others 2002): how many n-grams of one to four tokens a translation shares with its reference, over all
/// lines together, as sacrebleu 2 computes it by default. Case counts; tokens are those of 13a; an order without a match is smoothed
/// exponentially.
/// </summary>
public sealed record BleuScore
{
    /// <summary>
    /// How it is computed, in sacrebleu's notation. sacrebleu ends it with its version, which is left out: this is not its code.
    /// </summary>
    public const string Signature = "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp";

    private const int Orders = 4;

    private BleuScore(long[] matches, long[] counts, long length, long referenceLength)
    {
        (Length, ReferenceLength) = (length, referenceLength);
        Precisions = Smoothed(matches, counts);
        BrevityPenalty = Length >= ReferenceLength ? 1 : Length == 0 ? 0 : Math.Exp(1 - ((double)ReferenceLength / Length));
        Value = Precisions.Contains(0) ? 0 : BrevityPenalty * Math.Exp(Precisions.Sum(precision => Math.Log(precision)) / Orders);
    }

    /// <summary>The score, from 0 to 1; the field prints it times 100.</summary>
    public double Value { get; }

    /// <summary>The shares of n-grams of one to four tokens that the references have, smoothed, from 0 to 1.</summary>
    public IReadOnlyList<double> Precisions { get; }

    /// <summary>What shorter translations than their references are multiplied by; 1 where they are as long.</summary>
    public double BrevityPenalty { get; }

    /// <summary>Tokens of the translations.</summary>
    public long Length { get; }

    /// <summary>Tokens of the references.</summary>
    public long ReferenceLength { get; }

    /// <summary>Scores translations against one reference each.</summary>
    /// <param name="pairs">Each translation with its reference.</param>
    public static BleuScore Of(IEnumerable<(string Translation, string Reference)> pairs)
    {
        long[] matches = new long[Orders], counts = new long[Orders];
        long length = 0, referenceLength = 0;
        foreach (var (translation, reference) in pairs)
        {
            string[] tokens = BleuTokens.Of(translation), right = BleuTokens.Of(reference);
            (length, referenceLength) = (length + tokens.Length, referenceLength + right.Length);
            for (int order = 1; order <= Orders; order++)
            {
                counts[order - 1] += Math.Max(0, tokens.Length - order + 1);
                matches[order - 1] += NGrams.Shared(Grams(tokens, order), Grams(right, order));
            }
        }

        return new BleuScore(matches, counts, length, referenceLength);

        static IEnumerable<string> Grams(string[] tokens, int order) =>
            Enumerable.Range(0, Math.Max(0, tokens.Length - order + 1)).Select(start => string.Join(' ', tokens, start, order));
    }

    /// <summary>The score as sacrebleu prints it.</summary>
    public override string ToString()
    {
        string precisions = string.Join('/', Precisions.Select(precision => Text(100 * precision, "F1")));
        double ratio = ReferenceLength == 0 ? 0 : (double)Length / ReferenceLength;
        return $"BLEU = {Text(100 * Value, "F2")} {precisions} (BP = {Text(BrevityPenalty, "F3")} ratio = {Text(ratio, "F3")} "
            + string.Create(CultureInfo.InvariantCulture, $"hyp_len = {Length} ref_len = {ReferenceLength})");

        static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// An order without a match counts as half a match, the next such one as a quarter, and so on; one without any n-gram, and all where there is
    /// no match at all, as nothing.
    /// </summary>
    private static double[] Smoothed(long[] matches, long[] counts)
    {
        double smooth = 1;
        double[] precisions = new double[Orders];
        if (matches.All(count => count == 0)) return precisions;
        for (int i = 0; i < Orders && counts[i] > 0; i++) precisions[i] = (matches[i] > 0 ? matches[i] : 1 / (smooth *= 2)) / counts[i];
        return precisions;
    }
}
