using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Onnx.Comparison;

namespace RnnService.Onnx.Import.Checks;

/// <summary>
/// Why an imported model may give other numbers than the one trained. The usual mistakes are tried one after the other: the one under
/// which the numbers agree is named.
/// </summary>
internal static class Suspects
{
    private const int MostEntries = 8;
    private const long MostWork = 200_000_000; // values times ids, for each mistake tried

    /// <summary>A sentence that names what was found, or what is usually the cause.</summary>
    public static string Name(TextModel model, IReadOnlyList<LogitsEntry> entries, LogitsDifference worst)
    {
        LogitsEntry[] tried = [entries[worst.Entry], .. entries.Where((_, i) => i != worst.Entry).Take(MostEntries - 1)];
        if (OfOutputs(model, tried) is { } outputs) return outputs;
        if (model.Network is NativeNetwork && model.Parameters.Count * tried.Sum(entry => (long)entry.Ids.Length) <= MostWork
            && OfModels(model, tried) is { } found)
        {
            return found;
        }

        if (worst.Largest < 2e-3)
        {
            return "So small a difference comes of logits that were written with few digits, or computed in half precision or TF32; "
                + "expected 32-bit floats of a CPU, all digits";
        }

        string pooling = model is Classifier ? "other pooling, " : "", start = model is LanguageModel ? "a start that is not zero, " : "";
        return "Typical causes: another order of the gates, a GRU that resets before the product (gru_before), a direction that is missing, "
            + $"{pooling}{start}padding that was read with the text, dropout (model.eval() before the logits), weights of another moment, "
            + "ids of another vocabulary";
    }

    private static string? OfOutputs(TextModel model, LogitsEntry[] entries)
    {
        (double[] Wanted, double[] Found)[] rows = [.. entries.SelectMany(entry => entry.Steps.Zip(LogitsCheck.Read(model, entry)))];
        if (rows.Any(row => row.Found.Any(value => !double.IsFinite(value)))) return "The model's own values are not finite: smaller weights are needed";
        if (entries.Any(entry => entry.Kind != AnswerForm.Logits)) return null;
        foreach (AnswerForm kind in (AnswerForm[])[AnswerForm.Softmax, AnswerForm.LogSoftmax])
        {
            string field = kind == AnswerForm.Softmax ? "probabilities" : "log_probabilities";
            if (Agrees(model, [.. entries.Select(entry => entry with { Kind = kind })]))
                return $"The numbers agree as {field}: expected the field {field} for them, or what the last layer gives as logits";
        }

        bool isOrder = rows.All(row =>
            row.Wanted.Length > 1 && row.Wanted.Order().Zip(row.Found.Order()).All(pair => IsNear(pair.First, pair.Second, row.Wanted)));
        return isOrder ? "The same numbers stand in another order: expected labels and the rows of head.weight in one order" : null;
    }

    private static string? OfModels(TextModel model, LogitsEntry[] entries)
    {
        foreach (var (name, make) in Variants(model))
        {
            TextModel other;
            try
            {
                other = make();
            }
            catch (ArgumentException)
            {
                continue; // not a model at all
            }

            using (other)
            {
                if (Agrees(other, entries)) return $"The numbers agree with {name}";
            }
        }

        return model is Classifier && AgreesAtLastStep(model, entries)
            ? "The numbers agree with the outputs at the last step of both directions (output[:, -1]), which has no place here; "
                + "expected the last states (h_n), or an ONNX graph served as it is"
            : null;
    }

