using System.Numerics.Tensors;
using RnnService.Audio;
using RnnService.Engine.Kernels;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Training.Corpora;
using RnnService.Training.Threading;

namespace RnnService.Training.Evaluation;

/// <summary>Measures models that read numbers. Safe for any number of threads; uses all processors.</summary>
public static class NumberEvaluator
{
    /// <summary>Scores a model on sequences; sounds are read as the model reads them.</summary>
    /// <param name="model">The model.</param>
    /// <param name="examples">The sequences with what is to be found.</param>
    /// <param name="oneSymbol">
    /// Of a transcriber, where one symbol is said in each sequence: whether to tell as well which one it takes each for, which costs the probability of
    /// every symbol for every sequence; <see cref="NumberReport.Confusion"/>.
    /// </param>
    /// <param name="beams">Of a transcriber: how many strings are kept at every step; of 1 the likeliest symbol of each step is taken.</param>
    /// <exception cref="InvalidDataException">
    /// A sequence is not one for this model, or lacks what is to be found in it, such as a label; the message says which.
    /// </exception>
    public static NumberReport Evaluate(NumberModel model, IReadOnlyList<NumberExample> examples, bool oneSymbol = true, int beams = 1)
    {
        AudioFeatures? features = model.Numbers.Audio is { } audio ? new AudioFeatures(audio) : null;
        NumberExample[] read = [.. examples.Select(example => example.Sound is { } sound && example.Sequence.Steps == 0
            ? example with { Sequence = (features ?? throw NumberChecks.Wrong(example, "is a sound; expected numbers")).Of(sound) }
            : example)];
        foreach (NumberExample example in read) Check(model, example);
        float[][] outputs = new float[read.Length][];
        ParallelLoop.ForEach(LengthBatches.Of([.. read.Select(example => example.Sequence.Steps)]), batch =>
        {
            float[][] rows = model.Logits([.. batch.Select(i => read[i].Sequence)]);
            for (int i = 0; i < batch.Length; i++) outputs[batch[i]] = rows[i];
        });
        return model switch
        {
            Transcriber transcriber => OfTranscripts(transcriber, read, outputs, oneSymbol, beams),
            Forecaster forecaster => OfForecasts(forecaster, read, outputs),
            Regressor regressor => OfValues(regressor, read, outputs),
            NumberTagger tagger => OfTags(tagger, read, outputs),
            _ => OfLabels(model, read, outputs),
        };
    }

    private static void Check(NumberModel model, NumberExample example)
    {
        try
        {
            model.Check(example.Sequence);
        }
        catch (ArgumentException error)
        {
            throw new InvalidDataException($"{example.Name}: {error.Message}", error);
        }

        NumberChecks.Check(model.Config, example);
    }

    private static NumberReport OfLabels(NumberModel model, NumberExample[] examples, float[][] outputs)
    {
        int known = model.Config.Labels.Count;
        var confusion = new ConfusionMatrix(model.Config.Labels.Union(examples.SelectMany(example => example.Labels)));
        double loss = 0;
        long learnt = 0;
        for (int i = 0; i < examples.Length; i++)
        {
            int gold = confusion.IdOf(examples[i].Labels[0], "gold");
            confusion.Add(gold, TensorPrimitives.IndexOfMax<float>(outputs[i]));
            if (gold >= known) continue;
            loss += CrossEntropy.Backward(outputs[i], gold);
            learnt++;
        }

        return new NumberReport(loss / Math.Max(1, learnt)) { Confusion = confusion };
    }

    private static NumberReport OfTags(NumberTagger model, NumberExample[] examples, float[][] outputs)
    {
        var confusion = new ConfusionMatrix(model.Labels.Union(examples.SelectMany(example => example.Labels)));
        double loss = 0;
        long learnt = 0;
        for (int i = 0; i < examples.Length; i++)
        {
            int[] gold = [.. examples[i].Labels.Select(label => confusion.IdOf(label, "gold"))];
            TagScore[] tags = model.Tags(outputs[i]);
            for (int t = 0; t < tags.Length; t++) confusion.Add(gold[t], tags[t].Label);
            (double lost, int steps) = model.Decoder.Loss(outputs[i], [.. gold.Select(id => id < model.Labels.Count ? id : -1)]);
            (loss, learnt) = (loss + lost, learnt + steps);
        }

        return new NumberReport(loss / Math.Max(1, learnt)) { Confusion = confusion };
    }

