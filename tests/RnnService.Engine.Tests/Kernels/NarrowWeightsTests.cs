using RnnService.Engine.Kernels;
using Xunit;

namespace RnnService.Engine.Tests.Kernels;

/// <summary>Products with weights of 16 and of 8 bits: exactly those of the rounded numbers, whatever a row's company.</summary>
public sealed class NarrowWeightsTests
{
    public static TheoryData<ElementType> Narrow => [ElementType.BF16, ElementType.I8];

    [Fact]
    public void Upper_halves_give_the_bits_of_the_rounded_floats_at_every_length()
    {
        for (int length = 0; length <= 256; length++)
        {
            int other = length * 89 % 131, rows = length % 14;
            Check(rows, length, other);
            Check(rows, other, length);
        }

        static void Check(int rows, int k, int n)
        {
            float[] w = Draw.Normal(1, n * k), a = Draw.Normal(2, rows * k), start = Draw.Normal(3, rows * n);
            PackedMatrix narrow = new(k, n, ElementType.BF16), wide = new(k, n);
            narrow.PackTransposed(w);
            wide.PackTransposed([.. w.Select(Rounded)]);
            float[] wanted = [.. start], found = [.. start];
            wide.MultiplyAdd(rows, a, k, wanted, n);
            narrow.MultiplyAdd(rows, a, k, found, n);
            Expect.SameBits(wanted, found, $"K {k}, N {n}, {rows} rows: value");
        }

        // To the nearest of the floats whose lower half is zero, ties to the one with an even last bit.
        static float Rounded(float value)
        {
            uint bits = BitConverter.SingleToUInt32Bits(value), down = bits & 0xFFFF0000, rest = bits & 0xFFFF;
            bool up = rest > 0x8000 || rest == 0x8000 && (down & 0x10000) != 0;
            return BitConverter.UInt32BitsToSingle(up ? down + 0x10000 : down);
        }
    }

    [Fact]
    public void Eight_bits_give_the_sums_of_the_rounded_numbers_at_every_length()
    {
        for (int length = 0; length <= 256; length++)
        {
            int other = length * 89 % 131, rows = length % 5;
            Check(rows, length, other);
            Check(rows, other, length);
        }

        static void Check(int rows, int k, int n)
        {
            int strideA = k + 1, strideC = n + 2;
            float[] w = Draw.Normal(1, n * k), a = Draw.Normal(2, rows * strideA), c = Draw.Normal(3, rows * strideC), before = [.. c];
            var matrix = new PackedMatrix(k, n, ElementType.I8);
            matrix.PackTransposed(w);
            matrix.MultiplyAdd(rows, a, strideA, c, strideC);
            for (int i = 0; i < c.Length; i++)
            {
                int row = i / strideC, column = i % strideC;
                if (column >= n)
                {
                    Assert.Equal(before[i], c[i]);
                    continue;
                }

                (double scaleA, int[] qa) = Quantized(a.AsSpan(row * strideA, k), 63);
                (double scaleW, int[] qw) = Quantized(w.AsSpan(column * k, k), 127);
                double wanted = before[i] + scaleA * scaleW * qa.Zip(qw, (x, y) => x * y).Sum();
                Assert.True(
                    Math.Abs(wanted - c[i]) <= 1e-6 * (1 + Math.Abs(wanted)), $"K {k}, N {n}: [{row},{column}] is {c[i]}, {wanted} wanted");
            }
        }

        static (double Scale, int[] Values) Quantized(ReadOnlySpan<float> x, float most)
        {
            float largest = 0;
            foreach (float value in x) largest = MathF.Max(largest, MathF.Abs(value));
            int[] q = new int[x.Length];
            for (int i = 0; i < q.Length; i++) q[i] = (int)MathF.Round(x[i] * (most / largest));
            return (largest / (double)most, q);
        }
    }

