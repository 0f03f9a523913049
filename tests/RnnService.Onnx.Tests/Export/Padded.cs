using RnnService.Engine.Layers;
using RnnService.Engine.Tests;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Onnx.Tests.Export;

/// <summary>Rows of ids of different lengths in one rectangle [N,T].</summary>
internal sealed record Padded(int[] Lengths, long[] Ids)
{
    public int Time => Ids.Length / Lengths.Length;

    public int[][] Rows => [.. Lengths.Select((length, n) => Ids.AsSpan(n * Time, length).ToArray().Select(id => (int)id).ToArray())];

    public (string, Array, int[])[] Inputs =>
    [
        ("input_ids", Ids, [Lengths.Length, Time]),
        ("lengths", Lengths.Select(length => (long)length).ToArray(), [Lengths.Length]),
    ];

    public static Padded Of(ref RandomSource random, int[] lengths, int vocabulary)
    {
        long[] ids = new long[lengths.Length * lengths.Max()];
        foreach (ref long id in ids.AsSpan()) id = random.Below(vocabulary);
        return new Padded(lengths, ids);
    }

    public static Padded Of(ref RandomSource random, IEnumerable<int[]> rows, int vocabulary)
    {
        int[][] all = [.. rows];
        Padded padded = Of(ref random, [.. all.Select(row => row.Length)], vocabulary);
        for (int n = 0; n < all.Length; n++)
        {
            for (int t = 0; t < all[n].Length; t++) padded.Ids[n * padded.Time + t] = all[n][t];
        }

        return padded;
    }

    /// <summary>The engine's rows [R,width] in this rectangle [N,T,width].</summary>
    public float[] Unpack(BatchLayout layout, ReadOnlySpan<float> packed, int width)
    {
        float[] result = new float[Ids.Length * width];
        for (int n = 0; n < Lengths.Length; n++)
        {
            for (int t = 0; t < Lengths[n]; t++)
                packed.Slice(layout.RowOf(n, t) * width, width).CopyTo(result.AsSpan((n * Time + t) * width));
        }

        return result;
    }

    /// <summary>Compares [N,T,width], each row up to its end.</summary>
    public void Near(float[] wanted, float[] found, string what)
    {
        Assert.Equal(wanted.Length, found.Length);
        int width = wanted.Length / Ids.Length;
        for (int n = 0; n < Lengths.Length; n++)
        {
            Range row = (n * Time * width)..((n * Time + Lengths[n]) * width);
            Expect.Near(Draw.ToDouble(wanted.AsSpan(row)), found.AsSpan(row), 1e-5, $"row {n}, {what}");
        }
    }
}
