using RnnService.Engine.Kernels;
using Xunit;

namespace RnnService.Engine.Tests.Kernels;

/// <summary>Products of packed matrices against sums in double, and every row's independence of its company.</summary>
public sealed class PackedMatrixTests
{
    private const float Untouched = -12345.5f;
    private static readonly int[] RowCounts = [.. Enumerable.Range(0, 15), 95, 96, 97, 98];

    /// <summary>Every K with a moving N and number of rows, and every N with a moving K.</summary>
    [Fact]
    public void Agrees_with_sums_in_double_at_every_length()
    {
        for (int length = 0; length <= 256; length++)
        {
            int other = length * 89 % 257, rows = RowCounts[length % RowCounts.Length];
            CheckProduct(rows, length, other, transposed: length % 2 == 0);
            CheckProduct(RowCounts[(length + 7) % 15], other, length, transposed: length % 2 == 1);
        }
    }

    /// <summary>All numbers of rows around the register and cache blocks, at widths around the panel and depths around the block.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(64)]
    [InlineData(ProductPlan.DepthBlock - 1)]
    [InlineData(ProductPlan.DepthBlock)]
    [InlineData(ProductPlan.DepthBlock + 1)]
    [InlineData(2 * ProductPlan.DepthBlock + 3)]
    public void A_row_is_the_same_alone_and_in_any_batch(int k)
    {
        foreach (int n in (int[])[0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 48, 63, 64, 65, 81])
        {
            int most = RowCounts.Max();
            float[] a = Draw.Normal(1, most * k), start = Draw.Normal(2, most * n);
            var b = new PackedMatrix(k, n);
            b.PackTransposed(Draw.Normal(3, k * n));
            float[] alone = [.. start];
            for (int row = 0; row < most; row++) b.MultiplyAdd(1, a.AsSpan(row * k, k), k, alone.AsSpan(row * n, n), n);

            foreach (int rows in RowCounts)
            {
                // The last rows of the batch, so that a row meets every place in a block.
                int first = most - rows;
                float[] together = start[(first * n)..];
                b.MultiplyAdd(rows, a.AsSpan(first * k), k, together, n);
                Expect.SameBits(alone.AsSpan(first * n), together, $"K {k}, N {n}, {rows} rows: value");
            }
        }
    }

    [Theory]
    [InlineData(ElementType.F32)]
    [InlineData(ElementType.BF16)]
    [InlineData(ElementType.I8)]
    public void Columns_in_blocks_and_parts_in_any_order_give_the_same_product(ElementType storage)
    {
        const int K = 37;
        var workspace = new Workspace();
        foreach (int blocks in (int[])[1, 2, 3, 4])
        {
            foreach (int width in (int[])[1, 7, 16, 31, 32, 33, 64, 70, 100, 161])
            {
                int n = blocks * width;
                float[] w = Draw.Normal(1, n * K);
                PackedMatrix plain = new(K, n, storage), inBlocks = new(K, n, storage, blocks);
                plain.PackTransposed(w);
                inBlocks.PackTransposed(w);
                foreach (int rows in (int[])[1, 2, 7])
                {
                    workspace.Reset();
                    Span<float> a = workspace.Take(rows * K).Span, c = workspace.TakeZeros(rows * n).Span;
                    Draw.Normal(2, rows * K).CopyTo(a);
                    float[] wanted = new float[rows * n];
                    plain.MultiplyAdd(rows, a, K, wanted, n);
                    Memory<float> scratch = workspace.Take(inBlocks.ScratchSize(rows));
                    ProductPlan product = inBlocks.Plan(rows, new Floats(a), K, new Floats(c), n, new Floats(scratch.Span));
                    int end = width;
                    for (int part = product.Parts - 1; part >= 0; part--)
                    {
                        (int first, int last) = product.Units(part);
                        Assert.Equal(end, last);
                        product.Run(part, part + 1);
                        end = first;
                    }

                    Assert.Equal(0, end);
                    Expect.SameBits(wanted, c, $"{blocks} blocks of {width}, {rows} rows: value");
                }
            }
        }
    }

