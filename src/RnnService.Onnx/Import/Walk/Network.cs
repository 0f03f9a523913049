namespace RnnService.Onnx.Import.Walk;

/// <summary>A graph that was recognised.</summary>
/// <param name="Head">The head, and through it all that is under it.</param>
/// <param name="GivesStates">Whether last states are an output.</param>
/// <param name="TakesLengths">Whether lengths are an input.</param>
internal sealed record Network(Head Head, bool GivesStates, bool TakesLengths)
{
    /// <summary>The layers over the tokens.</summary>
    public Stack Stack => Head.Layer.Stack;

    /// <summary>Whether the states at the start are an input.</summary>
    public bool TakesStates => Stack.Layers[0].Hidden is not null || Stack.Layers[0].Memory is not null;
}
