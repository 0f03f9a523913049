using RnnService.Benchmarks.Anomalies;
using Xunit;

namespace RnnService.Training.Tests.Numbers;

/// <summary>The Numenta benchmark's score, against values computed by hand from its paper.</summary>
public sealed class NumentaScoreTests
{
    // 100 records, of which the first 15 do not count; one window of ten.
    private static readonly (int First, int Last)[] Window = [(40, 49)];

    [Theory]
    [InlineData(-1, 0.98661429815143)] // 2 / (1 + e⁻⁵) − 1
    [InlineData(-0.5, 0.84828363995751)]
    [InlineData(0, 0)]
    [InlineData(1, -0.98661429815143)]
    [InlineData(2.99, -0.99999935683)]
    [InlineData(3, -1)]
    [InlineData(100, -1)]
    public void A_detection_is_worth_less_the_later_it_is(double place, double worth) => Assert.Equal(worth, NumentaScore.Worth(place), 1e-10);

    [Theory]
    [InlineData(100, 15)]
    [InlineData(99, 14)]
    [InlineData(5000, 750)]
    [InlineData(22695, 750)]
    public void Beginnings_do_not_count(int records, int expected) => Assert.Equal(expected, NumentaScore.ProbationOf(records));

    /// <summary>Nothing said is 0, the first record of the window alone is 100.</summary>
    [Fact]
    public void The_scale_runs_from_silence_to_perfection()
    {
        Assert.Equal(0, Score([]));
        Assert.Equal(100, Score([40]), 1e-9);
        Assert.Equal(100, Score([40, 44, 49]), 1e-9);
    }

    [Theory]
    // Place −0.5 of the window: 0.8482836 / 0.9866143 = 0.8597925; 100 · (0.8597925 + 1) / 2.
    [InlineData(45, 92.989625)]
    // The last record lies at −0.1: (2 / (1 + e^−0.5) − 1) / 0.9866143 = 0.2482418.
    [InlineData(49, 62.412090)]
    public void A_late_hit_is_worth_less(int at, double expected) => Assert.Equal(expected, Score([at]), 1e-4);

    [Theory]
    [InlineData(20, -5.5)] // before every window: −0.11 of two
    [InlineData(10, 0)] // does not count
    [InlineData(49 + 27, -5.5)] // three widths of nine behind the window
    // One record behind: 0.11 · (2 / (1 + e^(5/9)) − 1) = 0.11 · −0.2708471.
    [InlineData(50, -1.489659)]
    public void A_false_alarm_costs_less_just_behind_a_window(int at, double expected) => Assert.Equal(expected, Score([at]), 1e-4);

    /// <summary>A hit at the beginning and two false alarms: (1 − 0.22 + 1) / 2; where they cost double (1 − 0.44 + 1) / 2; where a miss costs double, of three.</summary>
    [Fact]
    public void Profiles_weigh_alarms_and_misses()
    {
        ScoredStream[] streams = [Stream([40, 20, 21])];
        Assert.Equal(89, NumentaScore.At(streams, 1, NumentaProfile.Standard), 1e-9);
        Assert.Equal(78, NumentaScore.At(streams, 1, NumentaProfile.FewFalseAlarms), 1e-9);
        Assert.Equal(100 * (1 - 0.22 + 2) / 3, NumentaScore.At(streams, 1, NumentaProfile.FewMisses), 1e-9);
    }

    /// <summary>Streams add up, and one threshold holds for all: here 3 finds one window of two, 2 finds both and an alarm too, 1 finds many alarms more.</summary>
    [Fact]
    public void The_best_threshold_is_found_over_all_streams()
    {
        double[] first = new double[100], second = new double[100];
        (first[40], second[40], second[30], first[20], first[21]) = (3, 2, 2, 1, 1);
        ScoredStream[] streams = [new(first, Window), new(second, Window)];
        Assert.Equal(50, NumentaScore.At(streams, 3, NumentaProfile.Standard), 1e-9);
        Assert.Equal(100 * (2 - 0.11 + 2) / 4, NumentaScore.At(streams, 2, NumentaProfile.Standard), 1e-9);
        var (score, threshold) = NumentaScore.Best(streams, NumentaProfile.Standard);
        Assert.Equal((NumentaScore.At(streams, 2, NumentaProfile.Standard), 2), (score, threshold));
        Assert.Equal(0, NumentaScore.Best([new ScoredStream(new double[100], [])], NumentaProfile.Standard).Score);
    }

    /// <summary>−log₁₀ of the upper tail of the normal distribution: 0.5, 0.1586553, 0.8413447, 0.001349898 and 7.619853e-24.</summary>
    [Theory]
    [InlineData(0, 0.30103)]
    [InlineData(1, 0.799545)]
    [InlineData(-1, 0.075026)]
    [InlineData(1.9999, 1.642913)]
    [InlineData(3, 2.869699)]
    [InlineData(10, 23.118053)]
    public void The_tail_of_the_normal_distribution_is_exact(double value, double expected) => Assert.Equal(expected, AnomalyLikelihood.TailOf(value), 2e-4);

    [Fact]
    public void Errors_that_stand_out_score_high_and_none_is_told_by_those_after_it()
    {
        double[] errors = [.. Enumerable.Range(0, 200).Select(i => i % 2 == 0 ? 1.0 : 1.2)];
        double[] usual = new AnomalyLikelihood(4, 100, 0).Of(errors);
        errors[150] = errors[151] = 9;
        double[] scores = new AnomalyLikelihood(4, 100, 0).Of(errors);
        Assert.Equal(usual[..150], scores[..150]);
        Assert.Equal(151, Array.IndexOf(scores, scores.Max()));
        // Of the last four the mean is 5.05, of the last hundred 1.258 with a deviation of 1.11.
        Assert.InRange(scores[151], 3.4, 3.6);
        Assert.True(usual.Skip(10).Max() < 1);
        double[] once = new AnomalyLikelihood(4, 100, 20).Of(errors);
        Assert.Equal((scores[151], 0), (once[151], once[152..172].Max()));
    }

    private static double Score(int[] detections) => NumentaScore.At([Stream(detections)], 1, NumentaProfile.Standard);

    private static ScoredStream Stream(int[] detections) => new([.. Enumerable.Range(0, 100).Select(i => detections.Contains(i) ? 1.0 : 0)], Window);
}
