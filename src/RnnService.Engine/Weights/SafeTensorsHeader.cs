using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using RnnService.Engine.Kernels;
using static RnnService.Engine.Weights.WeightFormatException;

namespace RnnService.Engine.Weights;

/// <summary>Where a tensor lies in the data after the header, and how to read it.</summary>
/// <param name="ElementName">The element type as the file names it.</param>
/// <param name="Type">The element type as this engine reads it.</param>
/// <param name="Shape">Sizes, row-major; empty for a scalar.</param>
/// <param name="Begin">First byte.</param>
/// <param name="End">One past the last byte.</param>
internal sealed record TensorEntry(string ElementName, ElementType Type, int[] Shape, long Begin, long End);

/// <summary>
/// The JSON header of a safetensors file, taken as untrusted input: whatever is not exactly as the format wants it is refused with its
/// own reason, and after <see cref="Parse"/> every entry lies inside the data, whole, alone, and of the size its shape asks for.
/// </summary>
internal sealed class SafeTensorsHeader
{
    internal const string MetadataKey = "__metadata__";

    // Every element type of the format, so that sizes can be checked also where this engine cannot read the values.
    private static readonly FrozenDictionary<string, (ElementType Type, int Bits)> ElementTypes =
        new Dictionary<string, (ElementType, int)>
        {
            ["F32"] = (ElementType.F32, 32),
            ["BF16"] = (ElementType.BF16, 16),
            ["F16"] = (ElementType.F16, 16),
            ["I64"] = (ElementType.I64, 64),
            ["I32"] = (ElementType.I32, 32),
            ["F4"] = (ElementType.Other, 4),
            ["F6_E2M3"] = (ElementType.Other, 6),
            ["F6_E3M2"] = (ElementType.Other, 6),
            ["F8_E4M3"] = (ElementType.Other, 8),
            ["F8_E4M3FNUZ"] = (ElementType.Other, 8),
            ["F8_E5M2"] = (ElementType.Other, 8),
            ["F8_E5M2FNUZ"] = (ElementType.Other, 8),
            ["F8_E8M0"] = (ElementType.Other, 8),
            ["F64"] = (ElementType.Other, 64),
            ["C64"] = (ElementType.Other, 64),
            ["BOOL"] = (ElementType.Other, 8),
            ["I8"] = (ElementType.I8, 8),
            ["U8"] = (ElementType.Other, 8),
            ["I16"] = (ElementType.Other, 16),
            ["U16"] = (ElementType.Other, 16),
            ["U32"] = (ElementType.Other, 32),
            ["U64"] = (ElementType.Other, 64),
        }.ToFrozenDictionary(StringComparer.Ordinal);

    private SafeTensorsHeader(Dictionary<string, string> metadata, Dictionary<string, TensorEntry> entries, string[] names)
    {
        Metadata = metadata.AsReadOnly();
        Entries = entries;
        Names = names;
    }

    public IReadOnlyDictionary<string, string> Metadata { get; }

    public IReadOnlyDictionary<string, TensorEntry> Entries { get; }

    /// <summary>Names in the order of their bytes in the file.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Reads and checks a header.</summary>
    /// <param name="json">The header's bytes, without the length prefix.</param>
    /// <param name="dataLength">Bytes that follow the header.</param>
    /// <param name="file">The file's name, for messages.</param>
    /// <exception cref="WeightFormatException">The header breaks a rule of the format, or does not fit the data.</exception>
    public static SafeTensorsHeader Parse(ReadOnlySpan<byte> json, long dataLength, string file)
    {
        if (json.IsEmpty || json[0] != '{') throw new WeightFormatException(file, "the header does not start with {; expected a JSON object");
        if (!Utf8.IsValid(json)) throw new WeightFormatException(file, "the header is not UTF-8");
        try
        {
            var parser = new Parser(json, file);
            var (metadata, entries) = parser.ReadHeader();
            return new SafeTensorsHeader(metadata, entries, CheckLayout(entries, dataLength, file));
        }
        catch (JsonException error)
        {
            throw new WeightFormatException(file, $"the header is not JSON: {error.Message}", error);
        }
    }

