using RnnService.Onnx.Comparison;

namespace RnnService.Onnx.Import.Graph;

/// <summary>A graph that was recognised.</summary>
/// <param name="Head">The head, and through it all that is under it.</param>
/// <param name="GivesStates">Whether last states are an output.</param>
/// <param name="TakesLengths">Whether lengths are an input.</param>
/// <param name="Output">The output that gives the answers.</param>
/// <param name="End">What the answers are.</param>
internal sealed record Network(Head Head, bool GivesStates, bool TakesLengths, string Output, AnswerForm End)
{
    /// <summary>Whether the answers lie as the ids do, with the labels last.</summary>
    public bool AnswersLieAsIds { get; init; }

    /// <summary>Outputs that were left out.</summary>
    public IReadOnlyList<string> Unused { get; init; } = [];

    /// <summary>The layers over the tokens.</summary>
    public Stack Stack => Head.Layer.Stack;

    /// <summary>Whether the states at the start are an input.</summary>
    public bool TakesStates => Stack.Layers[0].Hidden is not null || Stack.Layers[0].Memory is not null;
}
