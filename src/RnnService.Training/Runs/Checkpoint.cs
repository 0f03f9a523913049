using System.Globalization;
using RnnService.Engine.Weights;
using RnnService.Training.Objectives;
using RnnService.Training.Optimizers;
using RnnService.Training.Recipes;

namespace RnnService.Training.Runs;

/// <summary>
/// Everything a run needs to resume exactly where it was: position, scores so far, weights, averaged weights, the optimizer's state and
/// carried states, with the recipe and the corpora they belong to. Random draws depend on the seed and the position alone and need no place
/// here. One safetensors file, replaced whole.
/// </summary>
internal sealed class Checkpoint(Recipe recipe, Objective objective, Optimizer optimizer, AveragedWeights? average, RunState state)
{
    // Raised when an older file would be misread.
    private const string Format = "3";

    private IEnumerable<(string Name, IReadOnlyList<int> Shape, float[] Values)> Tensors
    {
        get
        {
            Parameters parameters = objective.Parameters;
            foreach (Parameter parameter in parameters.All) yield return ($"weights.{parameter.Name}", parameter.Shape, parameter.Data);
            foreach (var (name, parameter, values) in optimizer.State) yield return (name, parameter.Shape, values);
            if (average is not null)
            {
                foreach (Parameter parameter in parameters.All)
                    yield return ($"average.{parameter.Name}", parameter.Shape, average.Of(parameter));
            }

            for (int i = 0; i < objective.Carried.Count; i++) yield return ($"carried.{i}", [objective.Carried[i].Length], objective.Carried[i]);
        }
    }

    // The corpora and the model that it starts from are compared by what was read from them: where they lie does not matter.
    private string Settings => (recipe with { From = null, Data = recipe.Data with { Train = [], Valid = [] } }).ToJson();

