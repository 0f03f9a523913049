using System.Buffers.Binary;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using RnnService.Engine.Kernels;
using static RnnService.Engine.Weights.WeightFormatException;

namespace RnnService.Engine.Weights;

/// <summary>A tensor to be written to a weight file.</summary>
/// <param name="Name">Dotted name, unique in the file.</param>
/// <param name="Shape">Sizes; empty for a scalar. Their product is the number of values.</param>
/// <param name="Values">Values, row-major.</param>
internal readonly record struct TensorData(string Name, IReadOnlyList<int> Shape, ReadOnlyMemory<float> Values)
{
    /// <summary>Whether it stays F32 where matrices become I8.</summary>
    public bool IsExact { get; init; }
}

/// <summary>Writes safetensors files. Safe for any number of threads.</summary>
internal static class SafeTensorsWriter
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>
    /// Writes a file, tensors in the order given. It is written beside <paramref name="path"/>, flushed to disk and renamed, so that
    /// whoever reads the path sees the old file or the new one, whole; when writing fails, the old one stays.
    /// </summary>
    /// <param name="path">The file, in a folder that exists.</param>
    /// <param name="tensors">The tensors. Enumerated once, before anything is written.</param>
    /// <param name="metadata">What to say about the file.</param>
    /// <param name="type">
    /// F32, BF16, F16 or I8. Values are rounded to nearest, ties to even; too large ones become infinity. With I8 every matrix is stored
    /// as integers of −127 to 127 and its rows' scales in a tensor beside it, and all else as F32.
    /// </param>
    /// <exception cref="ArgumentException">
    /// A name is repeated or reserved, a shape does not fit its values, text is not well-formed UTF-16, the type is not one of these, a
    /// row to be stored as I8 is not finite, or the file would be too large to be read again.
    /// </exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(
        string path,
        IEnumerable<TensorData> tensors,
        IReadOnlyDictionary<string, string>? metadata = null,
        ElementType type = ElementType.F32)
    {
        _ = WidthOf(type); // refuses a type that cannot be written
        Part[] list = [.. tensors.SelectMany(tensor => PartsOf(tensor, type))];
        byte[] header = BuildHeader(list, metadata);
        WholeFile.Write(path, stream =>
        {
            Span<byte> prefix = stackalloc byte[SafeTensorsFile.PrefixLength];
            BinaryPrimitives.WriteUInt64LittleEndian(prefix, (ulong)header.Length);
            stream.Write(prefix);
            stream.Write(header);
            foreach (Part part in list) WriteValues(stream, part.Data.Values.Span, part.Type);
        });
    }

    private static byte[] BuildHeader(Part[] parts, IReadOnlyDictionary<string, string>? metadata)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        using var header = new MemoryStream();
        using (var json = new Utf8JsonWriter(header, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject(SafeTensorsHeader.MetadataKey);
                foreach ((string key, string value) in metadata) json.WriteString(StrictUtf8.GetBytes(key), StrictUtf8.GetBytes(value));
                json.WriteEndObject();
            }

            long begin = 0;
            foreach ((TensorData tensor, ElementType type) in parts)
            {
                Check(tensor, names);
                long end = begin + (long)tensor.Values.Length * WidthOf(type);
                if (end > Array.MaxLength)
                    throw new ArgumentException($"tensor {Quote(tensor.Name)} ends at byte {end}; expected at most {Array.MaxLength}");
                json.WriteStartObject(StrictUtf8.GetBytes(tensor.Name));
                json.WriteString("dtype", type.ToString());
                json.WriteStartArray("shape");
                foreach (int length in tensor.Shape) json.WriteNumberValue(length);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(begin);
                json.WriteNumberValue(end);
                json.WriteEndArray();
                json.WriteEndObject();
                begin = end;
            }

            json.WriteEndObject();
        }

        // Spaces up to a multiple of 8, so that whoever maps the file finds its values aligned.
        while (header.Length % 8 != 0) header.WriteByte((byte)' ');
        if (header.Length > SafeTensorsFile.LongestHeader)
            throw new ArgumentException($"the header takes {header.Length} bytes; expected at most {SafeTensorsFile.LongestHeader}");
        return header.ToArray();
    }

    /// <summary>What of a tensor goes into the file: itself, or integers and the scales of their rows.</summary>
    private static IEnumerable<Part> PartsOf(TensorData tensor, ElementType type)
    {
        if (type != ElementType.I8) return [new Part(tensor, type)];
        if (tensor.IsExact || tensor.Shape is not [int rows and > 0, int columns and > 0] || tensor.Values.Length != (long)rows * columns)
            return [new Part(tensor, ElementType.F32)];
        float[] integers = new float[tensor.Values.Length], scales = new float[rows];
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<float> values = tensor.Values.Span.Slice(row * columns, columns);
            float largest = MathF.Abs(System.Numerics.Tensors.TensorPrimitives.MaxMagnitude(values)), inverse = 127 / largest;
            if (!float.IsFinite(largest))
                throw new ArgumentException($"tensor {Quote(tensor.Name)}: row {row} holds {largest}; expected finite values for {type}");
            if (!float.IsFinite(inverse)) continue; // nothing but zeros, or as good as that
            scales[row] = largest / 127;
            for (int i = 0; i < columns; i++) integers[row * columns + i] = MathF.Round(values[i] * inverse);
        }

        return
        [
            new Part(tensor with { Values = integers }, ElementType.I8),
            new Part(new TensorData(SafeTensorsFile.ScaleOf(tensor.Name), [rows], scales), ElementType.F32),
        ];
    }

    private static void Check(TensorData tensor, HashSet<string> names)
    {
        string where = $"tensor {Quote(tensor.Name)}";
        if (tensor.Name == SafeTensorsHeader.MetadataKey) throw new ArgumentException($"{where}: the format reserves this name");
        if (!names.Add(tensor.Name)) throw new ArgumentException($"{where} occurs twice; expected unique names");
        long count = 1;
        foreach (int length in tensor.Shape)
        {
            if (length < 0) throw new ArgumentException($"{where}: shape {Show([.. tensor.Shape])} has a negative size");
            // Saturates: no array is as long, so the comparison below refuses it.
            count = length > 0 && count > long.MaxValue / length ? long.MaxValue : count * length;
        }

        if (count != tensor.Values.Length)
            throw new ArgumentException($"{where}: the tensor holds {tensor.Values.Length} values; expected {count} for shape {Show([.. tensor.Shape])}");
    }

    private static void WriteValues(Stream stream, ReadOnlySpan<float> values, ElementType type)
    {
        const int most = 16_384;
        int width = WidthOf(type);
        byte[] buffer = new byte[Math.Min(most, values.Length) * width];
        while (!values.IsEmpty)
        {
            int count = Math.Min(most, values.Length);
            for (int i = 0; i < count; i++)
            {
                Span<byte> target = buffer.AsSpan(i * width);
                if (type == ElementType.F32) BinaryPrimitives.WriteSingleLittleEndian(target, values[i]);
                else if (type == ElementType.I8) target[0] = (byte)(sbyte)values[i];
                else if (type == ElementType.F16) BinaryPrimitives.WriteHalfLittleEndian(target, (Half)values[i]);
                else BinaryPrimitives.WriteUInt16LittleEndian(target, ToBFloat16(values[i]));
            }

            stream.Write(buffer, 0, count * width);
            values = values[count..];
        }
    }

    private static int WidthOf(ElementType type) => type switch
    {
        ElementType.F32 => sizeof(float),
        ElementType.BF16 or ElementType.F16 => sizeof(ushort),
        ElementType.I8 => sizeof(sbyte),
        _ => throw new ArgumentException($"type is {type}; expected F32, BF16, F16 or I8"),
    };

    private static ushort ToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        // A NaN whose payload is all in the lower half would round to infinity: the quiet bit keeps it one.
        if (float.IsNaN(value)) return (ushort)(bits >> 16 | 0x40);
        return (ushort)(bits + 0x7FFF + (bits >> 16 & 1) >> 16);
    }

    /// <summary>A tensor as it goes into the file.</summary>
    private readonly record struct Part(TensorData Data, ElementType Type);
}