    [Fact]
    public void Packing_as_it_stands_and_transposed_give_the_same_product()
    {
        for (int n = 0; n <= 70; n++)
        {
            int k = (n * 31 + 5) % 40, stride = n + 3;
            float[] w = Draw.Normal(4, n * k), b = new float[k * stride];
            for (int row = 0; row < k; row++)
            {
                for (int column = 0; column < n; column++) b[row * stride + column] = w[column * k + row];
            }

            PackedMatrix one = new(k, n), two = new(k, n);
            one.PackTransposed(w);
            two.Pack(b, stride);
            float[] a = Draw.Normal(5, 3 * k), c1 = new float[3 * n], c2 = new float[3 * n];
            one.MultiplyAdd(3, a, k, c1, n);
            two.MultiplyAdd(3, a, k, c2, n);
            Expect.SameBits(c1, c2);
        }
    }

    [Fact]
    public void Packing_into_used_memory_leaves_nothing_of_what_was_there()
    {
        float[] used = new float[PackedMatrix.SizeOf(5, 19)];
        used.AsSpan().Fill(float.NaN);
        float[] b = Draw.Normal(6, 5 * 19), a = Draw.Normal(7, 2 * 5), c1 = new float[2 * 19], c2 = new float[2 * 19];
        PackedMatrix fresh = new(5, 19), again = new(5, 19, used);
        fresh.Pack(b, 19);
        again.Pack(b, 19);
        fresh.MultiplyAdd(2, a, 5, c1, 19);
        again.MultiplyAdd(2, a, 5, c2, 19);
        Expect.SameBits(c1, c2);
        Assert.DoesNotContain(used, float.IsNaN);
    }

    [Fact]
    public void Infinity_and_NaN_reach_only_their_own_row()
    {
        var b = new PackedMatrix(9, 20);
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

    [Fact]
    public void Spans_that_are_too_short_are_refused()
    {
        var b = new PackedMatrix(3, 5);
        Assert.Equal(
            "a holds 5 floats; expected at least 6 (Parameter 'a')",
            Assert.Throws<ArgumentException>(() => b.MultiplyAdd(2, new float[5], 3, new float[10], 5)).Message);
        Assert.Equal(
            "c holds 9 floats; expected at least 10 (Parameter 'c')",
            Assert.Throws<ArgumentException>(() => b.MultiplyAdd(2, new float[6], 3, new float[9], 5)).Message);
        Assert.Equal(
            "w holds 14 floats; expected 15 (Parameter 'w')",
            Assert.Throws<ArgumentException>(() => b.PackTransposed(new float[14])).Message);
    }

    private static void CheckProduct(int rows, int k, int n, bool transposed)
    {
        int strideA = k + 2, strideC = n + 3; // what lies between the rows must be neither read nor written
        ulong seed = (ulong)(k * 1000 + n);
        float[] w = Draw.Normal(seed, n * k), a = new float[rows * strideA], c = new float[rows * strideC];
        a.AsSpan().Fill(float.NaN);
        c.AsSpan().Fill(Untouched);
        for (int row = 0; row < rows; row++)
        {
            Draw.Normal(seed + (ulong)row + 1, k).CopyTo(a, row * strideA);
            Draw.Normal(seed + (ulong)row + 2, n).CopyTo(c, row * strideC);
        }

        float[] before = [.. c];
        var matrix = new PackedMatrix(k, n);
        if (transposed)
        {
            matrix.PackTransposed(w);
        }
        else
        {
            float[] b = new float[k * n];
            for (int i = 0; i < k * n; i++) b[i] = w[i % n * k + i / n];
            matrix.Pack(b, n);
        }

        matrix.MultiplyAdd(rows, a, strideA, c, strideC);
        for (int i = 0; i < c.Length; i++)
        {
            int row = i / strideC, column = i % strideC;
            if (column >= n)
            {
                Assert.Equal(Untouched, c[i]);
                continue;
            }

            double wanted = before[i], size = Math.Abs(wanted);
            for (int j = 0; j < k; j++)
            {
                double product = (double)a[row * strideA + j] * w[column * k + j];
                wanted += product;
                size += Math.Abs(product);
            }

            // Rounding of a sum of k products, one after the other.
            double allowed = (k + 1) * size * 6e-8;
            Assert.True(Math.Abs(wanted - c[i]) <= allowed, $"K {k}, N {n}, {rows} rows: [{row},{column}] is {c[i]}, {wanted} wanted");
        }
    }
}
