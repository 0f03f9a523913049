namespace RnnService.Training.Runs;

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

    /// <summary>Recipe, log and curve of the model of an earlier run, until the new run saves a model.</summary>
    internal string Previous => Path.Combine(Training, "previous");
}
