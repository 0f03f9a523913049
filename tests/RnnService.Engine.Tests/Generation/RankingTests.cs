using CsCheck;
using RnnService.Engine.Generation;
using Xunit;

namespace RnnService.Engine.Tests.Generation;

public sealed class RankingTests
{
    private static readonly float[] Wild =
        [float.NegativeInfinity, float.PositiveInfinity, 0, -1, float.Epsilon, -float.Epsilon, float.MaxValue];

    private static readonly Gen<float[]> Values = Gen.OneOf(
        Gen.Float[-10, 10].Array[1, 300],
        Gen.Int[0, 3].Select(value => (float)value).Array[1, 300],
        Gen.Int[1, 300].Select(count => Enumerable.Range(0, count).Select(i => (float)i).ToArray()),
        Gen.Int[1, 300].Select(count => Enumerable.Range(0, count).Select(i => (float)Math.Min(i, count - i)).ToArray()),
        Gen.Int[0, Wild.Length - 1].Select(i => Wild[i]).Array[1, 40]);

    [Fact]
    public void Ranks_fall_and_equal_values_keep_their_order() => Gen.Select(Values, Gen.Int[1, 320], Gen.Int[0, 320]).Sample(
        (values, keep, look) =>
        {
            int[] wanted = [.. Enumerable.Range(0, values.Length).OrderByDescending(i => values[i]).Take(keep)];
            var ranking = new Ranking();
            ranking.Rank(new float[500]); // what was ranked before is gone
            ranking.Rank(values);
            if (look < values.Length) Assert.Equal(wanted[Math.Min(look, wanted.Length - 1)], ranking[Math.Min(look, wanted.Length - 1)]);
            ranking.Keep(keep);
            Assert.Equal(wanted.Length, ranking.Count);
            float[] ones = [.. values.Select((_, i) => (float)Math.Pow(2, i % 20))];
            Assert.Equal(wanted.Sum(i => (double)ones[i]), ranking.Sum(ones));
            Assert.Equal(wanted, Enumerable.Range(0, ranking.Count).Select(rank => ranking[rank]));
        },
        iter: 2000,
        threads: 1);

    [Fact]
    public void A_large_vocabulary_is_ranked_to_its_end()
    {
        var random = new Random(1);
        float[] values = [.. Enumerable.Range(0, 50_000).Select(_ => random.NextSingle())];
        var ranking = new Ranking();
        ranking.Rank(values);
        int[] wanted = [.. Enumerable.Range(0, values.Length).OrderByDescending(i => values[i])];
        Assert.Equal(wanted, Enumerable.Range(0, ranking.Count).Select(rank => ranking[rank]));
    }
}
