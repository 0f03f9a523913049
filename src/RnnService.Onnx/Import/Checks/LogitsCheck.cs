using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Onnx.Comparison;
using RnnService.Onnx.Import.Files;
using static RnnService.Engine.Weights.WeightFormatException;

namespace RnnService.Onnx.Import.Checks;

/// <summary>
/// The one proof that an imported model is the one that was trained: on given ids it gives the numbers that the model's own framework
/// gave. The tolerance is that of <see cref="Agreement"/>.
/// </summary>
internal static class LogitsCheck
{
    /// <summary>Compares a model with a file.</summary>
    /// <param name="model">The model.</param>
    /// <param name="path">The file: see <see cref="LogitsFile"/>.</param>
    /// <returns>What was measured, a sentence without its full stop.</returns>
    /// <exception cref="ImportException">The file is malformed, or the numbers differ; the message names the likely cause.</exception>
    public static string Run(TextModel model, string path)
    {
        IReadOnlyList<LogitsEntry> entries = new LogitsFile(path, model).Read();
        LogitsDifference worst;
        try
        {
            worst = Compare(model, entries);
        }
        catch (NetworkException error)
        {
            throw new ImportException(path, $"the model cannot compute an entry: {error.Message}", error);
        }

        if (worst.Largest <= Agreement.Tolerance)
            return FormattableString.Invariant($"Answers within {worst.Largest:0.0e+0} of {Count(entries.Count)} in {path}");
        string label = model is LanguageModel ? $"token {worst.Label}" : $"label {Quote(model.Config.NetworkLabels[worst.Label])}";
        string step = model is Classifier ? "" : $", step {worst.Step}";
        LogitsEntry entry = entries[worst.Entry];
        throw new ImportException(path, FormattableString.Invariant(
            $"entry {entry.Index} (ids {LogitsFile.Show(entry.Ids)}){step}: {label} is {worst.Found:G6}; expected {worst.Expected:G6}, as the file has it. ")
            + FormattableString.Invariant($"It is the largest difference among {Count(entries.Count)}; at most {Agreement.Tolerance:G1} is rounding. ")
            + Suspects.Name(model, entries, worst));
    }

    /// <summary>The largest difference between a model and the entries.</summary>
    /// <exception cref="NetworkException">The model cannot compute one of them.</exception>
    public static LogitsDifference Compare(TextModel model, IReadOnlyList<LogitsEntry> entries)
    {
        var worst = new LogitsDifference(0, 0, 0, 0, 0, 0);
        for (int entry = 0; entry < entries.Count; entry++)
        {
            double[][] found = Read(model, entries[entry]);
            for (int step = 0; step < found.Length; step++)
            {
                double[] expected = entries[entry].Steps[step];
                double scale = Math.Max(1, expected.Max(Math.Abs));
                for (int i = 0; i < expected.Length; i++)
                {
                    double distance = Math.Abs(expected[i] - found[step][i]) / scale;
                    if (double.IsNaN(distance)) distance = double.PositiveInfinity;
                    // A value alone is the second label's.
                    int label = found[step].Length == 1 ? 1 : i;
                    if (distance > worst.Largest) worst = new LogitsDifference(distance, entry, step, label, found[step][i], expected[i]);
                }
            }
        }

        return worst;
    }

    /// <summary>What a model gives for an entry, in the form that the entry has.</summary>
    public static double[][] Read(TextModel model, LogitsEntry entry)
    {
        double[][] found = new double[model is Classifier ? 1 : entry.Ids.Length][];
        LogitsReader reader = (_, step, logits) => found[step] = Convert(logits, entry.Kind, entry.Steps[step].Length);
        switch (model)
        {
            case LanguageModel language:
                language.Network.Forward([entry.Ids], [0], language.NewState(1), reader);
                break;
            case Classifier classifier:
                classifier.Network.Forward([entry.Ids], reader);
                break;
            case Tagger tagger:
                tagger.Network.Forward([new TaggerInput(entry.Words ?? [], entry.Ids)], reader);
                break;
        }

        return found;
    }

    private static double[] Convert(ReadOnlySpan<float> logits, AnswerForm kind, int width)
    {
        double[] values = new double[logits.Length];
        for (int i = 0; i < values.Length; i++) values[i] = logits[i];
        // Of two labels a sigmoid gives the second's score alone, which is its logit above the first's.
        if (width < values.Length && kind == AnswerForm.Logits) return [values[1] - values[0]];
        if (kind != AnswerForm.Logits)
        {
            double largest = values.Max(), sum = Math.Log(values.Sum(value => Math.Exp(value - largest))) + largest;
            values = [.. values.Select(value => kind == AnswerForm.Softmax ? Math.Exp(value - sum) : value - sum)];
        }

        return width < values.Length ? [values[1]] : values;
    }

    private static string Count(int entries) => entries == 1 ? "1 entry" : $"{entries} entries";
}

/// <summary>Where a model and a file differ most.</summary>
/// <param name="Largest">The difference, as a share of the largest value of its step where that is beyond 1; infinite for what is no number.</param>
/// <param name="Entry">Which of the entries.</param>
/// <param name="Step">Which step of it.</param>
/// <param name="Label">Which label or token.</param>
/// <param name="Found">The model's value.</param>
/// <param name="Expected">The file's.</param>
internal sealed record LogitsDifference(double Largest, int Entry, int Step, int Label, double Found, double Expected);
