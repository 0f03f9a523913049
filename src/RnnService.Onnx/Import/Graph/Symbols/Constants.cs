using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;

namespace RnnService.Onnx.Import.Graph.Symbols;

/// <summary>Reads numbers that a value has whatever the inputs are.</summary>
internal static class Constants
{
    /// <summary>Entries of the longest shape that is followed.</summary>
    public const int LongestShape = 64;

    /// <summary>A value as a shape: computed from shapes, or a few whole numbers that the file holds. Null where it is none.</summary>
    public static SymbolicValue.Shape? AsShape(SymbolicValue? value) => value switch
    {
        SymbolicValue.Shape shape => shape,
        SymbolicValue.Constant { Tensor: { Dims.Count: <= 1 } tensor }
            when Count(tensor) <= LongestShape && TensorContent.Integers(tensor) is { } numbers =>
            new SymbolicValue.Shape([.. numbers.Select(number => new ShapeEntry(number))], tensor.Dims.Count == 0),
        _ => null,
    };

    /// <summary>Whole numbers that the file holds or that follow from shapes alone; null where they do not.</summary>
    public static long[]? Integers(SymbolicValue? value) => AsShape(value) is { } shape && shape.Entries.All(entry => entry.Number is not null)
        ? [.. shape.Entries.Select(entry => entry.Number!.Value)]
        : null;

    /// <summary>One whole number; null where the value is another one.</summary>
    public static long? Integer(SymbolicValue? value) => Integers(value) is [var one] ? one : null;

    /// <summary>A single number that the file holds; null where it is none.</summary>
    public static float? Number(SymbolicValue? value) => value switch
    {
        SymbolicValue.Zeros => 0,
        SymbolicValue.Constant { Tensor: var tensor } when Count(tensor) == 1 =>
            TensorContent.Floats(tensor)?[0] ?? (TensorContent.Integers(tensor) is [var whole] ? whole : null),
        SymbolicValue.Shape { Entries: [{ Number: { } number }] } => number,
        _ => null,
    };

    /// <summary>Elements of a tensor; at most <see cref="int.MaxValue"/>.</summary>
    public static long Count(TensorProto tensor) => tensor.Dims.Aggregate(1L, (product, size) => Math.Min(product * size, int.MaxValue));
}
