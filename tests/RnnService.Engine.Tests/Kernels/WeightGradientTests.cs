using RnnService.Engine.Kernels;
using Xunit;

namespace RnnService.Engine.Tests.Kernels;

public sealed class WeightGradientTests
{
    [Fact]
    public void Agrees_with_sums_in_double_at_every_length()
    {
        for (int length = 0; length <= 256; length++)
        {
            Check(rows: length, n: length * 5 % 23 + 1, k: length * 7 % 37 + 1);
            Check(rows: length % 11, n: length, k: length * 11 % 19);
            Check(rows: length % 13, n: length * 3 % 17, k: length);
        }
    }

    [Theory]
    [InlineData(WeightGradient.MostRows - 1)]
    [InlineData(WeightGradient.MostRows)]
    [InlineData(WeightGradient.MostRows + 1)]
    [InlineData(2 * WeightGradient.MostRows + 5)]
    public void Agrees_with_sums_in_double_where_rows_fill_more_than_one_block(int rows) => Check(rows, n: 7, k: 21);

    [Fact]
    public void A_row_of_weights_has_the_same_bits_whatever_the_others()
    {
        var workspace = new Workspace();
        float[] dy = Draw.Normal(1, 50 * 20), x = Draw.Normal(2, 50 * 9), all = new float[20 * 9], one = new float[9];
        WeightGradient.Add(50, dy, 20, 20, x, 9, 9, all, workspace);
        for (int row = 0; row < 20; row++)
        {
            Array.Clear(one);
            WeightGradient.Add(50, dy.AsSpan(row), 20, 1, x, 9, 9, one, workspace);
            Expect.SameBits(all.AsSpan(row * 9, 9), one);
        }
    }

    private static void Check(int rows, int n, int k)
    {
        int strideY = n + 1, strideX = k + 2;
        float[] dy = Draw.Normal(3, rows * strideY), x = Draw.Normal(4, rows * strideX), dw = Draw.Normal(5, n * k), db = Draw.Normal(6, n);
        double[] wantedW = Draw.ToDouble(dw), wantedB = Draw.ToDouble(db);
        for (int row = 0; row < rows; row++)
        {
            for (int i = 0; i < n; i++)
            {
                wantedB[i] += dy[row * strideY + i];
                for (int j = 0; j < k; j++) wantedW[i * k + j] += (double)dy[row * strideY + i] * x[row * strideX + j];
            }
        }

        WeightGradient.Add(rows, dy, strideY, n, x, strideX, k, dw, new Workspace());
        WeightGradient.AddBias(rows, dy, strideY, db);
        Expect.Near(wantedW, dw, 1e-6 * (rows + 10), $"{rows} rows, [{n},{k}]: weight");
        Expect.Near(wantedB, db, 1e-6 * (rows + 10), $"{rows} rows, [{n}]: bias");
    }
}
