using RnnService.Engine.Kernels;
using Xunit;

namespace RnnService.Engine.Tests.Kernels;

/// <summary>Two threads at one product, or at one piece of work each, give what one gives.</summary>
public sealed class ThreadPairTests
{
    [Theory]
    [InlineData(1, 512, 600)]
    [InlineData(2, 1030, 131)]
    [InlineData(7, 257, 200)]
    [InlineData(32, 128, 64)]
    [InlineData(100, 90, 33)]
    public void A_product_has_the_same_bits_by_one_and_by_two(int rows, int k, int n)
    {
        float[] a = Draw.Normal(1, rows * k), start = Draw.Normal(2, rows * n), alone = [.. start];
        var b = new PackedMatrix(k, n);
        b.PackTransposed(Draw.Normal(3, k * n));
        b.MultiplyAdd(rows, a, k, alone, n);
        var threads = new ThreadPair();
        threads.Begin(int.MaxValue);
        Assert.True(threads.IsTwo);
        for (int round = 0; round < 20; round++)
        {
            float[] together = [.. start];
            b.MultiplyAdd(rows, a, k, together, n, threads);
            Expect.SameBits(alone, together);
        }

        threads.End();
        Assert.False(threads.IsTwo);
        float[] single = [.. start];
        b.MultiplyAdd(rows, a, k, single, n, threads);
        Expect.SameBits(alone, single);
    }

    [Fact]
    public void Both_pieces_of_work_end_before_the_call_does()
    {
        var threads = new ThreadPair();
        threads.Begin(int.MaxValue);
        int here = 0, there = 0;
        for (int round = 1; round <= 2_000; round++)
        {
            threads.Both(() => here++, () => there++);
            Assert.Equal((round, round), (here, there));
        }

        threads.End();
    }

    [Fact]
    public void What_either_piece_throws_reaches_the_caller_after_both_have_ended()
    {
        var threads = new ThreadPair();
        threads.Begin(int.MaxValue);
        int ended = 0;
        for (int round = 0; round < 50; round++)
        {
            Assert.Throws<InvalidOperationException>(() => threads.Both(() => ended++, () => throw new InvalidOperationException()));
            Assert.Throws<InvalidOperationException>(() => threads.Both(() => throw new InvalidOperationException(), () => ended++));
        }

        Assert.Equal(100, ended);
        Assert.True(threads.IsTwo);
        threads.End();
    }

    [Fact]
    public void There_is_no_helper_where_every_processor_is_at_work()
    {
        var threads = new ThreadPair();
        threads.Begin(1);
        Assert.False(threads.IsTwo);
        threads.End();
    }
}
