namespace RnnService.Benchmarks.Anomalies;

/// <summary>
/// How unusual the last errors of a forecast are among those before (Ahmad et al. 2017, Unsupervised real-time anomaly detection for streaming data): the
/// mean of the last few against the normal distribution of all in a longer window, as the tail's −log₁₀. Each record is told by those up to it alone, and
/// none where an earlier one within reach said as much: whoever was called once need not be called again.
/// </summary>
/// <param name="recent">W′, how many errors are averaged.</param>
/// <param name="window">W, how many make the distribution.</param>
/// <param name="quiet">For how many records after one only what is more unusual still is told.</param>
internal sealed class AnomalyLikelihood(int recent, int window, int quiet)
{
    /// <summary>Scores of a stream's errors, one each, 0 where nothing is unusual.</summary>
    public double[] Of(IReadOnlyList<double> errors)
    {
        double[] scores = new double[errors.Count];
        double sum = 0, squares = 0, last = 0;
        for (int i = 0; i < scores.Length; i++)
        {
            last += errors[i] - (i >= recent ? errors[i - recent] : 0);
            if (i >= window)
            {
                sum -= errors[i - window];
                squares -= errors[i - window] * errors[i - window];
            }

            sum += errors[i];
            squares += errors[i] * errors[i];
            int count = Math.Min(i + 1, window);
            double mean = sum / count, deviation = Math.Sqrt(Math.Max(squares / count - mean * mean, 1e-12));
            scores[i] = TailOf((last / Math.Min(i + 1, recent) - mean) / deviation);
        }

        return [.. scores.Select((score, i) => scores.AsSpan(Math.Max(0, i - quiet)..i).ContainsAnyInRange(score, double.MaxValue) ? 0 : score)];
    }

    /// <summary>−log₁₀ of the chance that a normal value is above one: by Laplace's continued fraction from 2 on, by Simpson's rule below.</summary>
    public static double TailOf(double value)
    {
        double root = Math.Log(2 * Math.PI) / 2;
        if (value >= 2)
        {
            double fraction = value;
            for (int k = 60; k > 0; k--) fraction = value + k / fraction;
            return (value * value / 2 + root + Math.Log(fraction)) / Math.Log(10);
        }

        const int parts = 200;
        double width = Math.Max(value, -8) / parts, area = 0;
        for (int i = 0; i <= parts; i++) area += (i is 0 or parts ? 1 : i % 2 == 0 ? 2 : 4) * Math.Exp(-(i * width) * (i * width) / 2 - root);
        return -Math.Log10(0.5 - area * width / 3);
    }
}
