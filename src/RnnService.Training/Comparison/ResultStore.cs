using System.Text.Encodings.Web;
using System.Text.Json;
using RnnService.Engine.Weights;
using RnnService.Training.Comparison.Tasks;
using RnnService.Training.Log;

namespace RnnService.Training.Comparison;

/// <summary>
/// The runs of a comparison in a file, a JSON object a line, which is added to with every run: a comparison that was stopped anywhere goes on from it. Not safe
/// for several threads.
/// </summary>
internal sealed class ResultStore
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        RespectRequiredConstructorParameters = true,
        Converters = { new FiniteOrNull<double>() },
    };

    private readonly string _path;
    private readonly List<RunResult> _runs = [];

    /// <summary>Opens the file, or begins one with the first run.</summary>
    /// <exception cref="InvalidDataException">A line is not a run; the message names file and line.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public ResultStore(string path)
    {
        _path = path;
        if (!File.Exists(path)) return;
        string text = File.ReadAllText(path);
        int end = text.LastIndexOf('\n') + 1;
        // A last line without an end is one that a killed process was writing.
        if (end < text.Length) WholeFile.Write(path, text[..end]);
        foreach (string line in text[..end].Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            try
            {
                _runs.Add(JsonSerializer.Deserialize<RunResult>(line, Json) ?? throw new JsonException("null"));
            }
            catch (JsonException error)
            {
                throw new InvalidDataException($"{path}, line {_runs.Count + 1} is not a run ({error.Message}); expected the file as it was written, or none", error);
            }
        }
    }

    /// <summary>All runs, the oldest first.</summary>
    public IReadOnlyList<RunResult> Runs => _runs;

    /// <summary>The run that was planned; null where it was not made.</summary>
    public RunResult? Find(PlannedRun run)
    {
        string key = run.Key;
        return _runs.LastOrDefault(one => one.Key == key);
    }

    /// <summary>Keeps a run.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Add(RunResult run)
    {
        _runs.Add(run);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(_path))!);
        File.AppendAllText(_path, JsonSerializer.Serialize(run, Json) + "\n");
    }
}
