using RnnService.Training.Curves;

namespace RnnService.Training.Comparison.Figures;

/// <summary>The drawings of a comparison: as pure as <see cref="SvgChart"/>.</summary>
internal static class ResultChart
{
    private const int LegendPlaces = 4, MostPoints = 400;

    // Told apart by colour-blind readers too (Okabe and Ito).
    private static readonly string[] Colors = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999"];

    /// <summary>Lines of named points.</summary>
    /// <param name="title">The title.</param>
    /// <param name="description">What a reader who does not see the picture should know of it.</param>
    /// <param name="x">What the horizontal axis is.</param>
    /// <param name="y">What the vertical axis is.</param>
    /// <param name="lines">The lines; points that are not finite are left out.</param>
    public static string Lines(string title, string description, string x, string y, IReadOnlyList<(string Name, IReadOnlyList<(double X, double Y)> Points)> lines)
    {
        var chart = new SvgChart(title, description);
        // A curve is over whole steps.
        Curve[] curves = [.. lines.Select(line => Curve.Of(line.Points.Select(point => ((long)point.X, point.Y)), MostPoints))];
        var (across, up) = Axes([.. curves.SelectMany(curve => curve.X)], [.. curves.SelectMany(curve => curve.Y)]);
        chart.AddBottomAxis(across, x);
        chart.AddLeftAxis(up, y);
        for (int i = 0; i < curves.Length; i++)
        {
            string color = Colors[i % Colors.Length];
            chart.AddCurve(curves[i], across, up, color, marked: curves[i].X.Length < 12);
            chart.AddLegend(lines[i].Name, color, i, LegendPlaces);
        }

        return chart.ToSvg();
    }

    /// <summary>Clouds of named points.</summary>
    /// <inheritdoc cref="Lines" path="/param"/>
    public static string Points(string title, string description, string x, string y, IReadOnlyList<(string Name, IReadOnlyList<(double X, double Y)> Points)> lines)
    {
        var chart = new SvgChart(title, description);
        var (across, up) = Axes([.. lines.SelectMany(line => line.Points).Select(point => point.X)], [.. lines.SelectMany(line => line.Points).Select(point => point.Y)]);
        chart.AddBottomAxis(across, x);
        chart.AddLeftAxis(up, y);
        for (int i = 0; i < lines.Count; i++)
        {
            chart.AddPoints(lines[i].Points, across, up, Colors[i % Colors.Length]);
            chart.AddLegend(lines[i].Name, Colors[i % Colors.Length], i, LegendPlaces);
        }

        return chart.ToSvg();
    }

    /// <summary>A column of points for each thing that is compared, a point a run, with a line at their mean.</summary>
    /// <param name="title">The title.</param>
    /// <param name="description">What a reader who does not see the picture should know of it.</param>
    /// <param name="y">What the vertical axis is.</param>
    /// <param name="columns">The things and the values of their runs.</param>
    public static string Columns(string title, string description, string y, IReadOnlyList<(string Name, double[] Values)> columns)
    {
        var chart = new SvgChart(title, description);
        var across = new CurveAxis(-.5, columns.Count - .5, SvgChart.PlotLeft, SvgChart.PlotRight) { Ticks = [.. columns.Select((column, i) => new Tick(i, column.Name))] };
        CurveAxis up = CurveAxis.Around([.. columns.SelectMany(column => column.Values)], SvgChart.PlotBottom, SvgChart.PlotTop);
        chart.AddBottomAxis(across, "");
        chart.AddLeftAxis(up, y);
        for (int i = 0; i < columns.Count; i++)
        {
            int place = i;
            if (columns[i].Values.Length == 0) continue;
            chart.AddLevel(across.At(i - .3), across.At(i + .3), up.At(columns[i].Values.Average()), SvgChart.Ink);
            chart.AddPoints(columns[i].Values.Select(value => ((double)place, value)), across, up, Colors[0]);
        }

        return chart.ToSvg();
    }

    private static (CurveAxis Across, CurveAxis Up) Axes(double[] x, double[] y) =>
        (CurveAxis.Around(x, SvgChart.PlotLeft, SvgChart.PlotRight), CurveAxis.Around(y, SvgChart.PlotBottom, SvgChart.PlotTop));
}
