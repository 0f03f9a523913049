using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Format;

/// <summary>ONNX's element types: their names, kinds and sizes.</summary>
internal static class ElementTypes
{
    /// <summary>The newest type that is known.</summary>
    public const int Newest = (int)DataType.Float4E2M1;

    /// <summary>Whether the number stands for an element type.</summary>
    public static bool IsKnown(int type) => type is > (int)DataType.Undefined and <= Newest;

    /// <summary>The element type's name, or its number where it has none.</summary>
    public static string Name(int type) => IsKnown(type) ? ((DataType)type).ToString().ToUpperInvariant() : $"element type {type}";

    /// <summary>Whether it is a floating-point number of 16 to 64 bits.</summary>
    public static bool IsFloat(int type) => (DataType)type is DataType.Float or DataType.Double or DataType.Float16 or DataType.Bfloat16;

    /// <summary>Whether it is a whole number of 8 to 64 bits.</summary>
    public static bool IsWhole(int type) => (DataType)type
        is DataType.Int64 or DataType.Int32 or DataType.Int16 or DataType.Int8
        or DataType.Uint64 or DataType.Uint32 or DataType.Uint16 or DataType.Uint8;

    /// <summary>Bits of an element where it is stored raw.</summary>
    public static int Bits(DataType type) => type switch
    {
        DataType.Complex128 => 128,
        DataType.Double or DataType.Int64 or DataType.Uint64 or DataType.Complex64 => 64,
        DataType.Float or DataType.Int32 or DataType.Uint32 => 32,
        DataType.Float16 or DataType.Bfloat16 or DataType.Int16 or DataType.Uint16 => 16,
        DataType.Int4 or DataType.Uint4 or DataType.Float4E2M1 => 4,
        _ => 8,
    };

    /// <summary>The field that holds values that are not raw, how many of them make an element, and how many elements one makes.</summary>
    public static (string Field, Int128 PerElement, Int128 ElementsPer) FieldOf(DataType type) => type switch
    {
        DataType.Float => ("float_data", 1, 1),
        DataType.Complex64 => ("float_data", 2, 1),
        DataType.Double => ("double_data", 1, 1),
        DataType.Complex128 => ("double_data", 2, 1),
        DataType.Int64 => ("int64_data", 1, 1),
        DataType.Uint64 or DataType.Uint32 => ("uint64_data", 1, 1),
        DataType.String => ("string_data", 1, 1),
        DataType.Int4 or DataType.Uint4 or DataType.Float4E2M1 => ("int32_data", 1, 2),
        _ => ("int32_data", 1, 1),
    };
}
