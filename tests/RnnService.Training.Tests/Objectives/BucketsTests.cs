using CsCheck;
using RnnService.Training.Objectives;
using Xunit;

namespace RnnService.Training.Tests.Objectives;

public sealed class BucketsTests
{
    [Fact]
    public void Every_example_comes_once_in_batches_of_the_size() =>
        Gen.Select(Gen.Int[1, 40].Array[0, 500], Gen.Int[1, 16], Gen.ULong).Sample((lengths, size, seed) =>
        {
            int[][] plan = Buckets.Plan(lengths, size, seed, 0);
            Assert.Equal(Enumerable.Range(0, lengths.Length), plan.SelectMany(batch => batch).Order());
            Assert.All(plan, batch => Assert.InRange(batch.Length, 1, size));
            Assert.Equal((lengths.Length + size - 1) / size, plan.Length);
        }, iter: 100);

    [Fact]
    public void Batches_hold_texts_of_about_the_same_length()
    {
        int[] lengths = [.. Enumerable.Range(0, 1000).Select(i => 1 + i % 50)];
        int[][] plan = Buckets.Plan(lengths, 10, 3, 0);
        Assert.InRange(plan.Average(batch => batch.Max(i => lengths[i]) - batch.Min(i => lengths[i])), 0, 3);
    }

    /// <summary>Neither the file's order nor the lengths' is the order of training.</summary>
    [Fact]
    public void Neighbours_in_the_file_part_and_lengths_come_mixed()
    {
        int[] same = [.. Enumerable.Repeat(5, 400)];
        HashSet<string> first = [.. Buckets.Plan(same, 8, 1, 0).Select(batch => string.Join(' ', batch.Order()))];
        Assert.DoesNotContain(Buckets.Plan(same, 8, 1, 1), batch => first.Contains(string.Join(' ', batch.Order())));

        int[] lengths = [.. Enumerable.Range(0, 400).Select(i => 1 + (i % 50))];
        double[] means = [.. Buckets.Plan(lengths, 8, 1, 0).Select(batch => batch.Average(i => lengths[i]))];
        Assert.InRange(means.Zip(means[1..]).Count(pair => pair.Second < pair.First), means.Length / 4, 3 * means.Length / 4);
    }

    [Fact]
    public void The_order_depends_on_seed_and_epoch_alone()
    {
        int[] lengths = [.. Enumerable.Repeat(5, 100)];
        Assert.Equal(Buckets.Plan(lengths, 8, 1, 2), Buckets.Plan(lengths, 8, 1, 2));
        Assert.NotEqual(Buckets.Plan(lengths, 8, 1, 2), Buckets.Plan(lengths, 8, 1, 3));
        Assert.NotEqual(Buckets.Plan(lengths, 8, 1, 2), Buckets.Plan(lengths, 8, 2, 2));
    }
}
