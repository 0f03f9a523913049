namespace RnnService.Onnx.Import.Weights;

/// <summary>A parameter of a state dict under the name that the module has for it, before a map gives it another.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Tensor">Its shape and values.</param>
internal sealed record NamedTensor(string Name, FoundTensor Tensor)
{
    /// <summary>The tensors of the file that make it, where it is made of others.</summary>
    public IReadOnlyList<string> Parts { get; init; } = [];

    /// <summary>The one of <see cref="Parts"/> that has its values alone; null where there is none.</summary>
    public string? Whole { get; init; }

    /// <summary>What the parts are, for messages and notes.</summary>
    public string Meaning { get; init; } = "";
}