    private static IEnumerable<(string Name, Func<TextModel> Make)> Variants(TextModel model)
    {
        ModelConfig config = model.Config;
        foreach (Pooling pooling in model is Classifier ? Enum.GetValues<Pooling>() : [])
        {
            string word = pooling.ToString().ToLowerInvariant();
            if (pooling == config.Pooling || pooling == Pooling.Attention) continue; // the weights of attention would be there
            yield return ($"\"pooling\": \"{word}\" in the configuration", () => Create(config with { Pooling = pooling }));
        }

        CellKind? twin = config.Cell switch
        {
            CellKind.Gru => CellKind.GruBefore,
            CellKind.GruBefore => CellKind.Gru,
            CellKind.Tanh => CellKind.Relu,
            CellKind.Relu => CellKind.Tanh,
            _ => null,
        };
        ModelConfig? other = twin is { } cell ? config with { Cell = cell } : null;
        if (other is not null) yield return ($"\"cell\": \"{other.CellName()}\" in the configuration", () => Create(other));
        if (config.Bidirectional)
        {
            yield return ("the directions exchanged: expected l0 to read forward and l0_reverse from the end", () => Create(config, Swapped));
        }
        else if (model is not LanguageModel)
        {
            yield return (
                $"a network that reads {(config.Reverse ? "forward" : "from the end")}: expected its tensors {(config.Reverse ? "without" : "with")} _reverse",
                () => Create(config with { Reverse = !config.Reverse }, name => Swapped(name)));
        }

        string[] squares =
        [
            .. from parameter in model.Parameters.All
               where parameter.Shape is [> 1 and var rows, var columns] && rows == columns
               select parameter.Name,
        ];
        foreach (string square in squares)
            yield return ($"{square} transposed, which its shape does not show: expected [out, in]", () => Create(config, turned: [square]));
        if (squares.Length > 1)
            yield return ("all square matrices transposed, which their shape does not show: expected [out, in]", () => Create(config, turned: squares));

        string gates = config.Cell switch { CellKind.Lstm => "ifgo", CellKind.Gru or CellKind.GruBefore => "rzn", _ => "" };
        foreach (int[] order in Orders(gates.Length).Skip(1))
        {
            // Block i of the file is taken as gate i, and is meant as gate order[i].
            string theirs = string.Join(", ", order.Select(gate => gates[gate])), ours = string.Join(", ", gates.AsEnumerable());
            yield return ($"the gates in the order {theirs}: expected PyTorch's, {ours}", () => Create(config, order: order));
            if (other is null) continue;
            yield return (
                $"the gates in the order {theirs} and \"cell\": \"{other.CellName()}\": expected PyTorch's order, {ours}",
                () => Create(other, order: order));
        }

        TextModel Create(ModelConfig changed, Func<string, string>? rename = null, int[]? order = null, string[]? turned = null)
        {
            var values = model.Parameters.All.ToDictionary(parameter => parameter.Name, StringComparer.Ordinal);
            return TextModel.Create(changed, model.Vocabulary, Parameters.From((name, shape) =>
            {
                float[] found = values[rename?.Invoke(name) ?? name].Values.ToArray();
                if (order is not null && name.Contains("rnn.", StringComparison.Ordinal)) return Ordered(found, order);
                return turned?.Contains(name) == true ? Transposed(found, shape[0]) : found;
            }));
        }
    }

    private static string Swapped(string name) => !name.StartsWith("rnn.", StringComparison.Ordinal) ? name
        : name.EndsWith("_reverse", StringComparison.Ordinal) ? name[..^"_reverse".Length]
        : name + "_reverse";

    private static float[] Ordered(float[] values, int[] order)
    {
        int block = values.Length / order.Length;
        float[] result = new float[values.Length];
        for (int i = 0; i < order.Length; i++) values.AsSpan(i * block, block).CopyTo(result.AsSpan(order[i] * block));
        return result;
    }

    private static float[] Transposed(float[] square, int size)
    {
        float[] result = new float[square.Length];
        for (int i = 0; i < square.Length; i++) result[i % size * size + i / size] = square[i];
        return result;
    }

    // All orders of a number of things, their own first.
    private static IEnumerable<int[]> Orders(int count) => count == 0
        ? [[]]
        : Orders(count - 1).SelectMany(order => Enumerable.Range(0, count)
            .Select(place => (int[])[.. order[..(count - 1 - place)], count - 1, .. order[(count - 1 - place)..]]));

    // A tagger of the same weights gives the outputs at every step.
    private static bool AgreesAtLastStep(TextModel model, LogitsEntry[] entries)
    {
        if (!model.Config.Bidirectional) return false;
        var values = model.Parameters.All.ToDictionary(parameter => parameter.Name, parameter => parameter.Values.ToArray());
        ModelConfig config = model.Config with { Task = ModelTask.Tagger, Tokenizer = Tokenization.Whitespace };
        using TextModel tagger = TextModel.Create(config, model.Vocabulary, Parameters.From((name, _) => values[name]));
        return entries.All(entry =>
        {
            double[][] all = [.. entry.Ids.Select(_ => entry.Steps[0])];
            double[] found = LogitsCheck.Read(tagger, entry with { Steps = all })[^1];
            return found.Zip(entry.Steps[0]).All(pair => IsNear(pair.First, pair.Second, entry.Steps[0]));
        });
    }

    private static bool Agrees(TextModel model, LogitsEntry[] entries) => LogitsCheck.Compare(model, entries).Largest <= Agreement.Tolerance;

    private static bool IsNear(double one, double other, double[] row) =>
        Math.Abs(one - other) <= Agreement.Tolerance * Math.Max(1, row.Max(Math.Abs));
}
