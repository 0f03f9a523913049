namespace RnnService.Onnx.Import.Graph.Symbols;

/// <summary>What an input is used for.</summary>
internal enum InputRole
{
    /// <summary>Nothing so far.</summary>
    None,

    /// <summary>Token ids.</summary>
    Ids,

    /// <summary>Steps of numbers.</summary>
    Numbers,

    /// <summary>Lengths of sequences.</summary>
    Lengths,

    /// <summary>A mask of the tokens, or of the padding.</summary>
    Mask,

    /// <summary>Initial h.</summary>
    Hidden,

    /// <summary>Initial c.</summary>
    CellState,
}

/// <summary>An input of the graph.</summary>
internal sealed class RecognizedInput(string name, Dimension[] dims)
{
    public string Name { get; } = name;

    public Dimension[] Dims { get; } = dims;

    public InputRole Role { get; set; }

    /// <summary>The input as steps of numbers; null where it cannot be that.</summary>
    public StackInput? Numbers { get; private set; }

    /// <summary>Says that it may be steps of numbers, whose last dimension is their features.</summary>
    public void MayBeNumbers(int features) => Numbers = new StackInput(this, Dims[..^1], features);

    /// <summary>Whether a mask is 1 for tokens, and not for padding; null while its use has not told.</summary>
    public bool? MarksTokens { get; set; }

    /// <summary>Takes the role, where the input has no other one.</summary>
    public bool TryTake(InputRole role)
    {
        if (Role != InputRole.None && Role != role) return false;
        Role = role;
        return true;
    }
}
