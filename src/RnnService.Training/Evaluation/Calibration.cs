using System.Numerics.Tensors;

namespace RnnService.Training.Evaluation;

/// <summary>
/// Temperature scaling (Guo et al. 2017, On Calibration of Modern Neural Networks, section 4.2): the one number T for which softmax(logits/T) has the
/// least log loss on examples that the network was not trained on. Thread-safe.
/// </summary>
internal static class Calibration
{
    /// <summary>Fewest answers that T is fitted to: of fewer it would be chance.</summary>
    public const int FewestAnswers = 50;

    // Beyond it more answers do not change T, but take time at every evaluation.
    private const long MostValues = 4_000_000;

    private const double Least = 1.0 / Engine.Models.ModelConfig.MaxCalibration, Most = Engine.Models.ModelConfig.MaxCalibration;

    /// <summary>
    /// The temperature; null where it would be chance or without a bound: few answers, none of them wrong, or a network that knows nothing.
    /// </summary>
    /// <param name="logits">[labels] of each answer.</param>
    /// <param name="gold">The right label of each answer.</param>
    public static float? Fit(IReadOnlyList<float[]> logits, IReadOnlyList<int> gold)
    {
        int count = Taken(logits);
        if (count < FewestAnswers || Enumerable.Range(0, count).All(i => TensorPrimitives.IndexOfMax<float>(logits[i]) == gold[i])) return null;

        // The loss is convex in b = 1/T, so that its slope has one root: Newton's steps, and halves of the bracket where one leaves it.
        double low = 1 / Most, high = 1 / Least;
        if (Slope(low).First >= 0 || Slope(high).First <= 0) return null;
        double b = 1;
        for (int step = 0; step < 100; step++)
        {
            (double first, double second) = Slope(b);
            if (first > 0) high = b;
            else low = b;
            double next = b - first / second;
            if (!(next > low && next < high)) next = (low + high) / 2;
            bool isThere = Math.Abs(next - b) <= 1e-7 * b;
            b = next;
            if (isThere) break;
        }

        return (float)(1 / b);

        // Σ E[z] − z[gold] and Σ Var[z] under softmax(b·z).
        (double First, double Second) Slope(double inverse)
        {
            double first = 0, second = 0;
            for (int i = 0; i < count; i++)
            {
                float[] row = logits[i];
                double largest = TensorPrimitives.Max<float>(row), sum = 0, mean = 0, square = 0;
                foreach (float z in row)
                {
                    double from = z - largest, weight = Math.Exp(inverse * from);
                    (sum, mean, square) = (sum + weight, mean + weight * from, square + weight * from * from);
                }

                mean /= sum;
                first += mean - (row[gold[i]] - largest);
                second += square / sum - mean * mean;
            }

            return (first, second);
        }
    }

    /// <summary>The same of labels that do not exclude each other: a sigmoid is a softmax over the logit and 0.</summary>
    /// <param name="logits">[labels] of each text.</param>
    /// <param name="gold">The labels of each text.</param>
    public static float? FitSigmoid(IReadOnlyList<float[]> logits, IReadOnlyList<IReadOnlySet<int>> gold)
    {
        int count = Taken(logits);
        return Fit(
            [.. logits.Take(count).SelectMany(row => row.Select(z => (float[])[0, z]))],
            [.. Enumerable.Range(0, count).SelectMany(i => logits[i].Select((_, label) => gold[i].Contains(label) ? 1 : 0))]);
    }

    private static int Taken(IReadOnlyList<float[]> logits) =>
        logits.Count == 0 ? 0 : (int)Math.Min(logits.Count, Math.Max(1, MostValues / logits[0].Length));
}
