using System.Buffers.Binary;
using RnnService.Onnx.Format.Protos;
using static RnnService.Engine.Weights.WeightFormatException;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Format;

/// <summary>What a tensor of an ONNX file holds: its size by shape and type, whether its data has that size, and its values.</summary>
internal static class TensorContent
{
    private const int MostDimensions = 32;
    private const int External = 1;

    /// <summary>The tensor as messages name it.</summary>
    public static string PlaceOf(TensorProto tensor) => $"tensor {Quote(tensor.Name)}";

    /// <summary>The element type's name, or its number where it has none.</summary>
    public static string TypeName(int type) =>
        IsKnown(type) ? ((DataType)type).ToString().ToUpperInvariant() : $"element type {type}";

    /// <summary>Whether the number stands for an element type.</summary>
    public static bool IsKnown(int type) => type is > (int)DataType.Undefined and <= (int)DataType.Float4E2M1;

    /// <summary>What is wrong, or null: shape, type, and data of exactly the size these ask for, in this file, once.</summary>
    public static string? Problem(TensorProto tensor)
    {
        if (!IsKnown(tensor.DataType)) return $"element type {tensor.DataType} found; 1 to {(int)DataType.Float4E2M1} wanted";
        if (tensor.DataLocation != 0 || tensor.ExternalData.Count > 0)
        {
            string location = tensor.ExternalData.FirstOrDefault(entry => entry.Key == "location")?.Value ?? "";
            return tensor.DataLocation is 0 or External
                ? $"its data lies in another file, {Quote(location)}; a single file that holds all data expected. In Python: "
                    + "onnx.save(onnx.load(\"model.onnx\"), \"one.onnx\")"
                : $"data_location {tensor.DataLocation} found; 0 wanted";
        }

        if (tensor.Segment is not null) return "a segment of a tensor found; whole tensors wanted";
        if (tensor.Dims.Count > MostDimensions) return $"{tensor.Dims.Count} dimensions found; at most {MostDimensions} wanted";
        Int128 elements = 1;
        foreach (long size in tensor.Dims)
        {
            if (size is < 0 or > int.MaxValue) return $"a dimension of {size} found; 0 to {int.MaxValue} wanted";
            elements = Int128.Min(elements * size, long.MaxValue); // a zero further on still makes it zero
        }

        var type = (DataType)tensor.DataType;
        (string Field, Int128 Values)[] found =
        [
            ("raw_data", tensor.HasRawData ? tensor.RawData.Length : 0), ("float_data", tensor.FloatData.Count),
            ("int32_data", tensor.Int32Data.Count), ("int64_data", tensor.Int64Data.Count), ("double_data", tensor.DoubleData.Count),
            ("uint64_data", tensor.Uint64Data.Count), ("string_data", tensor.StringData.Count),
        ];
        (string Field, Int128 Values)[] used = [.. found.Where(field => field.Values > 0)];
        if (used.Length > 1) return $"data in {used[0].Field} and in {used[1].Field} found; data once wanted";
        (string typed, Int128 perElement, Int128 elementsPer) = FieldOf(type);
        string field = used.Length > 0 ? used[0].Field : typed;
        Int128 values = used.Length > 0 ? used[0].Values : 0;
        bool raw = field == "raw_data";
        if (field != typed && !(raw && type != DataType.String)) return $"{TypeName(tensor.DataType)} in {field} found; {typed} wanted";
        Int128 wanted = raw ? (elements * BitsOf(type) + 7) / 8 : (elements * perElement + elementsPer - 1) / elementsPer;
        if (values == wanted) return null;
        string shape = Show([.. tensor.Dims.Select(size => (int)size)]);
        return $"{TypeName(tensor.DataType)} {shape} with {values} {(raw ? "bytes" : "values")} in {field} found; {wanted} wanted";
    }

