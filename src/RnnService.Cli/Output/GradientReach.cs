using System.Globalization;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;
using RnnService.Training.Curves;

namespace RnnService.Cli.Output;

/// <summary>How far back an answer looks, for people and for machines.</summary>
/// <param name="model">The model.</param>
/// <param name="text">What it read.</param>
/// <param name="norms">The norms.</param>
/// <param name="isLoss">Whether they are those of the right answer's loss.</param>
internal sealed class GradientReach(TextModel model, TokenizedText text, GradientNorms norms, bool isLoss = false)
{
    private static readonly string[] Colors = ["#1F77B4", "#D95F02", "#1B9E77"];

    public TokenizedText Text { get; } = text;

    public GradientNorms Norms { get; } = norms;

    /// <summary>Names of the states' columns, in their order.</summary>
    public IReadOnlyList<string> SlotNames => [.. Enumerable.Range(0, Norms.States.Count).Select(slot =>
        model.Config.Bidirectional ? $"layer {slot / 2}{(slot % 2 == 0 ? "" : ", from the end")}" : $"layer {slot}")];

    private string Answer => model is LanguageModel ? model.Tokenizer.Decode(Norms.Answer, first: true) : model.Config.NetworkLabels[Norms.Answer];

    /// <summary>Tokens from one to the answer's, or to the text's last for an answer about the whole.</summary>
    public int Distance(int token) => (Norms.At ?? Text.Ids.Length - 1) - token;

    /// <summary>The answer, and where half of its gradient comes from.</summary>
    public string Sentence
    {
        get
        {
            double all = Norms.Inputs.Sum(norm => (double)norm), sum = 0;
            int nearest = 0;
            foreach (int token in Enumerable.Range(0, Text.Ids.Length).OrderBy(token => Math.Abs(Distance(token))))
            {
                sum += Norms.Inputs[token];
                nearest++;
                if (sum >= all / 2) break;
            }

            string what = model switch
            {
                LanguageModel => $"next comes \"{Answer.ReplaceLineEndings("⏎")}\"",
                Classifier => $"the text is {Answer}",
                _ => $"\"{Text.Tokens[Norms.At!.Value].Text}\" is {Answer}",
            };
            string of = model is Classifier ? "last" : "nearest";
            return string.Create(CultureInfo.InvariantCulture,
                $"{(isLoss ? "Loss if" : "Answer")}: {what}. Half of its gradient comes from the {of} {nearest} of {Text.Ids.Length} tokens.");
        }
    }

    public object ToJson(string name) => new
    {
        Model = name,
        Norms.At,
        Answer,
        Tokens = Text.Tokens.Select((token, t) => new
        {
            token.Text,
            Start = token.CodePointStart,
            End = token.CodePointEnd,
            Back = Distance(t),
            Input = Norms.Inputs[t],
            States = Norms.States.Select(state => state[t]),
        }),
        Layers = SlotNames,
    };

    /// <summary>The norms by distance as the content of an SVG file, on a scale of powers of ten.</summary>
    public string ToSvg(string name)
    {
        // A gradient that does not get there at all has no logarithm.
        var series = Norms.States.Zip(SlotNames, (state, slot) => (Name: slot, Points: Points(state))).Prepend((Name: "input", Points: Points(Norms.Inputs))).ToList();
        double[] values = [.. series.SelectMany(one => one.Points).Select(point => point.Value)];
        var chart = new SvgChart($"{name}: how far back the answer looks", Sentence);
        if (values.Length == 0)
        {
            chart.AddRemark("the answer's gradient is zero everywhere");
            return chart.ToSvg();
        }

        double[] distances = [.. Enumerable.Range(0, Text.Ids.Length).Select(token => (double)Distance(token))];
        CurveAxis across = CurveAxis.Around(distances, SvgChart.PlotLeft, SvgChart.PlotRight), up = CurveAxis.Around(values, SvgChart.PlotBottom, SvgChart.PlotTop);
        chart.AddBottomAxis(across, "tokens back from the answer");
        chart.AddLeftAxis(up, "log₁₀ of the gradient's norm");
        for (int i = 0; i < series.Count; i++)
        {
            chart.AddCurve(Curve.Of(series[i].Points.OrderBy(point => point.Step), Text.Ids.Length), across, up, Colors[i % Colors.Length], marked: true);
            if (i < Colors.Length) chart.AddLegend(series[i].Name, Colors[i], i);
        }

        return chart.ToSvg();

        (long Step, double Value)[] Points(IReadOnlyList<float> all) =>
            [.. all.Select((norm, t) => (Step: (long)Distance(t), Value: Math.Log10(norm))).Where(point => double.IsFinite(point.Value))];
    }
}
