namespace RnnService.Training.Evaluation;

/// <summary>
/// Whether a model is as often right as it says: of each answer the probability that the model gave it, and whether it was right. Not safe for several
/// threads while answers are added.
/// </summary>
public sealed class Confidences
{
    /// <summary>Bins of equal width that <see cref="ExpectedCalibrationError"/> compares in.</summary>
    public const int Bins = 15;

    private readonly List<(double Confidence, bool IsRight)> _answers = [];

    /// <summary>Answers counted.</summary>
    public int Count => _answers.Count;

    /// <summary>
    /// How far the probability of an answer is from the share of right ones, in the mean: Σ |B|/n · |accuracy(B) − confidence(B)| over
    /// <see cref="Bins"/> bins B of equal width (Guo et al. 2017, On Calibration of Modern Neural Networks, equation 3). From 0 to 1; 0 when there are no
    /// answers.
    /// </summary>
    public double ExpectedCalibrationError
    {
        get
        {
            double[] gaps = new double[Bins];
            foreach (var (confidence, isRight) in _answers)
            {
                int bin = Math.Clamp((int)Math.Ceiling(confidence * Bins) - 1, 0, Bins - 1);
                gaps[bin] += (isRight ? 1 : 0) - confidence;
            }

            return Count == 0 ? 0 : gaps.Sum(Math.Abs) / Count;
        }
    }

    /// <summary>Counts an answer.</summary>
    /// <param name="confidence">The probability that the model gave it, from 0 to 1.</param>
    /// <param name="isRight">Whether it was right.</param>
    public void Add(double confidence, bool isRight) => _answers.Add((confidence, isRight));

    /// <summary>What remains when answers below a probability are not given.</summary>
    /// <param name="threshold">The probability.</param>
    /// <returns>The share of answers that are given, and of those the share that is right; 0 when there are none.</returns>
    public (double Coverage, double Accuracy) At(double threshold)
    {
        int given = 0, right = 0;
        foreach (var (confidence, isRight) in _answers)
        {
            if (confidence < threshold) continue;
            given++;
            if (isRight) right++;
        }

        return (F1Score.Share(given, Count), F1Score.Share(right, given));
    }
}
