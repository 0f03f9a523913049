using Microsoft.Win32.SafeHandles;
using RnnService.AspNetCore.Models;
using RnnService.Onnx.Export;

namespace RnnService.Server.Models;

/// <summary>
/// The files of a model's export, which many read at once: one after the other in a file without a name, which the system takes away with the process
/// however that ends, or in memory where no file can be written. Disposed of, they stay for those who read them already. Thread-safe.
/// </summary>
internal sealed class KeptExport : IDisposable
{
    private readonly UseCount _readers = new();
    private readonly Part[] _parts;
    private readonly SafeFileHandle? _file;

    private KeptExport(IReadOnlyList<ExportedFile> files, SafeFileHandle? file)
    {
        _file = file;
        _parts = new Part[files.Count];
        for (int i = 0; i < _parts.Length; i++)
        {
            byte[] content = files[i].Content;
            _parts[i] = new Part(files[i].Part, Length, content.Length, file is null ? content : []);
            Length += content.Length;
        }
    }

    /// <summary>Bytes of all files together.</summary>
    public long Length { get; }

    public bool IsOnDisk => _file is not null;

    public static KeptExport InMemory(IReadOnlyList<ExportedFile> files) => new(files, null);

    /// <summary>Writes the files to the system's folder for temporary files; where that cannot be, they stay in memory.</summary>
    public static KeptExport OnDisk(IReadOnlyList<ExportedFile> files)
    {
        SafeFileHandle? file = null;
        try
        {
            string path = Path.Combine(Path.GetTempPath(), $"rnn-{Guid.NewGuid():N}.onnx");
            file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete, FileOptions.DeleteOnClose);
            File.Delete(path);
            RandomAccess.Write(file, [.. files.Select(one => (ReadOnlyMemory<byte>)one.Content)], 0);
            return new KeptExport(files, file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            return InMemory(files);
        }
    }

    /// <summary>A file from its beginning, for one reader; null where it is gone.</summary>
    /// <exception cref="ArgumentException">There is no such part.</exception>
    public Stream? TryRead(GraphPart part)
    {
        int place = Array.FindIndex(_parts, one => one.Of == part);
        if (place < 0) throw new ArgumentException($"part is {part}; expected {string.Join(" or ", _parts.Select(one => one.Of))}", nameof(part));
        Part found = _parts[place];
        if (_file is null) return new MemoryStream(found.Content, writable: false);
        return _readers.TryEnter() ? new Reader(_file, found.Start, found.Length, _readers) : null;
    }

    public void Dispose() => _ = CloseAsync();

    private async Task CloseAsync()
    {
        await _readers.RetireAsync();
        _file?.Dispose();
    }

    /// <summary>Where a file begins in the one that is shared, and how long it is; or what is in it.</summary>
    private readonly record struct Part(GraphPart Of, long Start, long Length, byte[] Content);

    /// <summary>A place of its own in a part of a file that is shared, which it leaves open.</summary>
    private sealed class Reader(SafeFileHandle file, long start, long length, UseCount readers) : Stream
    {
        private int _closed;

        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => false;

        public override long Length => length;

        public override long Position { get; set; }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            int read = RandomAccess.Read(file, buffer[..Room(buffer.Length)], start + Position);
            Position += read;
            return read;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = await RandomAccess.ReadAsync(file, buffer[..Room(buffer.Length)], start + Position, cancellationToken);
            Position += read;
            return read;
        }

        public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
        {
            SeekOrigin.Begin => offset,
            SeekOrigin.Current => Position + offset,
            _ => length + offset,
        };

        protected override void Dispose(bool disposing)
        {
            if (Interlocked.Exchange(ref _closed, 1) == 0) readers.Leave();
            base.Dispose(disposing);
        }

        // Another part may follow.
        private int Room(int bytes) => (int)Math.Clamp(length - Position, 0, bytes);

        public override void Flush()
        {
        }

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