    private static NumberReport OfValues(Regressor model, NumberExample[] examples, float[][] outputs)
    {
        var errors = new Sums();
        for (int i = 0; i < examples.Length; i++)
        {
            float[] found = model.Values(outputs[i]);
            for (int at = 0; at < found.Length; at++) errors.Add(found[at] - examples[i].Values.Span[at]);
        }

        return new NumberReport(errors.Report.RootMeanSquare) { Errors = errors.Report };
    }

    private static NumberReport OfForecasts(Forecaster model, NumberExample[] examples, float[][] outputs)
    {
        Sums errors = new(), naive = new();
        for (int i = 0; i < examples.Length; i++)
        {
            NumberSequence sequence = examples[i].Sequence;
            float[] found = model.Values(outputs[i]);
            int size = sequence.Features;
            ReadOnlySpan<float> values = sequence.Values.Span;
            for (int t = 0; t < sequence.Steps; t++)
            {
                for (int h = 0; h < model.Horizon && t + 1 + h < sequence.Steps; h++)
                {
                    for (int f = 0; f < size; f++)
                    {
                        float actual = values[(t + 1 + h) * size + f];
                        errors.Add(found[(t * model.Horizon + h) * size + f] - actual);
                        naive.Add(values[t * size + f] - actual);
                    }
                }
            }
        }

        return new NumberReport(errors.Report.RootMeanSquare) { Errors = errors.Report, Naive = naive.Report };
    }

    private static NumberReport OfTranscripts(Transcriber model, NumberExample[] examples, float[][] outputs, bool oneSymbol, int beams)
    {
        Dictionary<string, int> ids = model.Symbols.Index().ToDictionary(symbol => symbol.Item, symbol => 1 + symbol.Index, StringComparer.Ordinal);
        int[] distances = new int[examples.Length];
        double[] losses = new double[examples.Length];
        ParallelLoop.For(examples.Length, i =>
        {
            IReadOnlyList<string> said = examples[i].Labels;
            distances[i] = Distance(said, [.. model.Decode(outputs[i], beams).Symbols.Select(symbol => symbol.Text)]);
            if (said.All(ids.ContainsKey)) losses[i] = -Math.Max(-1e4, CtcLoss.LogProbability(outputs[i], model.Outputs, [.. said.Select(label => ids[label])]));
        });
        long symbols = examples.Sum(example => (long)example.Labels.Count);
        return new NumberReport(losses.Sum() / Math.Max(1, symbols))
        {
            Symbols = new SymbolErrors(examples.Length, distances.Count(distance => distance == 0), symbols, distances.Sum(distance => (long)distance)),
            Confusion = oneSymbol && examples.All(example => example.Labels.Count == 1) ? OneSymbol(model, examples, outputs) : null,
        };
    }

    private static ConfusionMatrix OneSymbol(Transcriber model, NumberExample[] examples, float[][] outputs)
    {
        var confusion = new ConfusionMatrix(model.Symbols.Union(examples.Select(example => example.Labels[0])));
        string[] heard = new string[examples.Length];
        ParallelLoop.For(examples.Length, i => heard[i] = model.OneSymbol(outputs[i])[0].Label);
        foreach (var (example, symbol) in examples.Zip(heard)) confusion.Add(confusion.IdOf(example.Labels[0], "gold"), confusion.IdOf(symbol, "predicted"));
        return confusion;
    }

    /// <summary>The fewest symbols to change, put in and take out (Levenshtein 1966).</summary>
    internal static int Distance(IReadOnlyList<string> said, IReadOnlyList<string> written)
    {
        int[] row = [.. Enumerable.Range(0, written.Count + 1)];
        for (int i = 0; i < said.Count; i++)
        {
            int corner = row[0];
            row[0] = i + 1;
            for (int j = 0; j < written.Count; j++)
            {
                int changed = corner + (said[i] == written[j] ? 0 : 1);
                corner = row[j + 1];
                row[j + 1] = Math.Min(changed, 1 + Math.Min(row[j], row[j + 1]));
            }
        }

        return row[^1];
    }

    private sealed class Sums
    {
        private double _squares, _absolutes;
        private long _count;

        public ValueErrors Report => new(_count, Math.Sqrt(_squares / Math.Max(1, _count)), _absolutes / Math.Max(1, _count));

        public void Add(double error)
        {
            _squares += error * error;
            _absolutes += Math.Abs(error);
            _count++;
        }
    }
}
