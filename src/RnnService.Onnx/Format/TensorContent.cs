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

    /// <summary>What is wrong, or null: shape, type, and data of exactly the size these ask for, in this file, once.</summary>
    public static string? Problem(TensorProto tensor)
    {
        if (!ElementTypes.IsKnown(tensor.DataType)) return $"element type {tensor.DataType} found; expected 1 to {ElementTypes.Newest}";
        if (tensor.DataLocation != 0 || tensor.ExternalData.Count > 0)
        {
            string location = tensor.ExternalData.FirstOrDefault(entry => entry.Key == "location")?.Value ?? "";
            return tensor.DataLocation is 0 or External
                ? $"its data lies in another file, {Quote(location)}; expected a single file that holds all data. In Python: "
                    + "onnx.save(onnx.load(\"model.onnx\"), \"one.onnx\")"
                : $"data_location {tensor.DataLocation} found; expected 0";
        }

        if (tensor.Segment is not null) return "a segment of a tensor found; expected whole tensors";
        if (tensor.Dims.Count > MostDimensions) return $"{tensor.Dims.Count} dimensions found; expected at most {MostDimensions}";
        Int128 elements = 1;
        foreach (long size in tensor.Dims)
        {
            if (size is < 0 or > int.MaxValue) return $"a dimension of {size} found; expected 0 to {int.MaxValue}";
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
        if (used.Length > 1) return $"data in {used[0].Field} and in {used[1].Field} found; expected data once";
        (string typed, Int128 perElement, Int128 elementsPer) = ElementTypes.FieldOf(type);
        string field = used.Length > 0 ? used[0].Field : typed;
        Int128 values = used.Length > 0 ? used[0].Values : 0;
        bool raw = field == "raw_data";
        if (field != typed && !(raw && type != DataType.String)) return $"{ElementTypes.Name(tensor.DataType)} in {field} found; expected {typed}";
        Int128 expected = raw ? (elements * ElementTypes.Bits(type) + 7) / 8 : (elements * perElement + elementsPer - 1) / elementsPer;
        if (values == expected) return null;
        string shape = Show([.. tensor.Dims.Select(size => (int)size)]);
        return $"{ElementTypes.Name(tensor.DataType)} {shape} with {values} {(raw ? "bytes" : "values")} in {field} found; expected {expected}";
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
        if (!ElementTypes.IsWhole(tensor.DataType) && type != DataType.Bool) return null;
        ReadOnlySpan<byte> raw = tensor.HasRawData ? tensor.RawData.Span : default;
        long[] values;
        if (raw.IsEmpty)
        {
            // One of the three fields is in use.
            values = [.. tensor.Int64Data, .. tensor.Int32Data, .. tensor.Uint64Data.Select(value => (long)value)];
        }
        else
        {
            int width = ElementTypes.Bits(type) / 8;
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
}
