using CsCheck;
using RnnService.Engine.Weights;
using RnnService.Training.Evaluation;
using Xunit;

namespace RnnService.Training.Tests.Evaluation;

/// <summary>What is chosen on a validation part is the best there is: against trying all, and neighbours.</summary>
public sealed class CalibrationTests
{
    [Fact]
    public void The_temperature_has_the_least_log_loss() => Gen.Select(Gen.Int[50, 120], Gen.Int[2, 6], Gen.ULong, Gen.Double[-1, 1]).Sample((count, labels, seed, scale) =>
    {
        float[][] logits = [.. Normal(seed, count * labels, Math.Exp(scale)).Chunk(labels)];
        int[] gold = [.. logits.Select((row, i) => i % 3 == 0 ? i % labels : Array.IndexOf(row, row.Max()))];
        float temperature = Assert.NotNull(Calibration.Fit(logits, gold));
        double found = Loss(temperature);
        foreach (double factor in (double[])[.5, .9, .99, 1.01, 1.1, 2])
            Assert.True(Loss(temperature * factor) > found, $"{factor} of {temperature} is better");
        Assert.Equal(temperature, Calibration.Fit(logits, gold));

        double Loss(double t) => logits.Zip(gold, (row, label) => Math.Log(row.Sum(z => Math.Exp((z - row.Max()) / t))) - (row[label] - row.Max()) / t).Sum();
    }, iter: 40, threads: 1);

    /// <summary>Few answers, none wrong, or a network that is wrong more often than chance: no temperature tells anything.</summary>
    [Fact]
    public void Without_a_bound_nothing_is_fitted()
    {
        float[][] logits = [.. Normal(1, 300).Chunk(3)];
        int[] best = [.. logits.Select(row => Array.IndexOf(row, row.Max()))], worst = [.. logits.Select(row => Array.IndexOf(row, row.Min()))];
        Assert.Null(Calibration.Fit(logits, best));
        Assert.Null(Calibration.Fit(logits, worst));
        Assert.Null(Calibration.Fit([], []));
        int[] mixed = [.. best.Select((label, i) => i % 4 == 0 ? worst[i] : label)];
        Assert.NotNull(Calibration.Fit(logits, mixed));
        Assert.Null(Calibration.Fit(logits[..(Calibration.FewestAnswers - 1)], mixed[..(Calibration.FewestAnswers - 1)]));
    }

    /// <summary>Labels that do not exclude each other: the sum of binary losses over texts and labels.</summary>
    [Fact]
    public void A_sigmoid_a_label_is_fitted_likewise()
    {
        float[][] logits = [.. Normal(4, 400, 3).Chunk(4)];
        IReadOnlySet<int>[] gold = [.. logits.Select((row, i) => Enumerable.Range(0, 4).Where(label => row[label] > 0 == ((i + label) % 5 > 0)).ToHashSet())];
        float temperature = Assert.NotNull(Calibration.FitSigmoid(logits, gold));
        foreach (double factor in (double[])[.8, .99, 1.01, 1.2]) Assert.True(Loss(temperature * factor) > Loss(temperature));

        double Loss(double t) => logits.Select((row, i) => row.Select((z, label) => Math.Log(1 + Math.Exp((gold[i].Contains(label) ? -z : z) / t))).Sum()).Sum();
    }

    [Fact]
    public void The_threshold_of_a_label_has_the_best_f1() =>
        Gen.Select(Gen.Int[0, 20], Gen.Bool).Select((twentieths, has) => (Probability: twentieths / 20f, IsRight: has)).Array[1, 30].Sample(answers =>
        {
            if (Thresholds.BestF1(answers) is not { } threshold)
            {
                Assert.DoesNotContain(answers, answer => answer.IsRight);
                return;
            }

            double best = Enumerable.Range(0, 41).Max(fortieths => F1(fortieths / 40f));
            Assert.Equal(best, F1(threshold), 1e-12);

            double F1(float from) => new F1Score(
                answers.Count(answer => answer.IsRight), answers.Count(answer => answer.Probability >= from),
                answers.Count(answer => answer.IsRight && answer.Probability >= from)).F1;
        }, threads: 1);

    [Fact]
    public void The_threshold_of_an_answer_is_right_most_often() =>
        Gen.Select(Gen.Int[0, 20], Gen.Int[0, 2]).Select((twentieths, kind) => (Probability: twentieths / 20f, IsRight: kind == 0, HasNone: kind == 1)).Array[1, 30].Sample(answers =>
        {
            int best = Enumerable.Range(0, 41).Max(fortieths => Right(fortieths / 40f)), found = Right(Thresholds.BestAccuracy(answers));
            // A probability of 1 is always given.
            Assert.Equal(best, found);

            int Right(float from) => answers.Count(answer => answer.HasNone ? answer.Probability < from : answer.IsRight && answer.Probability >= from);
        }, threads: 1);

    /// <summary>Against the definition: bins (b−1)/15 &lt; p ≤ b/15, and in each the share of right answers beside the mean probability.</summary>
    [Fact]
    public void The_calibration_error_is_that_of_its_definition() =>
        Gen.Select(Gen.Double[0, 1], Gen.Bool).Array[1, 60].Sample(answers =>
        {
            var confidences = new Confidences();
            foreach (var (confidence, isRight) in answers) confidences.Add(confidence, isRight);
            double wanted = answers.GroupBy(answer => Math.Max(1, Math.Ceiling(answer.Item1 * 15)))
                .Sum(bin => bin.Count() * Math.Abs(bin.Average(answer => answer.Item2 ? 1 : 0) - bin.Average(answer => answer.Item1))) / answers.Length;
            Assert.Equal(wanted, confidences.ExpectedCalibrationError, 1e-12);
            double threshold = answers[0].Item1;
            var given = answers.Where(answer => answer.Item1 >= threshold).ToArray();
            Assert.Equal(((double)given.Length / answers.Length, given.Average(answer => answer.Item2 ? 1 : 0)), confidences.At(threshold));
        }, threads: 1);

    private static float[] Normal(ulong seed, int count, double scale = 1)
    {
        var random = new RandomSource(seed);
        float[] values = new float[count];
        foreach (ref float value in values.AsSpan()) value = (float)(scale * random.Normal());
        return values;
    }

    [Fact]
    public void Nothing_counted_is_no_error()
    {
        Assert.Equal(0, new Confidences().ExpectedCalibrationError);
        Assert.Equal((0, 0), new Confidences().At(0));
    }
}
