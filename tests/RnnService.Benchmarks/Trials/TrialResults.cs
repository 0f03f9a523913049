using System.Diagnostics;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace RnnService.Benchmarks.Trials;

/// <summary>One figure of a trial, as it is shown; a figure without a goal is told only.</summary>
internal sealed record Figure(string What, string Found, string Goal = "", bool? Met = null);

/// <summary>What a trial found.</summary>
internal sealed record TrialResult(string Name, string Attack, List<Figure> Figures);

/// <summary>The trials of one build. Kept as JSON under results/.</summary>
internal sealed record TrialResults(string Label, string Build, string Date, string Machine, List<TrialResult> Trials)
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static TrialResults Of(string label, string server)
    {
        string version = FileVersionInfo.GetVersionInfo(server).ProductVersion ?? "";
        string build = version.Split('+') is [_, var commit] ? commit[..Math.Min(8, commit.Length)] : version;
        return new TrialResults(label, build, DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), Benchmarks.Machine.Processor, []);
    }

    /// <summary>Writes them; trials that the file has and these do not have stay in it.</summary>
    public void Write(string path)
    {
        List<TrialResult> all = [.. Trials];
        if (File.Exists(path) && JsonSerializer.Deserialize<TrialResults>(File.ReadAllText(path), Format) is { } before)
            all.AddRange(before.Trials.Where(old => all.All(trial => trial.Name != old.Name)));
        all = [.. all.OrderBy(trial => TrialsCommand.PlaceOf(trial.Name))];
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder) Directory.CreateDirectory(folder);
        File.WriteAllText(path, JsonSerializer.Serialize(this with { Trials = all }, Format) + "\n");
    }
}
