namespace RnnService.Engine.Kernels;

/// <summary>
/// How values are stored, in a file and in a matrix that is multiplied; the names are those of safetensors. Matrices keep BF16 and I8 as
/// they are and everything else as F32.
/// </summary>
public enum ElementType
{
    /// <summary>32-bit floats: exactly the values in memory.</summary>
    F32,

    /// <summary>The upper half of a 32-bit float: its range, with 8 bits of precision. A product is what F32 gives for the rounded weights.</summary>
    BF16,

    /// <summary>16-bit floats: 11 bits of precision, magnitudes from 6e-8 to 65504.</summary>
    F16,

    /// <summary>
    /// 8-bit signed integers, each row of a matrix times a scale of its own: w ≈ scale·q with |q| ≤ 127. In a product the other factor is
    /// rounded to 7 bits, |q| ≤ 63, each of its rows with its own scale.
    /// </summary>
    I8,

    /// <summary>64-bit signed integers.</summary>
    I64,

    /// <summary>32-bit signed integers.</summary>
    I32,

    /// <summary>A type of safetensors whose values this engine does not read.</summary>
    Other,
}

/// <summary>The names of element types.</summary>
public static class ElementTypes
{
    /// <summary>The name of a model's weights to the outside (<c>dtype</c>): <c>f32</c>, <c>bf16</c>, <c>f16</c> or <c>int8</c>.</summary>
    public static string Dtype(this ElementType type) => type == ElementType.I8 ? "int8" : type.ToString().ToLowerInvariant();
}
