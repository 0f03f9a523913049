using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using System.Text.Unicode;

namespace RnnService.Training.Corpora;

/// <summary>A corpus file's text, checked to be UTF-8.</summary>
internal sealed class CorpusFile
{
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    private readonly string _path;

    private CorpusFile(string path, string text)
    {
        _path = path;
        Text = text;
    }

    /// <summary>The whole content without the byte order mark.</summary>
    public string Text { get; }

    /// <summary>The lines without their ends. An LF at the very end begins no further line.</summary>
    public IEnumerable<CorpusLine> Lines
    {
        get
        {
            for (int start = 0, number = 1; start < Text.Length; number++)
            {
                int end = Text.IndexOf('\n', start);
                if (end < 0) end = Text.Length;
                int length = end - start;
                if (length > 0 && Text[end - 1] == '\r') length--;
                yield return new CorpusLine(_path, number, Text.Substring(start, length));
                start = end + 1;
            }
        }
    }

    /// <exception cref="IOException">The file cannot be opened.</exception>
    /// <exception cref="InvalidDataException">The file is not UTF-8, or not gzip although its name says so.</exception>
    public static CorpusFile Open(string path)
    {
        byte[] bytes = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? Unpack(path) : File.ReadAllBytes(path);
        if (!Utf8.IsValid(bytes)) throw NotUtf8(path, bytes);
        int start = bytes.AsSpan().StartsWith(ByteOrderMark) ? ByteOrderMark.Length : 0;
        return new CorpusFile(path, Encoding.UTF8.GetString(bytes, start, bytes.Length - start));
    }

    private static byte[] Unpack(string path)
    {
        byte[] packed = File.ReadAllBytes(path);
        using var unpacking = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress);
        using var content = new MemoryStream();
        try
        {
            unpacking.CopyTo(content);
        }
        catch (InvalidDataException exception)
        {
            throw new InvalidDataException($"{path} is not a whole gzip file: {exception.Message}", exception);
        }

        // GZipStream takes a file cut short for one that ends there. A whole one ends with the size of its last part, often the only one;
        // other bytes in that place nearly always say more than was unpacked.
        uint size = packed.Length < 4 ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(packed.AsSpan(^4));
        if (size > content.Length)
        {
            throw new InvalidDataException(
                $"{path} is not a whole gzip file: its end says {size} bytes, but {content.Length} were unpacked");
        }

        return content.ToArray();
    }

    private static InvalidDataException NotUtf8(string path, ReadOnlySpan<byte> bytes)
    {
        int offset = 0;
        while (Rune.DecodeFromUtf8(bytes[offset..], out _, out int length) == OperationStatus.Done) offset += length;
        int line = bytes[..offset].Count((byte)'\n') + 1;
        return new InvalidDataException(
            $"{path}, line {line}: byte 0x{bytes[offset]:X2} at offset {offset} is not UTF-8: wanted UTF-8 text");
    }
}
