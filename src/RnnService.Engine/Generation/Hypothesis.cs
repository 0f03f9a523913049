namespace RnnService.Engine.Generation;

/// <summary>A text that a translator has written.</summary>
/// <param name="Text">The text.</param>
/// <param name="Tokens">Its tokens with their log-probabilities; the last is the end token where it ended by itself.</param>
/// <param name="LogProbability">log P, the sum of those, in nats.</param>
/// <param name="Score">What it is compared by: see <see cref="GenerationOptions.LengthPenalty"/> and <see cref="GenerationOptions.CoveragePenalty"/>.</param>
/// <param name="Finished">Why it ended.</param>
/// <param name="Attention">
/// For each of its tokens the weights of the source's tokens (<see cref="GenerationStream.SourceTokens"/>), which sum to 1; rows are empty without attention.
/// </param>
public sealed record Hypothesis(
    string Text, IReadOnlyList<ScoredToken> Tokens, double LogProbability, double Score, FinishReason Finished, IReadOnlyList<float[]> Attention)
{
    /// <summary>log P / length^penalty + β·Σ ln min(1, Σ attention).</summary>
    internal static double ScoreOf(double logProbability, int length, IEnumerable<float[]> attention, GenerationOptions options)
    {
        const double Least = 1e-10; // a token that is looked at nowhere would make every other difference vanish
        double score = logProbability / Math.Pow(length, options.LengthPenalty);
        if (options.CoveragePenalty == 0) return score;
        double[] coverage = [];
        foreach (float[] weights in attention)
        {
            if (coverage.Length == 0) coverage = new double[weights.Length];
            for (int j = 0; j < weights.Length; j++) coverage[j] += weights[j];
        }

        return score + options.CoveragePenalty * coverage.Sum(sum => Math.Log(Math.Clamp(sum, Least, 1)));
    }
}
