using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace RnnService.Training.Corpora;

/// <summary>Bytes of a corpus file as text: UTF-8, what a byte order mark says, or the encoding that is asked for.</summary>
internal static class CorpusEncoding
{
    private static readonly (byte[] Mark, string Name)[] Marks =
    [
        ([0xEF, 0xBB, 0xBF], "utf-8"),
        ([0xFF, 0xFE, 0, 0], "utf-32le"), // before UTF-16, whose mark it begins with
        ([0, 0, 0xFE, 0xFF], "utf-32be"),
        ([0xFF, 0xFE], "utf-16le"),
        ([0xFE, 0xFF], "utf-16be"),
    ];

    static CorpusEncoding() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    /// <summary>Whether there is an encoding of this name.</summary>
    public static bool IsKnown(string name) => Find(name) is not null;

    /// <summary>The text, byte order mark left out.</summary>
    /// <param name="path">The file, for errors.</param>
    /// <param name="bytes">Its content.</param>
    /// <param name="asked">Name of the encoding; null for UTF-8, or what a mark says.</param>
    /// <exception cref="CorpusException">The bytes are no text in that encoding; the encoding they look like is named.</exception>
    public static string Decode(string path, ReadOnlySpan<byte> bytes, string? asked)
    {
        ThrowIfPacked(path, bytes);
        byte[] start = bytes[..Math.Min(4, bytes.Length)].ToArray();
        var (mark, marked) = Marks.FirstOrDefault(entry => start.AsSpan().StartsWith(entry.Mark));
        string name = marked ?? asked ?? "utf-8"; // a mark is certain
        Encoding encoding = Find(name)!;
        int skipped = mark?.Length ?? 0;
        if (encoding is UTF8Encoding && !Utf8.IsValid(bytes)) throw NotUtf8(path, bytes);
        string text;
        try
        {
            text = encoding.GetString(bytes[skipped..]);
        }
        catch (DecoderFallbackException error)
        {
            throw new InvalidDataException($"{path}: the bytes at offset {skipped + error.Index} are no {name}; expected another encoding", error);
        }

        if (text.IndexOf('\0', StringComparison.Ordinal) is var at and >= 0) throw HasNul(path, bytes, text, at);
        return text;
    }