    [Fact]
    public void Eight_bits_add_up_the_largest_numbers_exactly()
    {
        var random = new Random(1);
        for (int length = 1; length <= 130; length++)
        {
            int other = 1 + length * 89 % 131, rows = 1 + length % 5;
            foreach (int[] values in (int[][])[[1], [-1], [1, -1], [1, 0, -1]])
            {
                Check(rows, length, other, values);
                Check(rows, other, length, values);
            }
        }

        // With a largest magnitude of 63 in a row, and 127 in a column, the scales are 1 and the numbers their own roundings.
        void Check(int rows, int k, int n, int[] values)
        {
            int[] a = Fill(rows, 63), w = Fill(n, 127);
            var matrix = new PackedMatrix(k, n, ElementType.I8);
            matrix.PackTransposed([.. w.Select(value => (float)value)]);
            float[] found = new float[rows * n], wanted = new float[rows * n];
            matrix.MultiplyAdd(rows, [.. a.Select(value => (float)value)], k, found, n);
            for (int i = 0; i < wanted.Length; i++)
            {
                int sum = 0;
                for (int j = 0; j < k; j++) sum += a[i / n * k + j] * w[i % n * k + j];
                wanted[i] = sum;
            }

            Assert.Equal(wanted, found);

            int[] Fill(int count, int most)
            {
                int[] filled = new int[count * k];
                for (int i = 0; i < filled.Length; i++) filled[i] = i % k == 0 ? most : most * values[random.Next(values.Length)];
                return filled;
            }
        }
    }

    [Theory]
    [MemberData(nameof(Narrow))]
    public void A_row_is_the_same_alone_in_any_batch_and_by_two_threads(ElementType storage)
    {
        const int Rows = 37, K = 203, N = 603; // more panels than are taken in order
        float[] a = Draw.Normal(1, Rows * K), start = Draw.Normal(2, Rows * N), alone = [.. start];
        for (int row = 0; row < Rows; row++)
        {
            // Rows of very different size must not share a scale.
            for (int i = 0; i < K; i++) a[row * K + i] *= MathF.Pow(10, row % 7 - 3);
        }

        var b = new PackedMatrix(K, N, storage);
        b.PackTransposed(Draw.Normal(3, K * N));
        for (int row = 0; row < Rows; row++) b.MultiplyAdd(1, a.AsSpan(row * K, K), K, alone.AsSpan(row * N, N), N);
        var threads = new ThreadPair();
        foreach (int processors in (int[])[1, int.MaxValue])
        {
            threads.Begin(processors);
            for (int first = 0; first < Rows; first += 3)
            {
                float[] together = start[(first * N)..];
                b.MultiplyAdd(Rows - first, a.AsSpan(first * K), K, together, N, threads);
                Expect.SameBits(alone.AsSpan(first * N), together);
            }

            threads.End();
        }
    }

    [Theory]
    [MemberData(nameof(Narrow))]
    public void Weights_that_were_rounded_before_are_not_changed_again(ElementType storage)
    {
        const int K = 61, N = 40;
        float[] w = Draw.Normal(1, K * N), rounded = Read(w);
        // The last bit of a scale may differ; another integer would differ by a percent of the row's largest weight.
        Expect.Near(Draw.ToDouble(rounded), Read(rounded), 1e-6);

        // The matrix as it multiplies: a row of A with a single 1 takes out one row of B.
        float[] Read(float[] values)
        {
            var matrix = new PackedMatrix(K, N, storage);
            matrix.PackTransposed(values);
            float[] unit = new float[K], column = new float[N], read = new float[K * N];
            for (int k = 0; k < K; k++)
            {
                Array.Clear(unit);
                Array.Clear(column);
                unit[k] = 1;
                matrix.MultiplyAdd(1, unit, K, column, N);
                for (int n = 0; n < N; n++) read[n * K + k] = column[n];
            }

            return read;
        }
    }

    [Theory]
    [MemberData(nameof(Narrow))]
    public void Infinity_and_NaN_reach_only_their_own_row(ElementType storage)
    {
        var b = new PackedMatrix(9, 20, storage);
        b.PackTransposed(Draw.Normal(8, 9 * 20));
        float[] a = Draw.Normal(9, 8 * 9), c = new float[8 * 20];
        a[3 * 9 + 4] = float.NaN;
        a[5 * 9] = float.PositiveInfinity;
        b.MultiplyAdd(8, a, 9, c, 20);
        for (int row = 0; row < 8; row++)
        {
            foreach (float value in c.AsSpan(row * 20, 20)) Assert.Equal(row is not (3 or 5), float.IsFinite(value));
        }
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(1e-44f)]
    [InlineData(1e-38f)]
    [InlineData(3e38f)]
    public void Eight_bits_stand_rows_of_any_size(float size)
    {
        var b = new PackedMatrix(5, 3, ElementType.I8);
        b.PackTransposed([.. Enumerable.Repeat(0.5f, 15)]);
        float[] c = new float[3];
        b.MultiplyAdd(1, [size, -size, size, size, -size], 5, c, 3);
        Assert.All(c, value => Assert.Equal(size / 2, value, 0.01 * size + 1e-37));
    }
}