    /// <summary>Whether the file is of a run that made no step yet, so that nothing is lost when it is ignored.</summary>
    public static bool IsOfNoStep(string path)
    {
        try
        {
            return SafeTensorsFile.Open(path).Metadata.GetValueOrDefault("step") == "0";
        }
        catch (Exception error) when (error is WeightFormatException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Writes the file; an older one is replaced only by a whole one.</summary>
    /// <exception cref="TrainingDivergedException">A number is not finite; nothing is written.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path)
    {
        foreach (var (name, _, values) in Tensors)
        {
            if (Finite.FirstNot(values) is { } value) throw TrainingDivergedException.At(state.Step, $"{name} holds {value}");
        }

        SafeTensorsWriter.Write(
            path,
            Tensors.Select(tensor => new TensorData(tensor.Name, tensor.Shape, tensor.Values)),
            new Dictionary<string, string>
            {
                ["format"] = Format,
                ["recipe"] = Settings,
                ["train"] = objective.Train.ToString(),
                ["valid"] = objective.Valid.ToString(),
                ["step"] = Text(state.Step),
                ["epoch"] = Text(state.Epoch),
                ["index"] = Text(state.Index),
                ["best"] = state.Best is { } best ? Text(best) : "",
                ["best_loss"] = Text(state.BestLoss),
                ["since_best"] = Text(state.SinceBest),
                ["since_fall"] = Text(state.SinceFall),
                ["plateaus"] = Text(state.Plateaus),
                ["average_from"] = state.AverageFrom is { } first ? Text(first) : "",
                ["figures"] = string.Join(' ', state.Figures.Select(figure => Text(figure))),
                ["seconds"] = Text(state.Seconds),
            });
    }

    /// <summary>Sets everything back to what the file holds.</summary>
    /// <exception cref="RunFolderException">The file is of other settings or other corpora, or is no whole checkpoint.</exception>
    public void Load(string path)
    {
        try
        {
            SafeTensorsFile file = SafeTensorsFile.Open(path);
            IReadOnlyDictionary<string, string> facts = file.Metadata;
            string settings = Fact("recipe");
            if (facts.GetValueOrDefault("format") is var format && format != Format)
            {
                throw new RunFolderException(
                    $"{path} was written by another version of this program (format is {format ?? "missing"}); expected {Format}");
            }

            // The corpora first: settings may come from how much there is to learn from.
            Compare("training", Fact("train"), objective.Train);
            Compare("validation", Fact("valid"), objective.Valid);
            if (settings != Settings)
            {
                throw new RunFolderException(
                    $"{path} was written by another recipe ({FirstDifference(settings, Settings)}); expected the same settings to go on");
            }

            (state.Step, state.Epoch, state.Index) =
                (Count("step"), (int)Count("epoch", recipe.Training.Epochs), (int)Count("index", int.MaxValue));
            CheckPosition();
            state.Best = Fact("best").Length > 0 ? Number("best") : null;
            state.BestLoss = Number("best_loss");
            state.SinceBest = (int)Count("since_best", int.MaxValue);
            state.SinceFall = (int)Count("since_fall", int.MaxValue);
            state.Plateaus = (int)Count("plateaus", int.MaxValue);
            state.AverageFrom = Fact("average_from").Length > 0 ? Count("average_from", state.Step) : null;
            state.Figures.Clear();
            state.Figures.AddRange(Fact("figures").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(figure => Parse("figures", figure)));
            state.Seconds = Number("seconds");
            foreach (var (name, shape, values) in Tensors)
            {
                float[] read = file.Floats(name, [.. shape]);
                if (Finite.FirstNot(read) is { } value) throw new FormatException($"{name} holds {value}; expected finite numbers");
                read.CopyTo(values, 0);
            }

            objective.Refresh();

            string Fact(string name) => facts.TryGetValue(name, out string? text) ? text : throw new FormatException($"no {name} in its metadata");

            long Count(string name, long most = long.MaxValue) =>
                long.TryParse(Fact(name), NumberStyles.None, CultureInfo.InvariantCulture, out long count) && count <= most
                    ? count
                    : throw new FormatException($"{name} is \"{Fact(name)}\"; expected 0 to {most}");

            double Number(string name) => Parse(name, Fact(name));

            static double Parse(string name, string text) =>
                double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
                    ? number
                    : throw new FormatException($"{name} is \"{text}\"; expected a finite number");

            void Compare(string part, string then, CorpusFingerprint now)
            {
                if (now.DifferenceFrom(CorpusFingerprint.Parse(then)) is not { } difference) return;
                throw new RunFolderException(
                    $"{path} was written with another {part} corpus ({difference}); expected the same content to go on, wherever it lies");
            }
        }
        catch (Exception error) when (error is WeightFormatException or FormatException or OverflowException or IOException or UnauthorizedAccessException)
        {
            throw new RunFolderException($"{path} is not a whole checkpoint: {error.Message}", error);
        }
    }

    /// <summary>Checks that the position is one that a run over these corpora comes to.</summary>
    private void CheckPosition()
    {
        int last = state.Epoch == recipe.Training.Epochs ? 0 : objective.StepsIn(state.Epoch) - 1;
        if (state.Index > last) throw new FormatException($"index is {state.Index} in epoch {state.Epoch}; expected 0 to {last}");
        long step = objective.StepsUpTo(state.Epoch) + state.Index;
        if (state.Step != step) throw new FormatException($"step is {state.Step} at index {state.Index} of epoch {state.Epoch}; expected {step}");
    }

    private static string Text(IFormattable value) => value.ToString(value is double ? "R" : null, CultureInfo.InvariantCulture);

    private static string FirstDifference(string old, string now)
    {
        string[] before = old.Split('\n'), after = now.Split('\n');
        int line = 0;
        while (line < before.Length - 1 && line < after.Length - 1 && before[line] == after[line]) line++;
        return $"{before[line].Trim().TrimEnd(',')} then, {after[line].Trim().TrimEnd(',')} now";
    }
}
