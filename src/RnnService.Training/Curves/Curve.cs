namespace RnnService.Training.Curves;

/// <summary>The finite points of a log's series, thinned so that a long run makes no large picture.</summary>
internal sealed class Curve
{
    private const int SmoothingShare = 40;

    private Curve(double[] x, double[] y)
    {
        X = x;
        Y = y;
    }

    /// <summary>Steps, rising.</summary>
    public double[] X { get; }

    /// <summary>Values, as many.</summary>
    public double[] Y { get; }

    public bool IsEmpty => X.Length == 0;

    /// <summary>The curve of at most this many points, each the mean of as many neighbours as that takes.</summary>
    public static Curve Of(IEnumerable<(long Step, double Value)> points, int most)
    {
        var finite = points.Where(point => double.IsFinite(point.Value)).ToList();
        var groups = finite.Chunk(Math.Max(1, (finite.Count + most - 1) / most)).ToList();
        return new Curve(
            [.. groups.Select(group => group.Average(point => (double)point.Step))],
            [.. groups.Select(group => group.Average(point => point.Value))]);
    }

    /// <summary>
    /// The curve with each value replaced by the mean of those around it, a fortieth of the curve in all; fewer near the ends, as many
    /// before as after, so that the fall at the beginning stays where it is.
    /// </summary>
    public Curve Smoothed()
    {
        int reach = Y.Length / (2 * SmoothingShare);
        return new Curve(X, [.. Y.Select((_, at) =>
        {
            int side = Math.Min(reach, Math.Min(at, Y.Length - 1 - at));
            return Y.Skip(at - side).Take((2 * side) + 1).Average();
        })]);
    }
}
