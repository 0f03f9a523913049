using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using RnnService.Engine.Weights;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace RnnService.Training.Log;

/// <summary>
/// Draws a training log: training and validation loss against the left axis, the metric against the right one where there is one and it is
/// not the loss itself. The same records give the same picture, whatever fonts the machine has.
/// </summary>
public static class LearningCurve
{
    private const int Width = 960, Height = 540, Left = 72, Right = 72, Top = 92, Bottom = 60;
    private const int MostPoints = 400, MostMarkers = 60, MostEpochTicks = 12;
    private const string Start = "start", Middle = "middle", End = "end";

    // Told apart by colour-blind readers too (Okabe and Ito).
    private const string TrainingColor = "#0072B2", ValidationColor = "#D55E00", MetricColor = "#009E73";
    private const string Ink = "#333333", Grey = "#888888", Faint = "#E6E6E6";

    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    /// <summary>
    /// Writes the curve as an SVG of less than 100 kB, however long the log. Numbers that are not finite are left out; where that leaves
    /// no loss, the picture says so.
    /// </summary>
    /// <param name="records">The log's records in order of their steps.</param>
    /// <param name="path">The file to write; an older one is replaced.</param>
    /// <param name="title">The title above the curve.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void WriteSvg(IReadOnlyList<LogRecord> records, string path, string title)
    {
        var evaluations = records.OfType<EvaluationRecord>().ToList();
        var best = evaluations.LastOrDefault(record => record.Best);
        string metric = evaluations.LastOrDefault(record => record.Metric is not null)?.Metric ?? "";

        var training = Curve.Of(records.OfType<StepRecord>().Select(record => (record.Step, record.Loss)), MostPoints);
        var smoothed = training.Smoothed();
        var validation = Curve.Of(evaluations.Select(record => (record.Step, record.ValidLoss)), MostPoints);
        // A language model's metric is its loss, which the left axis shows already.
        var measured = evaluations.Where(record => record.Metric == metric).ToList();
        if (measured.All(record => record.Value == record.ValidLoss)) measured = [];
        var score = Curve.Of(measured.Select(record => (record.Step, record.Value ?? double.NaN)), MostPoints);

        var epochs = EpochTicks(records);
        var steps = new CurveAxis(0, 1.02 * records.Select(record => record.Step).Append(1).Max(), Left, Width - Right);
        if (epochs.Count > 0) steps = steps with { Ticks = epochs };
        // The loss of single batches jumps about: a jump may leave the picture, the curves that are read may not.
        var losses = CurveAxis.Around([.. smoothed.Y, .. validation.Y], Height - Bottom, Top);
        var scores = CurveAxis.Around(score.Y, Height - Bottom, Top);

        using var plot = new Plot();
        plot.Layout.Fixed(new PixelPadding(Left, Right, Bottom, Top));
        Set(plot.Axes.Bottom, steps);
        Set(plot.Axes.Left, losses);
        Set(plot.Axes.Right, scores);
        plot.Axes.Top.FrameLineStyle.IsVisible = false;
        plot.Axes.Right.IsVisible = !score.IsEmpty;
        plot.Grid.MajorLineColor = Color.FromHex(Faint);
        if (best is not null) plot.Add.VerticalLine(best.Step, 1, Color.FromHex(Grey), LinePattern.Dashed);
        Draw(plot, training, Color.FromHex(TrainingColor).WithAlpha(.25), width: 1);
        Draw(plot, smoothed, Color.FromHex(TrainingColor), width: 2);
        Draw(plot, validation, Color.FromHex(ValidationColor), width: 2, marked: true);
        Draw(plot, score, Color.FromHex(MetricColor), width: 2, marked: true).Axes.YAxis = plot.Axes.Right;

        var picture = XElement.Parse(WithStableIds(plot.GetSvgXml(Width, Height)));
        picture.SetAttributeValue("viewBox", $"0 0 {Width} {Height}");
        picture.Add(new XElement(
            Svg + "g",
            new XAttribute("font-family", "system-ui, 'Segoe UI', Roboto, Helvetica, Arial, 'Noto Sans', 'DejaVu Sans', sans-serif"),
            new XAttribute("font-size", 13),
            Text(title, Width / 2, 32, Middle, Ink, ("font-size", 18), ("font-weight", "bold")),
            Legend(smoothed, "training loss, smoothed", TrainingColor, 0),
            Legend(validation, $"validation loss{AtBest(best?.ValidLoss)}", ValidationColor, 1),
            Legend(score, $"{Name(metric)}{AtBest(best?.Metric == metric ? best.Value : null)}", MetricColor, 2),
            steps.Ticks.Select(tick => Text(tick.Label, steps.At(tick.Value), Height - Bottom + 20, Middle, Ink)),
            Text(epochs.Count > 0 ? "epoch" : "step", (Left + Width - Right) / 2, Height - 16, Middle, Ink),
            losses.Ticks.Select(tick => Text(tick.Label, Left - 9, losses.At(tick.Value) + 4.5, End, Ink)),
            Turned("loss", 22, Ink),
            ScoreLabels(score, scores, metric),
            best is null ? null : Text("best", steps.At(best.Step), Top - 6, Middle, Grey),
            smoothed.IsEmpty && validation.IsEmpty ? Text("no finite loss in the log", Width / 2, Height / 2, Middle, Ink) : null));
        WholeFile.Write(path, picture.ToString().ReplaceLineEndings("\n") + "\n");
    }

