using System.Numerics.Tensors;

namespace RnnService.Engine.Layers;

/// <summary>How a classifier makes one vector of all steps.</summary>
public enum Pooling
{
    /// <summary>The last state of each direction.</summary>
    Last,

    /// <summary>The mean over time.</summary>
    Mean,

    /// <summary>The largest value over time, unit by unit.</summary>
    Max,
}

/// <summary>One vector a sequence from the outputs [R, directions·H] of all its steps. No parameters, no state.</summary>
internal static class Pool
{
    /// <summary>Pools every sequence, none of them empty.</summary>
    /// <param name="pooling">How.</param>
    /// <param name="layout">Where the steps lie.</param>
    /// <param name="x">[R,width].</param>
    /// <param name="direction">Which ways x was read: <see cref="Pooling.Last"/> takes what was read in reverse from the first step.</param>
    /// <param name="y">[N,width] in the caller's order.</param>
    public static void Forward(Pooling pooling, BatchLayout layout, ReadOnlySpan<float> x, Direction direction, Span<float> y)
    {
        int width = y.Length / layout.Batch, forward = ForwardPart(direction, width);
        for (int place = 0; place < layout.Batch; place++)
        {
            Span<float> result = y.Slice(place * width, width);
            int length = layout.LengthOfRank(layout.RankOf(place));
            if (pooling == Pooling.Last)
            {
                x.Slice(layout.RowOf(place, length - 1) * width, forward).CopyTo(result);
                x.Slice(layout.RowOf(place, 0) * width + forward, width - forward).CopyTo(result[forward..]);
                continue;
            }

            x.Slice(layout.RowOf(place, 0) * width, width).CopyTo(result);
            for (int t = 1; t < length; t++)
            {
                ReadOnlySpan<float> row = x.Slice(layout.RowOf(place, t) * width, width);
                if (pooling == Pooling.Max) TensorPrimitives.Max(result, row, result);
                else TensorPrimitives.Add(result, row, result);
            }

            if (pooling == Pooling.Mean) TensorPrimitives.Multiply(result, 1f / length, result);
        }
    }

    /// <summary>Pools every beginning of a sequence that was read forward, with the bits that <see cref="Forward"/> gives it alone.</summary>
    /// <param name="pooling">How.</param>
    /// <param name="layout">Where the steps lie.</param>
    /// <param name="x">[R,width].</param>
    /// <param name="place">The sequence's place in the batch.</param>
    /// <param name="y">[T,width]: the first step, the first two, …</param>
    public static void Running(Pooling pooling, BatchLayout layout, ReadOnlySpan<float> x, int place, Span<float> y)
    {
        int length = layout.LengthOfRank(layout.RankOf(place)), width = y.Length / length;
        for (int t = 0; t < length; t++)
        {
            ReadOnlySpan<float> row = x.Slice(layout.RowOf(place, t) * width, width);
            Span<float> before = y.Slice(Math.Max(0, t - 1) * width, width), result = y.Slice(t * width, width);
            if (t == 0 || pooling == Pooling.Last) row.CopyTo(result);
            else if (pooling == Pooling.Max) TensorPrimitives.Max(before, row, result);
            else TensorPrimitives.Add(before, row, result);
        }

        if (pooling != Pooling.Mean) return;
        for (int t = 0; t < length; t++)
        {
            Span<float> sum = y.Slice(t * width, width);
            TensorPrimitives.Multiply(sum, 1f / (t + 1), sum);
        }
    }

    /// <summary>Backward: the gradient of every step's output, dx [R,width], from that of the pooled vectors.</summary>
    public static void Backward(
        Pooling pooling, BatchLayout layout, ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Direction direction, Span<float> dx)
    {
        int width = y.Length / layout.Batch, forward = ForwardPart(direction, width);
        dx.Clear();
        for (int place = 0; place < layout.Batch; place++)
        {
            ReadOnlySpan<float> gradient = dy.Slice(place * width, width);
            int length = layout.LengthOfRank(layout.RankOf(place));
            switch (pooling)
            {
                case Pooling.Last:
                    gradient[..forward].CopyTo(dx[(layout.RowOf(place, length - 1) * width)..]);
                    gradient[forward..].CopyTo(dx[(layout.RowOf(place, 0) * width + forward)..]);
                    break;
                case Pooling.Mean:
                    for (int t = 0; t < length; t++)
                        TensorPrimitives.Multiply(gradient, 1f / length, dx[(layout.RowOf(place, t) * width)..]);
                    break;
                default:
                    for (int unit = 0; unit < width; unit++)
                    {
                        // The first step that reached the largest value gets it all.
                        int t = 0;
                        while (t < length - 1 && x[layout.RowOf(place, t) * width + unit] != y[place * width + unit]) t++;
                        dx[layout.RowOf(place, t) * width + unit] = gradient[unit];
                    }

                    break;
            }
        }
    }

    /// <summary>How many of the width's first units were read forward.</summary>
    private static int ForwardPart(Direction direction, int width) => direction switch
    {
        Direction.Forward => width,
        Direction.Reverse => 0,
        _ => width / 2,
    };
}
