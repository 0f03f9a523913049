namespace RnnService.Training.Corpora;

/// <summary>A setting that may help against what a note says.</summary>
/// <param name="Name">
/// Its name: that of a <see cref="CorpusSource"/>'s setting as a recipe has it (<c>form_column</c>), or a dotted path of the recipe
/// (<c>data.max_tokens</c>).
/// </param>
/// <param name="Value">The value.</param>
public sealed record CorpusSetting(string Name, string Value);
