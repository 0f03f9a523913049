using System.Globalization;
using RnnService.Engine.Weights;
using RnnService.Training.Log;

namespace RnnService.Training.Curves;

/// <summary>
/// Draws a training log: training and validation loss against the left axis, the metric against the right one where there is one and it is
/// not the loss itself. The same records give the same picture, whatever fonts the machine has.
/// </summary>
internal static class LearningCurve
{
    private const int MostPoints = 400, MostEpochTicks = 12;
    private const string NoLoss = "no finite loss in the log";

    // Told apart by colour-blind readers too (Okabe and Ito).
    private const string TrainingColor = "#0072B2", ValidationColor = "#D55E00", MetricColor = "#009E73";

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
        var steps = new CurveAxis(0, 1.02 * records.Select(record => record.Step).Append(1).Max(), SvgChart.PlotLeft, SvgChart.PlotRight);
        if (epochs.Count > 0) steps = steps with { Ticks = epochs };
        // The loss of single batches jumps about: the axis fits the smoothed curves, and a jump may leave the picture.
        var losses = CurveAxis.Around([.. smoothed.Y, .. validation.Y], SvgChart.PlotBottom, SvgChart.PlotTop);
        var scores = CurveAxis.Around(score.Y, SvgChart.PlotBottom, SvgChart.PlotTop);

        bool nothing = smoothed.IsEmpty && validation.IsEmpty;
        var chart = new SvgChart(title, nothing ? NoLoss : Describe(records, best, metric));
        chart.AddBottomAxis(steps, epochs.Count > 0 ? "epoch" : "step");
        chart.AddLeftAxis(losses, "loss");
        if (!score.IsEmpty) chart.AddRightAxis(scores, Name(metric), MetricColor);
        if (best is not null) chart.AddMark(steps.At(best.Step), "best");
        chart.AddCurve(training, steps, losses, TrainingColor, width: 1, opacity: .25);
        chart.AddCurve(smoothed, steps, losses, TrainingColor);
        chart.AddCurve(validation, steps, losses, ValidationColor, marked: true);
        chart.AddCurve(score, steps, scores, MetricColor, marked: true);
        if (!smoothed.IsEmpty) chart.AddLegend("training loss, smoothed", TrainingColor, 0);
        if (!validation.IsEmpty) chart.AddLegend($"validation loss{AtBest(best?.ValidLoss)}", ValidationColor, 1);
        if (!score.IsEmpty) chart.AddLegend($"{Name(metric)}{AtBest(best?.Metric == metric ? best.Value : null)}", MetricColor, 2);
        if (nothing) chart.AddRemark(NoLoss);
        WholeFile.Write(path, chart.ToSvg());
    }

    /// <summary>What a reader who does not see the picture should know of it.</summary>
    private static string Describe(IReadOnlyList<LogRecord> records, EvaluationRecord? best, string metric)
    {
        string text = string.Create(CultureInfo.InvariantCulture, $"A line chart of training and validation loss over {records[^1].Step} steps.");
        if (best is null) return text;
        string value = best.Metric == metric ? AtBest(best.Value) : "";
        return text + string.Create(
            CultureInfo.InvariantCulture, $" The best evaluation is that of step {best.Step}: validation loss{AtBest(best.ValidLoss)}")
            + (value.Length > 0 ? $", {Name(metric)}{value}." : ".");
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

    private static string AtBest(double? value) =>
        value is { } number && double.IsFinite(number) ? $" ({number.ToString("G4", CultureInfo.InvariantCulture)} at best)" : "";

    private static string Name(string metric) => metric.Replace('_', ' ');
}
