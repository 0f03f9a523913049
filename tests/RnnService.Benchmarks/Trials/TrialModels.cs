using System.Collections.Concurrent;
using RnnService.Benchmarks.Load;

namespace RnnService.Benchmarks.Trials;

/// <summary>A folder of models: shipped ones, and whatever a trial puts beside them.</summary>
internal sealed class TrialModels : IDisposable
{
    private static readonly ConcurrentDictionary<TrialModels, bool> Made = new();

    /// <summary>Makes the folder with a model of each usual task.</summary>
    public TrialModels()
        : this("pos", "sentiment", "shakespeare")
    {
    }

    private TrialModels(params IEnumerable<string> shipped)
    {
        Made[this] = true;
        foreach (string model in shipped)
            Directory.CreateSymbolicLink(System.IO.Path.Combine(Path, model), System.IO.Path.Combine(LoadModels.Shipped, model));
    }

    /// <summary>Makes the folder with all that is served where nothing is said.</summary>
    public static TrialModels OfAll() =>
        new(from folder in Directory.GetDirectories(LoadModels.Shipped) where File.Exists(System.IO.Path.Combine(folder, "config.json")) select System.IO.Path.GetFileName(folder));

    public string Path { get; } = Directory.CreateTempSubdirectory("rnn-trials-").FullName;

    /// <summary>Makes an empty folder.</summary>
    public string New(string name) => Directory.CreateDirectory(System.IO.Path.Combine(Path, name)).FullName;

    /// <summary>Copies a shipped model, without the notes of its training.</summary>
    public string CopyOf(string model, string name)
    {
        string folder = New(name);
        foreach (string file in Directory.GetFiles(System.IO.Path.Combine(LoadModels.Shipped, model)))
            File.Copy(file, System.IO.Path.Combine(folder, System.IO.Path.GetFileName(file)));
        return folder;
    }

    /// <summary>Puts a model's files in the place of another version's, the manifest last, as copying with the usual tools does.</summary>
    public void Replace(string name, string with)
    {
        string folder = System.IO.Path.Combine(Path, name);
        foreach (string file in Directory.GetFiles(with).OrderBy(file => file.EndsWith("config.json", StringComparison.Ordinal)))
        {
            string target = System.IO.Path.Combine(folder, System.IO.Path.GetFileName(file)), copy = target + ".new";
            File.Copy(file, copy);
            // A copy is as old as what it is of, and a folder that looks as before is not loaded again.
            File.SetLastWriteTimeUtc(copy, DateTime.UtcNow);
            File.Move(copy, target, overwrite: true);
        }
    }

    /// <summary>Removes all that were not disposed of.</summary>
    public static void RemoveAll()
    {
        foreach (TrialModels models in Made.Keys) models.Dispose();
    }

    public void Dispose()
    {
        if (Made.TryRemove(this, out _)) Directory.Delete(Path, recursive: true);
    }
}
