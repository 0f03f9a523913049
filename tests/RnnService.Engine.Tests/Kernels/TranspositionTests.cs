using RnnService.Engine.Kernels;
using Xunit;

namespace RnnService.Engine.Tests.Kernels;

public sealed class TranspositionTests
{
    [Fact]
    public void Rows_become_columns_at_every_length()
    {
        for (int length = 0; length <= 256; length++)
        {
            Check(length, length * 7 % 41, 3);
            Check(length * 5 % 39, length, 0);
        }
    }

    private static void Check(int rows, int columns, int gap)
    {
        int stride = columns + gap;
        float[] from = new float[rows * stride], to = new float[rows * columns + 5];
        for (int i = 0; i < from.Length; i++) from[i] = i;
        to.AsSpan().Fill(-1);
        Transposition.Transpose(from, rows, columns, stride, to);
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++) Assert.Equal(row * stride + column, to[column * rows + row]);
        }

        Assert.Equal(5, to.Count(value => value == -1));
    }
}
