using RnnService.Engine.Models;

namespace RnnService.Training.Corpora;

/// <summary>A text and the class it belongs to. Two are equal when label and text are, wherever they were read.</summary>
/// <param name="Label">The label's name.</param>
/// <param name="Text">The text.</param>
public sealed record LabelledText(string Label, string Text)
{
    /// <summary>Further labels of a text that has several, in the corpus's order. Classifiers with one label a text do not use them.</summary>
    public IReadOnlyList<string> MoreLabels { get; init; } = [];

    /// <summary>All its labels, each once.</summary>
    internal IEnumerable<string> AllLabels => MoreLabels.Count == 0 ? [Label] : MoreLabels.Prepend(Label).Distinct();

    /// <summary>The labels that a classifier learns of it: all, or the first.</summary>
    internal IEnumerable<string> LabelsFor(ModelConfig config) => config.MultiLabel is true ? AllLabels : [Label];

    /// <summary>The file it was read from; empty where it was not.</summary>
    public string Path { get; init; } = "";

    /// <summary>The line it begins in, from 1.</summary>
    public int Line { get; init; }

    /// <summary>Whether it was given by a program: <see cref="Path"/> then says what as, and <see cref="Line"/> its number.</summary>
    internal bool IsInMemory { get; init; }

    /// <summary>Whether it is a phrase of a sentence that begins in the same line.</summary>
    internal bool IsPhrase { get; init; }

    /// <summary>Where it stands, for messages.</summary>
    internal string Place => Line > 0 ? $"{Path}, {(IsInMemory ? "number" : "line")} {Line}" : Path;

    /// <inheritdoc/>
    public bool Equals(LabelledText? other) => other is not null && Label == other.Label && Text == other.Text;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Label, Text);
}
