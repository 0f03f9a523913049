using RnnService.Engine.Layers;
using RnnService.Onnx.Comparison;

namespace RnnService.Onnx.Import.Graph.Symbols;

/// <summary>The output layer.</summary>
/// <param name="Layer">The layer it reads.</param>
/// <param name="Pooling">How one vector a sequence came about; null for an answer a step.</param>
/// <param name="Weight">Its matrix.</param>
/// <param name="RowsAreOutputs">Whether the tensor is [outputs,width], and not [width,outputs].</param>
/// <param name="Outputs">Its outputs.</param>
/// <param name="Place">The node, as messages name it.</param>
internal sealed record RecognizedHead(
    RecurrentLayer Layer, Pooling? Pooling, SymbolicValue.Constant Weight, bool RowsAreOutputs, Axis Outputs, string Place)
{
    public SymbolicValue.Constant? Bias { get; init; }

    /// <summary>The factor of each direction where they are added up before the head; null where they are side by side.</summary>
    public float? Share { get; init; }

    /// <summary>What its outputs are multiplied by, or divided by, to be in their own units; null for nothing.</summary>
    public UnitFactor? Factor { get; init; }

    /// <summary>What is added to them then; null for nothing.</summary>
    public SymbolicValue.Constant? Offset { get; init; }

    /// <summary>The features it reads.</summary>
    public int Width => WidthOf(Layer, Share, Pooling);

    /// <summary>The features that a layer gives to a head.</summary>
    public static int WidthOf(RecurrentLayer layer, float? share, Pooling? pooling) =>
        (share is null ? layer.Reverses.Count * layer.HiddenSize : layer.HiddenSize) * (pooling is { } way ? Pool.PartsOf(way).Count : 1);
}

/// <summary>A graph that was recognised.</summary>
/// <param name="Head">The head, and through it all that is under it.</param>
/// <param name="GivesStates">Whether last states are an output.</param>
/// <param name="TakesLengths">Whether lengths are an input.</param>
/// <param name="Output">The output that gives the answers.</param>
/// <param name="Form">What the answers are.</param>
internal sealed record RecognizedNetwork(RecognizedHead Head, bool GivesStates, bool TakesLengths, string Output, AnswerForm Form)
{
    /// <summary>Whether the answers are ordered as the input is, with the labels last.</summary>
    public bool AnswersLieAsIds { get; init; }

    /// <summary>Outputs that were left out.</summary>
    public IReadOnlyList<string> Unused { get; init; } = [];

    /// <summary>The layers over the tokens, or the steps.</summary>
    public LayerStack Stack => Head.Layer.Stack;

    /// <summary>Whether the initial states are an input.</summary>
    public bool TakesStates => Stack.Layers[0].Hidden is not null || Stack.Layers[0].CellState is not null;
}
