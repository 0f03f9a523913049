using System.Buffers.Binary;
using System.IO.Compression;

namespace RnnService.Training.Corpora;

/// <summary>A corpus file's text.</summary>
internal sealed class CorpusFile
{
    private const char ByteOrderMark = '\uFEFF';

    private readonly char _lineEnd;

    public CorpusFile(string path, string text)
    {
        Path = path;
        Marks = text.AsSpan().Count(ByteOrderMark);
        Text = Marks == 0 ? text : text.Replace($"{ByteOrderMark}", "", StringComparison.Ordinal);
        // Files of old Macs, and what some spreadsheets save as their text: CR alone ends a line.
        _lineEnd = Text.Contains('\n', StringComparison.Ordinal) || Text.AsSpan().TrimEnd('\r').IndexOf('\r') < 0 ? '\n' : '\r';
    }

    /// <summary>Where it lies.</summary>
    public string Path { get; }

    /// <summary>The whole content; byte order marks, which are no letters, are left out, those within too.</summary>
    public string Text { get; }

    /// <summary>Byte order marks inside, as files put together have them.</summary>
    public int Marks { get; }

    /// <summary>The whole content with LF at the end of every line.</summary>
    public string RunningText =>
        _lineEnd == '\r' ? Text.Replace('\r', '\n') : Text.Replace("\r\n", "\n", StringComparison.Ordinal);

    /// <summary>The lines without their ends. An end at the very end begins no further line.</summary>
    public IEnumerable<CorpusLine> Lines
    {
        get
        {
            for (int start = 0, number = 1; start < Text.Length; number++)
            {
                int end = Text.IndexOf(_lineEnd, start);
                if (end < 0) end = Text.Length;
                int length = end - start;
                if (length > 0 && Text[end - 1] == '\r') length--;
                yield return new CorpusLine(Path, number, Text.Substring(start, length));
                start = end + 1;
            }
        }
    }

    /// <summary>Says what is odd about the characters: marks inside, and what a wrong decoding left.</summary>
    public void AddNotes(ICollection<CorpusNote>? notes)
    {
        if (notes is null) return;
        if (Marks > 0)
        {
            notes.Add(new CorpusNote(
                $"{Path}: {Marks} byte order {(Marks == 1 ? "mark" : "marks")} within the text, as files put together have them, left out"));
        }

        int lost = Text.AsSpan().Count('\uFFFD');
        if (lost > 0) notes.Add(new CorpusNote($"{Path}: {lost} characters are U+FFFD: what a wrong decoding put for letters before"));
        if (Text.AsSpan().IndexOfAnyInRange('\u0080', '\u009F') is >= 0 and var at && Text[at] != '\u0085')
        {
            notes.Add(new CorpusNote(
                $"{Path}, line {Text.AsSpan(0, at).Count('\n') + 1}: U+{(int)Text[at]:X4} is a control character; WINDOWS-1252 has quotes and letters there"));
        }
    }

    /// <summary>Reads a file whole.</summary>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    /// <exception cref="InvalidDataException">The file is not gzip although its name says so, or no text.</exception>
    /// <exception cref="CorpusException">It is in another encoding.</exception>
    public static CorpusFile Open(string path, string? encoding = null) => new(path, CorpusEncoding.Decode(path, ReadBytes(path), encoding));

    /// <summary>The bytes, unpacked where they are packed with gzip.</summary>
    public static byte[] ReadBytes(string path)
    {
        byte[] bytes = ReadRaw(path);
        bool packed = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) || bytes.AsSpan().StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B, 8]);
        return packed ? Unpack(path, bytes) : bytes;
    }

    /// <summary>The bytes as they are.</summary>
    public static byte[] ReadRaw(string path)
    {
        if (Directory.Exists(path)) throw new IOException($"{path} is a folder; expected a file");
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new FileNotFoundException($"{path} is missing; expected a file", path, error);
        }
    }

    private static byte[] Unpack(string path, byte[] packed)
    {
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
}
