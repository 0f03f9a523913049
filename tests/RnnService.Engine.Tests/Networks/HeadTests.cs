using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Networks.Heads;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Networks;

public sealed class HeadTests
{
    private const int Size = 7, Tokens = 33;

    private readonly BatchLayout _layout = BatchLayout.Of([3, 0, 5, 1]);
    private readonly ReadOnlyMemory<int>[] _rows = [new int[3], new int[0], new int[5], new int[1]];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_rows_asked_for_have_the_bits_they_have_among_all(bool tied)
    {
        Parameters parameters = Parameters.Random(4);
        NextTokenHead head = tied
            ? NextTokenHead.Tied(parameters, new Embedding(parameters, "embedding", Tokens, Size))
            : NextTokenHead.Untied(parameters, Size, Tokens);
        var pass = new Pass(new Workspace());
        float[] hidden = Draw.Normal(1, _layout.Rows * Size);
        Span<float> all = head.Forward(pass, _layout, hidden.AsMemory(), dropRate: 0).Logits.Span;
        int[] from = [2, 0, 3, 1];
        Span<float> some = head.Forward(pass, _layout, hidden, _rows, from);

        Assert.Equal(3 * Tokens, some.Length); // one of the first row, two of the third
        int at = 0;
        foreach ((int row, int step) in ((int, int)[])[(0, 2), (2, 3), (2, 4)])
            Expect.SameBits(all.Slice(_layout.RowOf(row, step) * Tokens, Tokens), some.Slice(at++ * Tokens, Tokens));
    }

    [Fact]
    public void A_loss_is_that_of_the_targets_and_leaves_its_gradient()
    {
        Parameters parameters = Parameters.Random(4);
        var head = new StepHead(parameters, Size, labels: 3);
        StepHead.Trace trace = head.Forward(new Pass(new Workspace()), _layout, Draw.Normal(1, _layout.Rows * Size), dropRate: 0);
        float[] logits = trace.Logits.ToArray();
        ReadOnlyMemory<int>[] targets = [new[] { 0, 1, 2 }, new int[0], new[] { 2, 1, 0, 2, 1 }, new[] { 1 }];

        double expected = 0;
        for (int row = 0; row < targets.Length; row++)
        {
            for (int step = 0; step < targets[row].Length; step++)
            {
                double[] x = Draw.ToDouble(logits.AsSpan(_layout.RowOf(row, step) * 3, 3));
                expected += Math.Log(x.Sum(Math.Exp)) - x[targets[row].Span[step]];
            }
        }

        Assert.Equal(expected, head.Loss(_layout, trace, targets, new Gradients(parameters)), 1e-5);
        for (int at = 0; at < _layout.Rows; at++) // softmax less the target: every row sums to nothing
            Assert.Equal(0, trace.Logits.Span[at * 3] + trace.Logits.Span[at * 3 + 1] + trace.Logits.Span[at * 3 + 2], 1e-6f);
    }
}
