using RnnService.Engine.Models;
using RnnService.Engine.Weights;
using RnnService.Training.Recipes;

namespace RnnService.Training.Runs;

/// <summary>
/// The output folder holds a run or a model that this run does not go on from: the message says why. A restart goes over it.
/// </summary>
public sealed class RunFolderException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Where a run reads and writes.</summary>
public sealed record RunFolders
{
    /// <summary>Folder that the recipe's corpus paths start from.</summary>
    public required string Data { get; init; }

    /// <summary>The model folder to write; its <c>training</c> folder holds recipe, log, curve and, until the run is over, the checkpoint.</summary>
    public required string Output { get; init; }

    internal string Training => Path.Combine(Output, "training");

    internal string Checkpoint => Path.Combine(Training, "checkpoint.safetensors");

    internal string Log => Path.Combine(Training, "log.jsonl");

    internal string Curve => Path.Combine(Training, "curve.svg");

    internal string Recipe => Path.Combine(Training, "recipe.json");

    /// <summary>What belongs to the model of an earlier run, for as long as the new one has none to take its place.</summary>
    private string Previous => Path.Combine(Training, "previous");

    /// <summary>Makes the folder ready for a new run.</summary>
    internal void Begin(Recipe recipe, Action<string> saveCheckpoint)
    {
        try
        {
            Directory.CreateDirectory(Training);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw WholeFile.Unwritable(Training, error);
        }

        using FolderLock held = FolderLock.Take(Training, Output);
        SweepUp();
        saveCheckpoint(Checkpoint);
        bool keep = ModelFolder.IsOne(Output) && !Directory.Exists(Previous);
        if (keep) Directory.CreateDirectory(Previous);
        foreach (string file in (string[])[Recipe, Log, Curve])
        {
            if (!File.Exists(file)) continue;
            if (keep) File.Move(file, Path.Combine(Previous, Path.GetFileName(file)));
            else File.Delete(file);
        }

        WholeFile.Write(Recipe, recipe.ToJson());
    }

    /// <summary>Refuses a folder that another run is in.</summary>
    /// <exception cref="RunFolderException">One is.</exception>
    internal void CheckFree()
    {
        if (Directory.Exists(Training)) FolderLock.Take(Training, Output).Dispose();
    }

    /// <summary>What the checkpoint's file is like: another run that begins or goes on changes it.</summary>
    internal (DateTime Written, long Length) CheckpointStamp()
    {
        var file = new FileInfo(Checkpoint);
        return file.Exists ? (file.LastWriteTimeUtc, file.Length) : default;
    }

    /// <summary>Removes what a killed process left half written; whoever calls holds the folder's lock.</summary>
    internal void SweepUp()
    {
        foreach (string file in Directory.EnumerateFiles(Training, $"*{WholeFile.Unfinished}")) File.Delete(file);
        // Beside them may lie files of the user's: of the model's folder only what is named after our own goes.
        foreach (string name in NewFolder.Files)
        {
            foreach (string file in Directory.EnumerateFiles(Output, $"{name}.*{WholeFile.Unfinished}")) File.Delete(file);
        }

        FolderExchange.Discard(Output);
    }

    /// <summary>The run has saved a model of its own: what the earlier one left is of no use any more.</summary>
    internal void ForgetPrevious()
    {
        if (Directory.Exists(Previous)) Directory.Delete(Previous, recursive: true);
    }
}
