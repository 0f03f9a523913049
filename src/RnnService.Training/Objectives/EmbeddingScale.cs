using RnnService.Engine.Weights;

namespace RnnService.Training.Objectives;

/// <summary>The scale that adversarial training keeps embeddings at.</summary>
internal static class EmbeddingScale
{
    /// <summary>
    /// Gives every column of an embedding mean 0 and variance 1 over a corpus: v ← (v − E v)/√Var v, with the tokens' frequencies as weights (Miyato, Dai
    /// and Goodfellow 2017, equation 1). A column without variance is only moved.
    /// </summary>
    /// <param name="embedding">[V,D].</param>
    /// <param name="counts">How often each token occurs; one at least does.</param>
    public static void Standardize(Parameter embedding, ReadOnlySpan<int> counts)
    {
        int width = embedding.Shape[1];
        double[] means = new double[width], variances = new double[width];
        double all = 0;
        for (int id = 0; id < counts.Length; id++)
        {
            all += counts[id];
            ReadOnlySpan<float> row = embedding.Values.Slice(id * width, width);
            for (int i = 0; i < width && counts[id] > 0; i++) means[i] += counts[id] * (double)row[i];
        }

        for (int i = 0; i < width; i++) means[i] /= all;
        for (int id = 0; id < counts.Length; id++)
        {
            ReadOnlySpan<float> row = embedding.Values.Slice(id * width, width);
            for (int i = 0; i < width && counts[id] > 0; i++) variances[i] += counts[id] * Math.Pow(row[i] - means[i], 2);
        }

        double[] scales = [.. variances.Select(variance => variance > 0 ? 1 / Math.Sqrt(variance / all) : 1)];
        for (int id = 0; id < counts.Length; id++)
        {
            Span<float> row = embedding.Data.AsSpan(id * width, width);
            for (int i = 0; i < width; i++) row[i] = (float)((row[i] - means[i]) * scales[i]);
        }
    }
}
