using System.Text.Encodings.Web;
using System.Text.Json;
using RnnService.Engine.Weights;

namespace RnnService.Training.Log;

/// <summary>
/// A run's log: a file with one JSON object a line. Every record is on its way to the disk when <see cref="Append"/> returns, so a killed
/// process loses at most the line it was writing. Anyone may read meanwhile, but there must be one writer. Not safe for several threads.
/// </summary>
public sealed class TrainingLog : IDisposable
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        AllowOutOfOrderMetadataProperties = true,
        RespectRequiredConstructorParameters = true,
        Converters = { new FiniteOrNull<double>() },
    };

    private readonly FileStream _file;

    private TrainingLog(FileStream file) => _file = file;

    /// <summary>Opens a log to append to it, creating it where there is none. A last line that was cut off by a crash is removed.</summary>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    internal static TrainingLog Open(string path)
    {
        // Without a buffer a line reaches the file in one write, whole.
        var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        var log = new TrainingLog(file);
        byte[] content = log.Content();
        log.CutAt(content.AsSpan().LastIndexOf((byte)'\n') + 1);
        return log;
    }

    /// <summary>All records of a log, in file order. A last line without an end is one that a crash cut off: it is left out.</summary>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    /// <exception cref="InvalidDataException">A line is not a record; the message names file, line and why.</exception>
    public static IReadOnlyList<LogRecord> Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var content = new MemoryStream();
        file.CopyTo(content);
        return [.. Records(content.ToArray(), path).Select(entry => entry.Record)];
    }

    /// <summary>Writes a record at the end, whole or not at all.</summary>
    /// <exception cref="IOException">The disk is full, say; the message names the file.</exception>
    internal void Append(LogRecord record)
    {
        long end = _file.Position;
        try
        {
            _file.Write([.. JsonSerializer.SerializeToUtf8Bytes(record, Json), (byte)'\n']);
            _file.Flush();
        }
        catch (IOException error)
        {
            CutAt(end);
            throw WholeFile.Unwritable(_file.Name, error);
        }
    }

    /// <summary>
    /// Removes everything from the first record later than a step: a run resumed from that step's checkpoint writes it anew.
    /// </summary>
    /// <exception cref="InvalidDataException">A line is not a record; the message names file, line and why. Nothing is removed.</exception>
    internal void TruncateAfter(long step)
    {
        byte[] content = Content();
        int end = Records(content, _file.Name).Where(entry => entry.Record.Step > step).Select(entry => entry.Start)
            .DefaultIfEmpty(content.Length).Min();
        CutAt(end);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private static List<(int Start, LogRecord Record)> Records(byte[] content, string path)
    {
        var records = new List<(int, LogRecord)>();
        for (int start = 0, line = 1; ; line++)
        {
            int length = content.AsSpan(start).IndexOf((byte)'\n');
            if (length < 0) return records;
            records.Add((start, Parse(content.AsSpan(start, length), path, line)));
            start += length + 1;
        }
    }

    private static LogRecord Parse(ReadOnlySpan<byte> json, string path, int line)
    {
        try
        {
            return JsonSerializer.Deserialize<LogRecord>(json, Json) ?? throw new JsonException("null");
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException)
        {
            throw new InvalidDataException($"{path}, line {line}: not a record of a training log ({exception.Message})", exception);
        }
    }

    private byte[] Content()
    {
        byte[] content = new byte[_file.Length];
        _file.Position = 0;
        _file.ReadExactly(content);
        return content;
    }

    private void CutAt(long length)
    {
        _file.SetLength(length);
        _file.Position = length;
    }
}
