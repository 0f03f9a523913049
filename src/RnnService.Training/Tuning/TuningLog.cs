using System.Text.Json;
using System.Text.Json.Serialization;
using RnnService.Engine.Weights;
using RnnService.Training.Recipes;

namespace RnnService.Training.Tuning;

/// <summary>
/// The file that a search keeps: the recipe it started from, then a trial a line. It is replaced whole with every trial, so that a search that was stopped
/// anywhere goes on from it.
/// </summary>
internal sealed class TuningLog
{
    private static readonly JsonSerializerOptions Options = new(RecipeJson.Options) { WriteIndented = false };

    private readonly string _path;
    private readonly Head _head;
    private readonly List<TuningTrial> _trials = [];

    /// <summary>Opens a search's file, or begins one.</summary>
    /// <exception cref="TuningException">It is of another recipe, or no such file.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public TuningLog(string path, Recipe recipe, IEnumerable<string> kept)
    {
        (_path, _head) = (path, new Head(recipe, [.. kept.Order(StringComparer.Ordinal)]));
        if (!File.Exists(path)) return;
        string[] lines = File.ReadAllLines(path);
        try
        {
            if (lines[0] != JsonSerializer.Serialize(_head, Options))
                throw new TuningException($"{path} is of a search from another recipe; expected the same recipe and settings to go on, or another folder");
            foreach (string line in lines.Skip(1))
            {
                TuningTrial trial = JsonSerializer.Deserialize<TuningTrial>(line, Options)!;
                if (trial.Number != _trials.Count + 1) throw new JsonException($"trial {_trials.Count + 1} is {trial.Number}");
                _trials.Add(trial);
            }
        }
        catch (Exception error) when (error is JsonException or IndexOutOfRangeException)
        {
            throw new TuningException($"{path}, line {_trials.Count + 1}: is not a search's; expected the file as it was written, or another folder", error);
        }
    }

    /// <summary>The trials so far.</summary>
    public IReadOnlyList<TuningTrial> Trials => _trials;

    /// <summary>Adds a trial.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Append(TuningTrial trial)
    {
        _trials.Add(trial);
        IEnumerable<string> lines = [JsonSerializer.Serialize(_head, Options), .. _trials.Select(one => JsonSerializer.Serialize(one, Options))];
        WholeFile.Write(_path, string.Join('\n', lines) + "\n");
    }

    private sealed record Head([property: JsonPropertyName("from")] Recipe From, [property: JsonPropertyName("kept")] string[] Kept);
}