    private static Encoding? Find(string name)
    {
        // The names that .NET does not know, and the web's meaning of ISO-8859-1: bytes 0x80 to 0x9F are letters and quotes, not controls.
        string known = name.ToLowerInvariant() switch
        {
            "utf8" => "utf-8",
            "utf16" or "utf16le" => "utf-16le",
            "utf16be" => "utf-16be",
            "utf32" or "utf32le" => "utf-32le",
            "utf32be" => "utf-32be",
            "latin1" or "latin-1" or "iso-8859-1" or "ansi" => "windows-1252",
            "gbk" => "gb18030",
            var other => other,
        };
        bool isPage = int.TryParse(known.StartsWith("cp", StringComparison.Ordinal) ? known[2..] : known, out int page);
        try
        {
            return isPage
                ? Encoding.GetEncoding(page, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback)
                : Encoding.GetEncoding(known, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback);
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    private static void ThrowIfPacked(string path, ReadOnlySpan<byte> bytes)
    {
        string? found = bytes.StartsWith("PK\x03\x04"u8) ? "a ZIP archive, as an Excel workbook is; expected text: save it as CSV, or unpack it"
            : bytes.StartsWith("PAR1"u8) ? "a Parquet file; expected format parquet"
            : bytes.StartsWith("%PDF-"u8) ? "a PDF document; expected text"
            : bytes.StartsWith("SQLite format 3\0"u8) ? "an SQLite database; expected text"
            : bytes.StartsWith((ReadOnlySpan<byte>)[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]) ? "an old Office document (.xls, .doc); expected text: save it as CSV"
            : bytes.StartsWith("{\\rtf"u8) ? "an RTF document; expected text: save it as plain text"
            : bytes.StartsWith("ARROW1"u8) ? "an Arrow file; expected text, or format parquet: to_parquet writes it"
            : bytes.StartsWith("version https://git-lfs.github.com/"u8) ? "the note that Git LFS keeps in a file's place; expected the file: git lfs pull"
            : bytes.StartsWith("BZh"u8) && bytes.Length > 3 && bytes[3] is >= (byte)'1' and <= (byte)'9' ? "packed with bzip2; expected text or gzip: bunzip2 unpacks it"
            : bytes.StartsWith((ReadOnlySpan<byte>)[0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0]) ? "packed with xz; expected text or gzip: unxz unpacks it"
            : bytes.StartsWith((ReadOnlySpan<byte>)[(byte)'7', (byte)'z', 0xBC, 0xAF]) ? "a 7z archive; expected text or gzip"
            : bytes.StartsWith((ReadOnlySpan<byte>)[0x28, 0xB5, 0x2F, 0xFD]) ? "packed with zstd; expected text or gzip: unzstd unpacks it"
            : bytes.StartsWith("Rar!"u8) ? "a RAR archive; expected text or gzip"
            : bytes.Length > 2 && bytes[0] == 0x80 && bytes[1] is >= 2 and <= 5 ? "a Python pickle; expected text: save it as CSV or JSON lines"
            : bytes.StartsWith((ReadOnlySpan<byte>)[0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y']) ? "a NumPy array; expected text"
            : null;
        if (found is not null) throw new InvalidDataException($"{path} is {found}");
    }

    private static CorpusException HasNul(string path, ReadOnlySpan<byte> bytes, string text, int at)
    {
        string place = $"{path}, line {text.AsSpan(0, at).Count('\n') + 1}";
        return GuessWide(bytes) is { } name
            ? Refused($"{place}: NUL bytes are found, as {name.ToUpperInvariant()} has them; expected UTF-8", name)
            : new CorpusException(new CorpusNote($"{place}: a NUL character is found; expected text"));
    }

    private static CorpusException NotUtf8(string path, ReadOnlySpan<byte> bytes)
    {
        int offset = 0, wide = 0;
        while (Rune.DecodeFromUtf8(bytes[offset..], out _, out int length) == OperationStatus.Done)
        {
            offset += length;
            if (length > 1) wide++;
        }

        string found = $"{path}, line {bytes[..offset].Count((byte)'\n') + 1}: byte 0x{bytes[offset]:X2} at offset {offset} is not UTF-8; expected UTF-8 text";
        if (GuessWide(bytes) is { } name) return Refused($"{found}; NUL bytes are found too, as {name.ToUpperInvariant()} has them", name);
        if (wide > 0) return new CorpusException(new CorpusNote($"{found}, as the {wide} characters beyond ASCII before it are"));
        int high = 0, neighbours = 0, controls = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] < 0x80) continue;
            high++;
            if (bytes[i] < 0xA0) controls++;
            if (i > 0 && bytes[i - 1] >= 0x80) neighbours++;
        }

        // In Western text letters beyond ASCII stand alone; where they stand together, two bytes are a character or it is another script.
        if (neighbours > 1 && 3 * neighbours > high)
        {
            return new CorpusException(new CorpusNote(
                $"{found}; name its encoding, such as gb18030, big5, shift_jis, euc-kr, windows-1251 or koi8-r, or convert it with iconv",
                new CorpusSetting("encoding", "NAME")));
        }

        string likely = controls > 0 ? "windows-1252" : "iso-8859-1";
        return Refused($"{found}; the bytes look like {likely.ToUpperInvariant()}", likely);
    }

    /// <summary>UTF-16 or UTF-32 by where the zero bytes stand: behind an ASCII letter or before it, one or three; null for neither.</summary>
    private static string? GuessWide(ReadOnlySpan<byte> bytes)
    {
        Span<int> zeros = stackalloc int[4]; // by place in four bytes
        for (int i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] == 0) zeros[i % 4]++;
        }

        int even = zeros[0] + zeros[2], odd = zeros[1] + zeros[3];
        if (even + odd > 0.55 * bytes.Length) return zeros[0] < zeros[3] ? "utf-32le" : "utf-32be";
        // A text of another script has them at its line ends and spaces alone, but for a few letters.
        if (even + odd < 0.02 * bytes.Length || (even + odd < 2)) return null;
        return odd > 3 * even ? "utf-16le" : even > 3 * odd ? "utf-16be" : null;
    }

    private static CorpusException Refused(string sentence, string name) => new(new CorpusNote(
        $"{sentence}; name the encoding, or convert the file: iconv -f {name.ToUpperInvariant()} -t UTF-8", new CorpusSetting("encoding", name)));
}
