using CsCheck;
using RnnService.Training.Curves;
using Xunit;

namespace RnnService.Training.Tests.Curves;

public sealed class CurveTests
{
    [Fact]
    public void A_short_curve_keeps_every_finite_point()
    {
        var curve = Curve.Of([(1, 4), (2, double.NaN), (3, 2), (4, double.PositiveInfinity), (5, 1)], most: 3);
        Assert.Equal([1, 3, 5], curve.X);
        Assert.Equal([4, 2, 1], curve.Y);
    }

    [Fact]
    public void A_long_curve_is_thinned_to_the_means_of_neighbours()
    {
        var curve = Curve.Of([(10, 1), (20, 3), (30, 5), (40, 9), (50, 2)], most: 3);
        Assert.Equal([15, 35, 50], curve.X);
        Assert.Equal([2, 7, 2], curve.Y);
    }

    [Fact]
    public void Any_curve_stays_within_its_number_of_points_and_its_range()
    {
        Gen.Select(Gen.Double[-9, 9].Array[1, 300], Gen.Int[1, 50]).Sample((values, most) =>
        {
            var curve = Curve.Of(values.Select((value, step) => ((long)step, value)), most);
            Assert.InRange(curve.X.Length, 1, most);
            Assert.Equal(curve.X.Order(), curve.X);
            Assert.All([.. curve.Y, .. curve.Smoothed().Y], y => Assert.InRange(y, values.Min() - 1e-9, values.Max() + 1e-9));
        });
    }

    [Fact]
    public void Smoothing_leaves_a_straight_line_as_it_is_and_quietens_a_jagged_one()
    {
        var straight = Curve.Of(Enumerable.Range(0, 400).Select(step => ((long)step, 3 - (.01 * step))), 400);
        Assert.All(straight.Smoothed().Y.Zip(straight.Y), pair => Assert.Equal(pair.Second, pair.First, 9));

        var jagged = Curve.Of(Enumerable.Range(0, 400).Select(step => ((long)step, step % 2 == 0 ? 1.0 : -1.0)), 400);
        Assert.All(jagged.Smoothed().Y[20..^20], y => Assert.InRange(y, -.2, .2));
    }
}
