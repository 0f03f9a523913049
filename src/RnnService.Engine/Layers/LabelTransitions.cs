namespace RnnService.Engine.Layers;

/// <summary>
/// What a conditional random field adds to the scores of single labels: the score of a string of labels is the sum of its labels' logits, of
/// <see cref="Start"/> of the first label, <see cref="End"/> of the last, and <see cref="Between"/> of each label and the next.
/// </summary>
/// <param name="start">[labels].</param>
/// <param name="between">[labels,labels], from the row's label to the column's.</param>
/// <param name="end">[labels].</param>
public sealed class LabelTransitions(ReadOnlyMemory<float> start, ReadOnlyMemory<float> between, ReadOnlyMemory<float> end)
{
    /// <summary>Of the first label, [labels].</summary>
    public ReadOnlyMemory<float> Start { get; } = start;

    /// <summary>Of a label and the next, [labels,labels].</summary>
    public ReadOnlyMemory<float> Between { get; } = between;

    /// <summary>Of the last label, [labels].</summary>
    public ReadOnlyMemory<float> End { get; } = end;
}
