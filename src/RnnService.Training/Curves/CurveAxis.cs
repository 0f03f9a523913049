using System.Globalization;

namespace RnnService.Training.Curves;

/// <summary>A value on an axis and what is written there.</summary>
internal readonly record struct Tick(double Value, string Label);

/// <summary>An axis of a picture.</summary>
/// <param name="Low">The value at its beginning.</param>
/// <param name="High">The value at its end, above <paramref name="Low"/>.</param>
/// <param name="Start">The pixel of its beginning.</param>
/// <param name="End">The pixel of its end.</param>
internal sealed record CurveAxis(double Low, double High, double Start, double End)
{
    private const int MostTicks = 8;

    /// <summary>Where labels stand: round values, at most <see cref="MostTicks"/> of them, unless set.</summary>
    public IReadOnlyList<Tick> Ticks
    {
        get => field ?? RoundTicks();
        init;
    }

    /// <summary>An axis that shows all values with a little room around them; from 0 to 1 when there are none.</summary>
    public static CurveAxis Around(IReadOnlyCollection<double> values, double start, double end)
    {
        if (values.Count == 0) return new CurveAxis(0, 1, start, end);
        double low = values.Min(), high = values.Max();
        double room = high > low ? .04 * (high - low) : Math.Max(.1 * Math.Abs(high), .001);
        return new CurveAxis(low - room, high + room, start, end);
    }

    /// <summary>The smallest of 1, 2 and 5 times a power of ten that divides a range into at most this many parts.</summary>
    public static double RoundDistance(double range, int most)
    {
        double least = range / most, power = Math.Pow(10, Math.Floor(Math.Log10(least)));
        return new[] { 1, 2, 5, 10 }.Select(times => times * power).First(distance => distance >= least * (1 - 1e-9));
    }

    /// <summary>The pixel of a value.</summary>
    public double At(double value) => Start + ((End - Start) * (value - Low) / (High - Low));

    private List<Tick> RoundTicks()
    {
        double distance = RoundDistance(High - Low, MostTicks);
        int decimals = Math.Max(0, -(int)Math.Floor(Math.Log10(distance) + 1e-9));
        string format = distance is < 1e-6 or > 1e5 ? "0.##e0" : $"F{decimals}";
        double first = Math.Ceiling(Low / distance);
        return
        [
            .. Enumerable.Range(0, MostTicks + 1).Select(number => (first + number) * distance).TakeWhile(value => value <= High)
                .Select(value => new Tick(value, value.ToString(format, CultureInfo.InvariantCulture))),
        ];
    }
}
