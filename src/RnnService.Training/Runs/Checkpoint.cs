using System.Globalization;
using RnnService.Engine.Weights;
using RnnService.Training.Objectives;
using RnnService.Training.Optimizers;
using RnnService.Training.Recipes;

namespace RnnService.Training.Runs;

/// <summary>
/// Everything a run needs to go on exactly where it was: position, scores so far, weights, averaged weights, the optimizer's memory and
/// carried states. Random draws are made from the seed and the position and need no place here. One safetensors file, replaced whole.
/// </summary>
internal sealed class Checkpoint(Recipe recipe, Objective objective, Optimizer optimizer, float[][]? average)
{
    /// <summary>Optimizer steps made.</summary>
    public long Step { get; set; }

    /// <summary>The epoch under way.</summary>
    public int Epoch { get; set; }

    /// <summary>Steps made in it.</summary>
    public int Index { get; set; }

    /// <summary>The best validation figure so far.</summary>
    public double? Best { get; set; }

    /// <summary>The validation loss that went with it.</summary>
    public double BestLoss { get; set; }

    /// <summary>Evaluations since the best.</summary>
    public int SinceBest { get; set; }

    /// <summary>Evaluations since the best or the last fall of the learning rate.</summary>
    public int SinceFall { get; set; }

    /// <summary>How often the learning rate fell on a plateau.</summary>
    public int Plateaus { get; set; }

    /// <summary>Seconds of training.</summary>
    public double Seconds { get; set; }

    private IEnumerable<(string Name, IReadOnlyList<int> Shape, float[] Values)> Tensors
    {
        get
        {
            Parameters parameters = objective.Model.Parameters;
            foreach (Parameter parameter in parameters.All) yield return ($"weights.{parameter.Name}", parameter.Shape, parameter.Data);
            foreach (var (name, parameter, values) in optimizer.Memory) yield return (name, parameter.Shape, values);
            if (average is not null)
            {
                foreach (Parameter parameter in parameters.All)
                    yield return ($"average.{parameter.Name}", parameter.Shape, average[parameter.Index]);
            }

            for (int i = 0; i < objective.Carried.Count; i++) yield return ($"carried.{i}", [objective.Carried[i].Length], objective.Carried[i]);
        }
    }

    /// <summary>Writes it; an older one stays whole until this one is.</summary>
    public void Save(string path) => SafeTensorsFile.Write(
        path,
        Tensors.Select(tensor => new TensorData(tensor.Name, tensor.Shape, tensor.Values)),
        new Dictionary<string, string>
        {
            ["recipe"] = recipe.ToJson(),
            ["step"] = Text(Step),
            ["epoch"] = Text(Epoch),
            ["index"] = Text(Index),
            ["best"] = Best is { } best ? Text(best) : "",
            ["best_loss"] = Text(BestLoss),
            ["since_best"] = Text(SinceBest),
            ["since_fall"] = Text(SinceFall),
            ["plateaus"] = Text(Plateaus),
            ["seconds"] = Text(Seconds),
        });

    /// <summary>Sets everything back to what the file holds.</summary>
    /// <exception cref="RecipeException">The file is of another recipe, or is no checkpoint.</exception>
    public void Load(string path)
    {
        try
        {
            SafeTensorsFile file = SafeTensorsFile.Open(path);
            if (file.Metadata["recipe"] != recipe.ToJson())
            {
                throw new RecipeException(
                    $"{path} was written by another recipe ({FirstDifference(file.Metadata["recipe"], recipe.ToJson())}): "
                    + "the same settings wanted to resume, or a restart");
            }

            foreach (var (name, shape, values) in Tensors) file.Floats(name, [.. shape]).CopyTo(values, 0);
            objective.Model.Refresh();
            Step = long.Parse(file.Metadata["step"], CultureInfo.InvariantCulture);
            Epoch = int.Parse(file.Metadata["epoch"], CultureInfo.InvariantCulture);
            Index = int.Parse(file.Metadata["index"], CultureInfo.InvariantCulture);
            Best = file.Metadata["best"] is { Length: > 0 } best ? double.Parse(best, CultureInfo.InvariantCulture) : null;
            BestLoss = double.Parse(file.Metadata["best_loss"], CultureInfo.InvariantCulture);
            SinceBest = int.Parse(file.Metadata["since_best"], CultureInfo.InvariantCulture);
            SinceFall = int.Parse(file.Metadata["since_fall"], CultureInfo.InvariantCulture);
            Plateaus = int.Parse(file.Metadata["plateaus"], CultureInfo.InvariantCulture);
            Seconds = double.Parse(file.Metadata["seconds"], CultureInfo.InvariantCulture);
        }
        catch (Exception error) when (error is WeightFormatException or KeyNotFoundException or FormatException)
        {
            throw new RecipeException($"{path} is not a checkpoint: {error.Message}", error);
        }
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
