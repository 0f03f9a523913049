using System.Globalization;
using System.Xml.Linq;
using RnnService.Training.Curves;
using RnnService.Training.Log;
using Xunit;

namespace RnnService.Training.Tests.Curves;

public sealed class LearningCurveTests : IDisposable
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>A run that logs every tenth step and evaluates at each epoch's end; the third evaluation is the best.</summary>
    private static List<LogRecord> Run(int epochs, int stepsPerEpoch = 100, string? metric = "accuracy")
    {
        var records = new List<LogRecord> { new NoteRecord(0, "started") };
        for (int step = 10; step <= epochs * stepsPerEpoch; step += 10)
        {
            double epoch = (double)step / stepsPerEpoch, loss = 1 + Math.Exp(-epoch) + (.05 * Math.Sin(step));
            records.Add(new StepRecord(step, epoch, loss, .001, 1, 1000, step));
            if (step % stepsPerEpoch == 0)
                records.Add(new EvaluationRecord(step, epoch, loss + .1, metric, metric is null ? null : .9 - (.1 / epoch), epoch <= 3));
        }

        return records;
    }

    private XElement Draw(IReadOnlyList<LogRecord> records, string title = "a title")
    {
        LearningCurve.WriteSvg(records, _folder["curve.svg"], title);
        return XElement.Load(_folder["curve.svg"]);
    }

    private static List<string> Texts(XElement picture) => [.. picture.Descendants(Svg + "text").Select(text => text.Value)];

    private static double X(XElement picture, string text) => double.Parse(
        picture.Descendants(Svg + "text").Single(one => one.Value == text).Attribute("x")!.Value,
        CultureInfo.InvariantCulture);

    [Fact]
    public void It_says_what_it_shows()
    {
        var texts = Texts(Draw(Run(20), "pos <UPOS> & 宋词"));
        Assert.Contains("pos <UPOS> & 宋词", texts);
        Assert.Contains("loss", texts);
        Assert.Contains("epoch", texts);
        Assert.Contains("accuracy", texts);
        Assert.Contains("training loss, smoothed", texts);
        Assert.Contains("validation loss (1.1 at best)", texts);
        Assert.Contains("accuracy (0.8667 at best)", texts);
        Assert.Contains("best", texts);
    }

    [Fact]
    public void A_metrics_name_is_written_in_words() => Assert.Contains("span f1", Texts(Draw(Run(5, metric: "span_f1"))));

    [Fact]
    public void Text_needs_no_font_of_this_machine()
    {
        var picture = Draw(Run(20));
        Assert.NotEmpty(Texts(picture));
        Assert.All(picture.Descendants(Svg + "text"), text =>
        {
            Assert.Null(text.Attribute("font-family"));
            Assert.EndsWith("sans-serif", text.Parent!.Attribute("font-family")!.Value);
        });
    }

    [Fact]
    public void Epochs_are_marked_where_they_end()
    {
        var picture = Draw(Run(20, metric: null));
        double begin = X(picture, "0"), end = X(picture, "20");
        foreach (int epoch in new[] { 2, 8, 14 }) Assert.Equal(begin + ((end - begin) * epoch / 20), X(picture, $"{epoch}"), .2);
        Assert.Equal(begin + ((end - begin) * 3 / 20), X(picture, "best"), .2);
    }

    [Fact]
    public void Epochs_counted_whole_are_marked_where_the_count_rises()
    {
        var picture = Draw([.. Enumerable.Range(1, 40).Select(step => new StepRecord(step, (step - 1) / 10, 2, .001, 1, 1, step))]);
        Assert.Equal((X(picture, "3") - X(picture, "1")) / 20, (X(picture, "1") - X(picture, "0")) / 11, .2);
    }

    [Fact]
    public void A_run_of_less_than_two_epochs_is_marked_in_steps()
    {
        var texts = Texts(Draw(Run(1)));
        Assert.Contains("step", texts);
        Assert.Contains("80", texts);
        Assert.DoesNotContain("epoch", texts);
    }

    [Fact]
    public void Without_a_metric_of_its_own_there_is_no_right_axis()
    {
        static bool OnTheRight(XElement text) => double.Parse(text.Attribute("x")!.Value, CultureInfo.InvariantCulture) > 892;
        Assert.Contains(Draw(Run(5)).Descendants(Svg + "text"), OnTheRight);
        Assert.DoesNotContain(Draw(Run(5, metric: null)).Descendants(Svg + "text"), OnTheRight);

        var loss = Run(5, metric: "nats").Select(record => record is EvaluationRecord one ? one with { Value = one.ValidLoss } : record);
        Assert.DoesNotContain(Draw([.. loss]).Descendants(Svg + "text"), OnTheRight);
    }

    [Fact]
    public void A_long_log_makes_a_small_picture()
    {
        Draw(Run(2000, stepsPerEpoch: 1000));
        Assert.InRange(new FileInfo(_folder["curve.svg"]).Length, 10_000, 99_999);
    }

    [Fact]
    public void The_same_records_give_the_same_file()
    {
        var records = Run(12);
        Draw(records);
        byte[] first = File.ReadAllBytes(_folder["curve.svg"]);
        Draw(records);
        Assert.Equal(first, File.ReadAllBytes(_folder["curve.svg"]));
    }

    [Fact]
    public void A_log_without_a_finite_loss_says_so()
    {
        Assert.Contains("no finite loss in the log", Texts(Draw([])));
        Assert.Contains("no finite loss in the log", Texts(Draw([new StepRecord(1, .1, double.NaN, .001, double.NaN, 1, 1)])));
        Assert.DoesNotContain("no finite loss in the log", Texts(Draw(Run(1))));
    }

    [Fact]
    public void What_is_not_finite_leaves_no_trace()
    {
        List<LogRecord> records =
        [
            .. Run(3),
            new StepRecord(310, double.NaN, double.PositiveInfinity, .001, double.NaN, 1, 1),
            new EvaluationRecord(310, 3.1, double.NaN, "accuracy", null, true),
        ];
        Assert.Contains("validation loss", Texts(Draw(records)));
        string written = File.ReadAllText(_folder["curve.svg"]);
        Assert.DoesNotContain("nan", written, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("inf", written, StringComparison.OrdinalIgnoreCase);
    }
}
