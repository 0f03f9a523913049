namespace RnnService.Training.Recipes;

/// <summary>One setting of a recipe: help, documentation and refusals are made of it.</summary>
/// <param name="Path">Its place, such as <c>training.learning_rate</c>; <c>[]</c> stands for every element of a list.</param>
/// <param name="Meaning">What it does: one or two sentences.</param>
/// <param name="Expected">The kind of value and its bounds, to be read after "expected".</param>
/// <param name="Default">The value where a recipe does not name it, as JSON; null where it must be named.</param>
internal sealed record Setting(string Path, string Meaning, string Expected, string? Default)
{
    /// <summary>The numbers it may be; null when there is nothing to say beyond its kind.</summary>
    internal Bounds? Bounds { get; init; }
}
