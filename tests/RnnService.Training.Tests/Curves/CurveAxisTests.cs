using CsCheck;
using RnnService.Training.Curves;
using Xunit;

namespace RnnService.Training.Tests.Curves;

public sealed class CurveAxisTests
{
    private static IEnumerable<string> Labels(double low, double high) => new CurveAxis(low, high, 0, 1).Ticks.Select(tick => tick.Label);

    [Fact]
    public void Ticks_are_round_and_written_with_as_many_decimals_as_they_need()
    {
        Assert.Equal(["1.5", "2.0", "2.5", "3.0", "3.5", "4.0"], Labels(1.1, 4.3));
        Assert.Equal(["0.935", "0.940", "0.945", "0.950"], Labels(.932, .954));
        Assert.Equal(["-20", "0", "20", "40", "60"], Labels(-35, 65));
        Assert.Equal(["0e0", "2e29", "4e29", "6e29", "8e29", "1e30"], Labels(0, 1.1e30));
    }

    [Fact]
    public void Any_range_has_a_few_ticks_within_it()
    {
        Gen.Select(Gen.Double[-1e6, 1e6], Gen.Double[-8, 8]).Sample((low, size) =>
        {
            double high = low + Math.Pow(10, size) + (1e-9 * Math.Abs(low));
            var ticks = new CurveAxis(low, high, 0, 1).Ticks;
            Assert.InRange(ticks.Count, 2, 9);
            Assert.All(ticks, tick => Assert.InRange(tick.Value, low - (1e-9 * Math.Abs(low)), high));
        });
    }

    [Fact]
    public void An_axis_around_values_has_room_for_all_of_them()
    {
        Gen.Double[-1e6, 1e6].Array[1, 9].Sample(values =>
        {
            var axis = CurveAxis.Around(values, 100, 20);
            Assert.All(values, value => Assert.InRange(axis.At(value), 20.1, 99.9));
        });
    }

    [Fact]
    public void Its_ends_lie_on_its_pixels()
    {
        var axis = new CurveAxis(1, 3, 400, 100);
        Assert.Equal((400, 100, 250), (axis.At(1), axis.At(3), axis.At(2)));
    }
}
