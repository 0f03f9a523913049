using RnnService.Engine.Layers;
using Xunit;

namespace RnnService.Engine.Tests.Layers;

public sealed class RecurrentStateTests
{
    [Fact]
    public void A_sequence_is_copied_and_cleared_without_touching_the_others()
    {
        RecurrentState source = new(slots: 2, batch: 3, size: 2, hasCellState: true), target = new(2, 2, 2, true);
        for (int i = 0; i < source.Hidden.Length; i++) (source.Hidden[i], source.CellState[i]) = (i + 1, -i - 1);
        target.CopyFrom(source, from: 2, to: 1);
        Assert.Equal([0, 0, 5, 6, 0, 0, 11, 12], target.Hidden);
        Assert.Equal([0, 0, -5, -6, 0, 0, -11, -12], target.CellState);

        source.Clear(1);
        Assert.Equal([1, 2, 0, 0, 5, 6, 7, 8, 0, 0, 11, 12], source.Hidden);
        Assert.Equal([-1, -2, 0, 0, -5, -6, -7, -8, 0, 0, -11, -12], source.CellState);
        Assert.Equal(24 * sizeof(float), source.Bytes);
        Assert.Equal(8 * sizeof(float), new RecurrentState(2, 2, 2, hasCellState: false).Bytes);
    }
}