    /// <summary>The values as floats, or null where they are no floating-point numbers. The tensor has no <see cref="Problem"/>.</summary>
    public static float[]? Floats(TensorProto tensor)
    {
        ReadOnlySpan<byte> raw = tensor.HasRawData ? tensor.RawData.Span : default;
        switch ((DataType)tensor.DataType)
        {
            case DataType.Float:
                if (raw.IsEmpty) return [.. tensor.FloatData];
                float[] floats = new float[raw.Length / sizeof(float)];
                for (int i = 0; i < floats.Length; i++) floats[i] = BinaryPrimitives.ReadSingleLittleEndian(raw[(i * sizeof(float))..]);
                return floats;
            case DataType.Double:
                if (raw.IsEmpty) return [.. tensor.DoubleData.Select(value => (float)value)];
                float[] rounded = new float[raw.Length / sizeof(double)];
                for (int i = 0; i < rounded.Length; i++)
                    rounded[i] = (float)BinaryPrimitives.ReadDoubleLittleEndian(raw[(i * sizeof(double))..]);
                return rounded;
            case DataType.Float16 or DataType.Bfloat16:
                bool half = tensor.DataType == (int)DataType.Float16;
                float[] widened = new float[raw.IsEmpty ? tensor.Int32Data.Count : raw.Length / sizeof(ushort)];
                for (int i = 0; i < widened.Length; i++)
                {
                    ushort bits = raw.IsEmpty
                        ? (ushort)tensor.Int32Data[i]
                        : BinaryPrimitives.ReadUInt16LittleEndian(raw[(i * sizeof(ushort))..]);
                    widened[i] = half ? (float)BitConverter.UInt16BitsToHalf(bits) : BitConverter.UInt32BitsToSingle((uint)bits << 16);
                }

                return widened;
            default:
                return null;
        }
    }

    /// <summary>
    /// The values as whole numbers, or null where they are none of 8 to 64 bits, or one of them is beyond 2^63 − 1. The tensor has no
    /// <see cref="Problem"/>.
    /// </summary>
    public static long[]? Integers(TensorProto tensor)
    {
        var type = (DataType)tensor.DataType;
        if (type is not (DataType.Int64 or DataType.Int32 or DataType.Int16 or DataType.Int8
            or DataType.Uint64 or DataType.Uint32 or DataType.Uint16 or DataType.Uint8 or DataType.Bool))
        {
            return null;
        }

        ReadOnlySpan<byte> raw = tensor.HasRawData ? tensor.RawData.Span : default;
        long[] values;
        if (raw.IsEmpty)
        {
            // One of the three fields is in use.
            values = [.. tensor.Int64Data, .. tensor.Int32Data, .. tensor.Uint64Data.Select(value => (long)value)];
        }
        else
        {
            int width = BitsOf(type) / 8;
            values = new long[raw.Length / width];
            for (int i = 0; i < values.Length; i++)
            {
                ReadOnlySpan<byte> source = raw[(i * width)..];
                values[i] = type switch
                {
                    DataType.Int64 or DataType.Uint64 => BinaryPrimitives.ReadInt64LittleEndian(source),
                    DataType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(source),
                    DataType.Uint32 => BinaryPrimitives.ReadUInt32LittleEndian(source),
                    DataType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(source),
                    DataType.Uint16 => BinaryPrimitives.ReadUInt16LittleEndian(source),
                    DataType.Int8 => (sbyte)source[0],
                    _ => source[0],
                };
            }
        }

        return type == DataType.Uint64 && values.Any(value => value < 0) ? null : values;
    }

    private static int BitsOf(DataType type) => type switch
    {
        DataType.Complex128 => 128,
        DataType.Double or DataType.Int64 or DataType.Uint64 or DataType.Complex64 => 64,
        DataType.Float or DataType.Int32 or DataType.Uint32 => 32,
        DataType.Float16 or DataType.Bfloat16 or DataType.Int16 or DataType.Uint16 => 16,
        DataType.Int4 or DataType.Uint4 or DataType.Float4E2M1 => 4,
        _ => 8,
    };

    // Where a type's values stand when they are not raw, how many make an element, and how many elements one makes.
    private static (string Field, Int128 PerElement, Int128 ElementsPer) FieldOf(DataType type) => type switch
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
