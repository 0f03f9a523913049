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

    /// <summary>Last, max and mean side by side, in this order (Howard and Ruder 2018): three times as wide.</summary>
    Concat,

    /// <summary>The mean over time with weights that are learnt: see <see cref="AttentionPooling"/>.</summary>
    Attention,
}

/// <summary>
/// One vector a sequence from the outputs [R,W] of all its steps, W = directions·H. No parameters, no state; <see cref="Pooling.Attention"/>, which has
/// parameters, is <see cref="AttentionPooling"/>.
/// </summary>
internal static class Pool
{
    private static readonly Pooling[][] Parts =
        [[Pooling.Last], [Pooling.Mean], [Pooling.Max], [Pooling.Last, Pooling.Max, Pooling.Mean], [Pooling.Attention]];

    /// <summary>The ways whose vectors lie side by side in a pooled one, each as wide as a step's output.</summary>
    public static IReadOnlyList<Pooling> PartsOf(Pooling pooling) => Parts[(int)pooling];

    /// <summary>Pools every sequence, none of them empty.</summary>
    /// <param name="pooling">How.</param>
    /// <param name="layout">Where the steps lie.</param>
    /// <param name="x">[R,W].</param>
    /// <param name="direction">Which ways x was read: <see cref="Pooling.Last"/> takes what was read in reverse from the first step.</param>
    /// <param name="y">[N,parts·W] in the caller's order.</param>
    public static void Forward(Pooling pooling, BatchLayout layout, ReadOnlySpan<float> x, Direction direction, Span<float> y)
    {
        IReadOnlyList<Pooling> parts = PartsOf(pooling);
        int width = y.Length / (layout.Batch * parts.Count);
        for (int place = 0; place < layout.Batch; place++)
        {
            for (int part = 0; part < parts.Count; part++)
                Forward(parts[part], layout, x, direction, place, y.Slice((place * parts.Count + part) * width, width));
        }
    }

    /// <summary>Pools every beginning of a sequence that was read forward, with the bits that <see cref="Forward(Pooling, BatchLayout, ReadOnlySpan{float}, Direction, Span{float})"/> gives it alone.</summary>
    /// <param name="pooling">How.</param>
    /// <param name="layout">Where the steps lie.</param>
    /// <param name="x">[R,W].</param>
    /// <param name="place">The sequence's place in the batch.</param>
    /// <param name="y">[T,parts·W]: the first step, the first two, …</param>
    public static void Running(Pooling pooling, BatchLayout layout, ReadOnlySpan<float> x, int place, Span<float> y)
    {
        IReadOnlyList<Pooling> parts = PartsOf(pooling);
        int length = layout.LengthOfRank(layout.RankOf(place)), width = y.Length / (length * parts.Count), stride = parts.Count * width;
        for (int part = 0; part < parts.Count; part++)
        {
            Pooling way = parts[part];
            for (int t = 0; t < length; t++)
            {
                ReadOnlySpan<float> row = x.Slice(layout.RowOf(place, t) * width, width);
                Span<float> before = y.Slice(Math.Max(0, t - 1) * stride + part * width, width), result = y.Slice(t * stride + part * width, width);
                if (t == 0 || way == Pooling.Last) row.CopyTo(result);
                else if (way == Pooling.Max) TensorPrimitives.Max(before, row, result);
                else TensorPrimitives.Add(before, row, result);
            }

            if (way != Pooling.Mean) continue;
            for (int t = 0; t < length; t++)
            {
                Span<float> sum = y.Slice(t * stride + part * width, width);
                TensorPrimitives.Multiply(sum, 1f / (t + 1), sum);
            }
        }
    }

    /// <summary>Backward: the gradient of every step's output, dx [R,W], from that of the pooled vectors.</summary>
    public static void Backward(
        Pooling pooling, BatchLayout layout, ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Direction direction, Span<float> dx)
    {
        IReadOnlyList<Pooling> parts = PartsOf(pooling);
        int width = y.Length / (layout.Batch * parts.Count);
        dx.Clear();
        for (int place = 0; place < layout.Batch; place++)
        {
            for (int part = 0; part < parts.Count; part++)
            {
                int at = (place * parts.Count + part) * width;
                Backward(parts[part], layout, x, direction, place, y.Slice(at, width), dy.Slice(at, width), dx);
            }
        }
    }

    private static void Forward(Pooling pooling, BatchLayout layout, ReadOnlySpan<float> x, Direction direction, int place, Span<float> result)
    {
        int width = result.Length, forward = ForwardPart(direction, width), length = layout.LengthOfRank(layout.RankOf(place));
        if (pooling == Pooling.Last)
        {
            x.Slice(layout.RowOf(place, length - 1) * width, forward).CopyTo(result);
            x.Slice(layout.RowOf(place, 0) * width + forward, width - forward).CopyTo(result[forward..]);
            return;
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

    /// <summary>Adds to dx what comes back from one way of pooling a sequence to y [W].</summary>
    private static void Backward(
        Pooling pooling, BatchLayout layout, ReadOnlySpan<float> x, Direction direction, int place, ReadOnlySpan<float> y, ReadOnlySpan<float> gradient,
        Span<float> dx)
    {
        int width = y.Length, forward = ForwardPart(direction, width), length = layout.LengthOfRank(layout.RankOf(place));
        switch (pooling)
        {
            case Pooling.Last:
                Add(gradient[..forward], dx[(layout.RowOf(place, length - 1) * width)..]);
                Add(gradient[forward..], dx[(layout.RowOf(place, 0) * width + forward)..]);
                break;
            case Pooling.Mean:
                for (int t = 0; t < length; t++)
                {
                    Span<float> row = dx.Slice(layout.RowOf(place, t) * width, width);
                    TensorPrimitives.MultiplyAdd(gradient, 1f / length, row, row);
                }

                break;
            default:
                for (int unit = 0; unit < width; unit++)
                {
                    // The first step that reached the largest value gets it all.
                    int t = 0;
                    while (t < length - 1 && x[layout.RowOf(place, t) * width + unit] != y[unit]) t++;
                    dx[layout.RowOf(place, t) * width + unit] += gradient[unit];
                }

                break;
        }

        static void Add(ReadOnlySpan<float> gradient, Span<float> sum) => TensorPrimitives.Add(gradient, sum[..gradient.Length], sum);
    }

    /// <summary>How many of the width's first units were read forward.</summary>
    internal static int ForwardPart(Direction direction, int width) => direction switch
    {
        Direction.Forward => width,
        Direction.Reverse => 0,
        _ => width / 2,
    };
}
