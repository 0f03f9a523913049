using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace RnnService.Onnx.Format;

/// <summary>
/// Reads the protobuf encoding of an untrusted file before it is parsed, so that parsing cannot take many times the file's size: two
/// bytes may become an object of a hundred, one byte a number of eight. What is counted against a limit here is everything that grows.
/// Numbers of fixed width, byte strings and what is not declared do not. Holds one buffer, never the file.
/// </summary>
internal sealed class WireCheck
{
    private const int MostParts = 250_000; // messages, texts, byte strings and undeclared fields
    private const int MostNumbers = 1_000_000; // of varying width, or written one by one
    private const int MostText = 64 << 20; // bytes of UTF-8
    private const int Deepest = 50; // protobuf's own limit is 100

    private readonly Stream _stream;
    private readonly string _file;
    private readonly byte[] _buffer = new byte[1 << 16];
    private long _start; // place of the buffer's first byte in the file
    private int _next, _filled;
    private int _parts, _numbers;
    private long _text;

    private WireCheck(Stream stream, string file) => (_stream, _file) = (stream, file);

    private long Position => _start + _next;

    /// <summary>Checks a message that fills the stream.</summary>
    /// <exception cref="OnnxFormatException">It is not well-formed, or breaks a limit.</exception>
    public static void Check(Stream stream, MessageDescriptor type, string file)
    {
        stream.Position = 0;
        new WireCheck(stream, file).Message(type, stream.Length, depth: 1);
    }

    private void Message(MessageDescriptor type, long end, int depth)
    {
        ulong seen = 0;
        while (Position < end)
        {
            long at = Position;
            ulong tag = Varint(end, type);
            (ulong number, var wire) = (tag >> 3, (WireFormat.WireType)(tag & 7));
            if (number is 0 or > int.MaxValue) throw Refuse(at, type, $"field number {number} found; expected an ONNX model");
            FieldDescriptor? field = type.FindFieldByNumber((int)number);
            if (field is null)
            {
                Count(ref _parts, MostParts, "messages and texts", at, type);
            }
            else if (!field.IsRepeated)
            {
                if ((seen & 1UL << (int)number) != 0) throw Refuse(at, type, $"{field.Name} is given twice; expected once");
                seen |= 1UL << (int)number;
            }

            switch (wire)
            {
                case WireFormat.WireType.Varint:
                    Varint(end, type);
                    break;
                case WireFormat.WireType.Fixed64:
                    Skip(sizeof(ulong), end, type);
                    break;
                case WireFormat.WireType.Fixed32:
                    Skip(sizeof(uint), end, type);
                    break;
                case WireFormat.WireType.LengthDelimited:
                    ulong length = Varint(end, type);
                    if (length > (ulong)(end - Position))
                    {
                        string name = field?.Name ?? $"field {number}";
                        throw Refuse(at, type, $"truncated: {name} announces {length} bytes, {end - Position} follow; expected all");
                    }

                    if (field is null) Skip((long)length, end, type);
                    else Content(type, field, at, (long)length, depth);
                    continue;
                default:
                    throw Refuse(at, type, $"wire type {(int)wire} found; expected an ONNX model");
            }

            if (field is null) continue;
            if (wire != WireTypeOf(field))
                throw Refuse(at, type, $"wire type {(int)wire} found for {field.Name}; expected {(int)WireTypeOf(field)}");
            if (field.IsRepeated) Count(ref _numbers, MostNumbers, "numbers", at, type);
        }
    }

    private void Content(MessageDescriptor type, FieldDescriptor field, long at, long length, int depth)
    {
        long end = Position + length;
        switch (WireTypeOf(field))
        {
            case WireFormat.WireType.LengthDelimited:
                Count(ref _parts, MostParts, "messages and texts", at, type);
                if (field.FieldType == FieldType.Message)
                {
                    if (depth == Deepest) throw Refuse(at, type, $"nested deeper than {Deepest} messages; expected a flatter model");
                    Message(field.MessageType, end, depth + 1);
                    return;
                }

                if (field.FieldType == FieldType.String && (_text += length) > MostText)
                    throw Refuse(at, type, $"more than {MostText} bytes of text found; expected a smaller model");
                break;
            case var wire when !field.IsRepeated:
                throw Refuse(at, type, $"wire type 2 found for {field.Name}; expected {(int)wire}");
            case WireFormat.WireType.Varint:
                while (Position < end)
                {
                    Varint(end, type);
                    Count(ref _numbers, MostNumbers, "numbers", at, type);
                }

                return;
            case var wire:
                int width = wire == WireFormat.WireType.Fixed64 ? sizeof(ulong) : sizeof(uint);
                if (length % width != 0) throw Refuse(at, type, $"{field.Name} takes {length} bytes; expected a multiple of {width}");
                break;
        }

        Skip(length, end, type);
    }

    private static WireFormat.WireType WireTypeOf(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Message or FieldType.String or FieldType.Bytes => WireFormat.WireType.LengthDelimited,
        FieldType.Float => WireFormat.WireType.Fixed32,
        FieldType.Double => WireFormat.WireType.Fixed64,
        _ => WireFormat.WireType.Varint,
    };

    private ulong Varint(long end, MessageDescriptor type)
    {
        long at = Position;
        ulong value = 0;
        for (int shift = 0; shift < 70; shift += 7)
        {
            if (Position >= end) throw Refuse(at, type, "truncated within a number; expected an ONNX model");
            if (_next == _filled) Fill(type);
            byte part = _buffer[_next++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80) return value;
        }

        throw Refuse(at, type, "a number longer than 10 bytes found; expected an ONNX model");
    }

    private void Skip(long length, long end, MessageDescriptor type)
    {
        if (length > end - Position) throw Refuse(Position, type, $"truncated: {end - Position} bytes follow; expected {length}");
        if (length <= _filled - _next)
        {
            _next += (int)length;
            return;
        }

        _start = _stream.Seek(Position + length, SeekOrigin.Begin);
        _next = _filled = 0;
    }

    private void Fill(MessageDescriptor type)
    {
        _start += _filled;
        _next = 0;
        _filled = _stream.Read(_buffer);
        if (_filled == 0) throw Refuse(Position, type, "truncated while it was read; expected a file that stays as it is");
    }

    private void Count(ref int counted, int most, string what, long at, MessageDescriptor type)
    {
        if (++counted > most) throw Refuse(at, type, $"more than {most} {what} found; expected a smaller model");
    }

    private OnnxFormatException Refuse(long at, MessageDescriptor type, string problem) =>
        new(_file, $"byte {at}, in {type.Name}", problem);
}