    private static string[] CheckLayout(Dictionary<string, TensorEntry> entries, long dataLength, string file)
    {
        var byPosition = entries.OrderBy(pair => pair.Value.Begin).ThenBy(pair => pair.Value.End).ToArray();
        long position = 0;
        foreach ((string name, TensorEntry entry) in byPosition)
        {
            if (entry.Begin > position)
                throw Refuse($"hole: data bytes {position} to {entry.Begin}, before tensor {Quote(name)}, belong to no tensor");
            if (entry.Begin < position)
                throw Refuse($"overlap: tensor {Quote(name)} starts at data byte {entry.Begin}, inside a tensor that ends at {position}");
            position = entry.End;
        }

        if (position > dataLength) throw Refuse($"truncated: {dataLength} bytes follow the header; expected {position}, those of the tensors");
        if (position < dataLength) throw Refuse($"too long: {dataLength} bytes follow the header; expected {position}, those of the tensors");
        return [.. byPosition.Select(pair => pair.Key)];

        WeightFormatException Refuse(string problem) => new(file, problem);
    }

    private ref struct Parser(ReadOnlySpan<byte> json, string file)
    {
        private Utf8JsonReader _reader = new(json);

        public (Dictionary<string, string> Metadata, Dictionary<string, TensorEntry> Entries) ReadHeader()
        {
            Dictionary<string, string>? metadata = null;
            var entries = new Dictionary<string, TensorEntry>(StringComparer.Ordinal);
            _reader.Read();
            while (NextKey() is string name)
            {
                if (name == MetadataKey ? metadata is not null : entries.ContainsKey(name))
                    throw Refuse($"{Quote(name)} occurs twice in the header");
                if (name == MetadataKey) metadata = ReadMetadata();
                else entries.Add(name, ReadEntry(name));
            }

            // What may still follow is white space; the reader throws on anything else.
            _reader.Read();
            return (metadata ?? new Dictionary<string, string>(StringComparer.Ordinal), entries);
        }

        private Dictionary<string, string> ReadMetadata()
        {
            if (_reader.TokenType != JsonTokenType.StartObject)
                throw Refuse($"{MetadataKey} is {Found()}; expected an object of strings");
            var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
            while (NextKey() is string key)
            {
                if (_reader.TokenType != JsonTokenType.String)
                    throw Refuse($"{MetadataKey} entry {Quote(key)} is {Found()}; expected a string");
                if (!metadata.TryAdd(key, Text())) throw Refuse($"{MetadataKey} entry {Quote(key)} occurs twice");
            }

            return metadata;
        }

        private TensorEntry ReadEntry(string name)
        {
            string where = $"tensor {Quote(name)}";
            if (_reader.TokenType != JsonTokenType.StartObject)
                throw Refuse($"{where} is {Found()}; expected an object with dtype, shape and data_offsets");
            string? elementName = null;
            int[]? shape = null;
            (long Begin, long End)? offsets = null;
            while (NextKey() is string field)
            {
                switch (field)
                {
                    case "dtype" when elementName is null: elementName = ReadElementName(where); break;
                    case "shape" when shape is null: shape = ReadShape(where); break;
                    case "data_offsets" when offsets is null: offsets = ReadOffsets(where); break;
                    case "dtype" or "shape" or "data_offsets": throw Refuse($"{where}: field {field} occurs twice");
                    default: throw Refuse($"{where}: unknown field {Quote(field)}; expected dtype, shape and data_offsets");
                }
            }

            if (elementName is null) throw Refuse($"{where}: field dtype is missing");
            if (shape is null) throw Refuse($"{where}: field shape is missing");
            if (offsets is not var (begin, end)) throw Refuse($"{where}: field data_offsets is missing");
            (ElementType type, int bits) = ElementTypes[elementName];
            long size = SizeOf(where, shape, elementName, bits);
            if (end - begin != size)
                throw Refuse($"{where}: data_offsets [{begin}, {end}] hold {end - begin} bytes; expected {size} for {elementName} {Show(shape)}");
            return new TensorEntry(elementName, type, shape, begin, end);
        }

        private string ReadElementName(string where)
        {
            if (_reader.TokenType != JsonTokenType.String) throw Refuse($"{where}: dtype is {Found()}; expected a string");
            string name = Text();
            if (ElementTypes.ContainsKey(name)) return name;
            string known = string.Join(", ", ElementTypes.Keys.Order(StringComparer.Ordinal));
            throw Refuse($"{where}: dtype is {Quote(name)}; expected one of {known}");
        }

        private int[] ReadShape(string where)
        {
            if (_reader.TokenType != JsonTokenType.StartArray) throw Refuse($"{where}: shape is {Found()}; expected a list");
            var shape = new List<int>();
            while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
            {
                if (_reader.TokenType != JsonTokenType.Number || !_reader.TryGetUInt32(out uint size) || size > int.MaxValue)
                    throw Refuse($"{where}: shape holds {Found()}; expected whole numbers from 0 to {int.MaxValue}");
                shape.Add((int)size);
            }

            return [.. shape];
        }

        private (long Begin, long End) ReadOffsets(string where)
        {
            if (_reader.TokenType != JsonTokenType.StartArray) throw Refuse($"{where}: data_offsets is {Found()}; expected a list");
            long begin = ReadOffset(where);
            long end = ReadOffset(where);
            _reader.Read();
            if (_reader.TokenType != JsonTokenType.EndArray) throw Refuse($"{where}: data_offsets holds more than two numbers; expected two");
            return begin <= end ? (begin, end) : throw Refuse($"{where}: data_offsets [{begin}, {end}] are out of order");
        }

        private long ReadOffset(string where)
        {
            _reader.Read();
            if (_reader.TokenType != JsonTokenType.Number || !_reader.TryGetUInt64(out ulong offset) || offset > long.MaxValue)
                throw Refuse($"{where}: data_offsets holds {Found()}; expected two whole numbers from 0");
            return (long)offset;
        }

        private readonly long SizeOf(string where, int[] shape, string elementName, int bits)
        {
            if (shape.Contains(0)) return 0;
            long size = bits;
            foreach (int length in shape)
            {
                if (size > long.MaxValue / length) throw Refuse($"{where}: {elementName} {Show(shape)} is larger than any file");
                size *= length;
            }

            if (size % 8 != 0) throw Refuse($"{where}: {elementName} {Show(shape)} takes {size} bits, not a whole number of bytes");
            return size / 8;
        }

        // Steps to the next key of the object and on to its value; null at the object's end.
        private string? NextKey()
        {
            _reader.Read();
            if (_reader.TokenType == JsonTokenType.EndObject) return null;
            string key = Text();
            _reader.Read();
            return key;
        }

        private readonly string Text()
        {
            try
            {
                return _reader.GetString()!;
            }
            catch (InvalidOperationException error)
            {
                throw new WeightFormatException(file, "the header holds an escape that is half of a surrogate pair", error);
            }
        }

        private readonly string Found() => _reader.TokenType switch
        {
            JsonTokenType.StartObject => "an object",
            JsonTokenType.StartArray => "a list",
            JsonTokenType.EndArray => "the list's end",
            JsonTokenType.String => "a string",
            JsonTokenType.Number => "the number " + Encoding.UTF8.GetString(_reader.ValueSpan[..Math.Min(40, _reader.ValueSpan.Length)]),
            _ => Encoding.UTF8.GetString(_reader.ValueSpan),
        };

        private readonly WeightFormatException Refuse(string problem) => new(file, problem);
    }
}
