using RnnService.Training.Recipes;

namespace RnnService.Training;

/// <summary>How a model is trained from code. Whatever is left out is as the command <c>rnn train</c> has it. Immutable.</summary>
public sealed record TrainingOptions
{
    /// <summary>
    /// The recipe; unless given, that of <see cref="DefaultRecipes.For(Engine.Models.ModelTask, long, IEnumerable{string})"/> for as many examples as
    /// there are. Corpora that it names are not read: the examples take their place.
    /// </summary>
    public Recipe? Recipe { get; init; }

    /// <summary>The folder of a model that the training starts from, as <see cref="Recipe.From"/>; null starts from random weights.</summary>
    public string? From { get; init; }

    /// <summary>
    /// The model folder to write, made when missing. A run that was cancelled there, or whose process ended, is resumed by the same call
    /// with the same examples and the same recipe, and comes to the same weights. Unless given, nothing is written to disk.
    /// </summary>
    public string? OutputFolder { get; init; }

    /// <summary>Starts anew whatever the output folder holds; else a finished model in it is refused.</summary>
    public bool Restart { get; init; }

    /// <summary>Time between checkpoints in the output folder: what a process that ends at once loses at the most.</summary>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>What is set of the usual recipe.</summary>
    internal IReadOnlyList<string> Settings => From is null ? [] : [$"from={From}"];
}
