using RnnService.Onnx.Format.Protos;

namespace RnnService.Onnx.Import.Graph.Symbols;

/// <summary>What a value of the graph is, without its numbers.</summary>
internal abstract record SymbolicValue
{
    /// <summary>
    /// A tensor that the file holds: <paramref name="Transposed"/> when its two dimensions are to be exchanged,
    /// <paramref name="Converted"/> when its numbers were cast to floats.
    /// </summary>
    internal sealed record Constant(TensorProto Tensor, bool Transposed = false, bool Converted = false) : SymbolicValue
    {
        /// <summary>The sizes of the tensor as the file has it.</summary>
        public int[] Sizes => [.. Tensor.Dims.Select(dim => (int)dim)];
    }

    /// <summary>Zeros of whatever shape.</summary>
    internal sealed record Zeros : SymbolicValue;

    /// <summary>A shape, or part of one.</summary>
    internal sealed record Shape(ShapeEntry[] Entries, bool IsScalar = false) : SymbolicValue;

    /// <summary>Numbers that depend on the inputs: their role, and their dimensions.</summary>
    internal sealed record Computed(Role Role, params Dimension[] Dims) : SymbolicValue
    {
        /// <summary>What was written past the end of each sequence.</summary>
        public Fill Fill { get; init; }

        /// <summary>The lengths or mask by which it was written.</summary>
        public RecognizedInput? FilledBy { get; init; }

        /// <summary>The same with other dimensions in the place of one.</summary>
        public Computed Replace(int dim, params ReadOnlySpan<Dimension> others) =>
            this with { Dims = [.. Dims[..dim], .. others, .. Dims[(dim + 1)..]] };
    }
}

/// <summary>What was written where a sequence has ended.</summary>
internal enum Fill
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Zero.</summary>
    Zero,

    /// <summary>A number below all that count.</summary>
    Low,
}
