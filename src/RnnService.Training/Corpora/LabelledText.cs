namespace RnnService.Training.Corpora;

/// <summary>A text and the class it belongs to.</summary>
/// <param name="Label">The label's name.</param>
/// <param name="Text">The text, without a line end.</param>
public sealed record LabelledText(string Label, string Text);