    /// <summary>Where whole epochs end, when at least two have: the step between the records around each end.</summary>
    private static List<Tick> EpochTicks(IReadOnlyList<LogRecord> records)
    {
        var points = records.Select(record => (record.Step, Epoch: record switch
        {
            StepRecord step => step.Epoch,
            EvaluationRecord evaluation => evaluation.Epoch,
            _ => double.NaN,
        })).Where(point => double.IsFinite(point.Epoch)).Prepend((Step: 0, Epoch: 0)).ToList();

        double last = points.Max(point => point.Epoch), every = Math.Max(1, CurveAxis.RoundDistance(last, MostEpochTicks));
        if (last < 2) return [];
        List<Tick> ticks = [new Tick(0, "0")];
        for (double epoch = every; epoch <= last; epoch += every)
        {
            int after = points.FindIndex(point => point.Epoch >= epoch);
            var (from, to) = (points[after - 1], points[after]);
            double share = (epoch - from.Epoch) / (to.Epoch - from.Epoch);
            ticks.Add(new Tick(from.Step + (share * (to.Step - from.Step)), epoch.ToString(CultureInfo.InvariantCulture)));
        }

        return ticks;
    }

    /// <summary>
    /// Gives a plot's axis its range and ticks, but no labels: the plot writes text with the fonts of this machine, and none at all where
    /// there are none, as in a container. Text that only names its font families is set by whoever looks at the picture.
    /// </summary>
    private static void Set(IAxis axis, CurveAxis shown)
    {
        axis.Range.Set(shown.Low, shown.High);
        axis.TickGenerator = new NumericManual([.. shown.Ticks.Select(tick => tick.Value)], [.. shown.Ticks.Select(_ => "")]);
    }

    private static ScottPlot.Plottables.Scatter Draw(Plot plot, Curve curve, Color color, float width, bool marked = false)
    {
        var line = plot.Add.Scatter(curve.X, curve.Y, color);
        line.LineWidth = width;
        line.MarkerSize = curve.X.Length == 1 || (marked && curve.X.Length <= MostMarkers) ? 6 : 0;
        return line;
    }

    /// <summary>Numbers the clip paths anew: the plot's own numbers count every picture of the process.</summary>
    private static string WithStableIds(string svg)
    {
        var ids = new Dictionary<string, string>();
        return Regex.Replace(svg, "cl_[0-9a-f]+", id =>
        {
            ids.TryAdd(id.Value, $"clip{ids.Count}");
            return ids[id.Value];
        });
    }

    private static string AtBest(double? value) =>
        value is { } number && double.IsFinite(number) ? $" ({number.ToString("G4", CultureInfo.InvariantCulture)} at best)" : "";

    private static string Name(string metric) => metric.Replace('_', ' ');

    private static object[]? Legend(Curve curve, string name, string color, int place)
    {
        if (curve.IsEmpty) return null;
        double x = Left + (place * (Width - Left - Right) / 3.0);
        var line = new XElement(
            Svg + "rect",
            new XAttribute("x", x),
            new XAttribute("y", 54),
            new XAttribute("width", 24),
            new XAttribute("height", 3),
            new XAttribute("fill", color));
        return [line, Text(name, x + 32, 60, Start, Ink)];
    }

    private static IEnumerable<XElement> ScoreLabels(Curve score, CurveAxis axis, string metric) => score.IsEmpty
        ? []
        : axis.Ticks.Select(tick => Text(tick.Label, Width - Right + 9, axis.At(tick.Value) + 4.5, Start, MetricColor))
            .Append(Turned(Name(metric), Width - 14, MetricColor));

    private static XElement Turned(string text, double x, string color)
    {
        double y = (Top + Height - Bottom) / 2.0;
        return Text(text, x, y, Middle, color, ("transform", string.Create(CultureInfo.InvariantCulture, $"rotate(-90 {x} {y})")));
    }

    private static XElement Text(
        string text, double x, double y, string anchor, string color, params (string Name, object Value)[] more) => new(
            Svg + "text",
            new XAttribute("x", Math.Round(x, 1)),
            new XAttribute("y", Math.Round(y, 1)),
            new XAttribute("text-anchor", anchor),
            new XAttribute("fill", color),
            more.Select(attribute => new XAttribute(attribute.Name, attribute.Value)),
            text);
}
