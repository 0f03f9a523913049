using Microsoft.Win32.SafeHandles;
using RnnService.AspNetCore.Models;

namespace RnnService.Server.Models;

/// <summary>
/// Content that many read at once: in a file without a name, which the system takes away with the process however that ends, or in memory
/// where no file can be written. Disposed of, it stays for those who read it already. Thread-safe.
/// </summary>
internal sealed class KeptFile : IDisposable
{
    private readonly UseCount _readers = new();
    private readonly byte[] _content;
    private readonly SafeFileHandle? _file;

    private KeptFile(byte[] content, SafeFileHandle? file, long length) => (_content, _file, Length) = (content, file, length);

    public long Length { get; }

    public bool IsOnDisk => _file is not null;

    public static KeptFile InMemory(byte[] content) => new(content, null, content.Length);

    /// <summary>Writes the content to the system's folder for temporary files; where that cannot be, it stays in memory.</summary>
    public static KeptFile OnDisk(byte[] content)
    {
        SafeFileHandle? file = null;
        try
        {
            string path = Path.Combine(Path.GetTempPath(), $"rnn-{Guid.NewGuid():N}.onnx");
            file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete, FileOptions.DeleteOnClose);
            File.Delete(path);
            RandomAccess.Write(file, content, 0);
            return new KeptFile([], file, content.Length);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            return InMemory(content);
        }
    }

    /// <summary>The content from its beginning, for one reader; null where it is gone.</summary>
    public Stream? TryRead() => _file is null ? new MemoryStream(_content, writable: false) : _readers.TryEnter() ? new Reader(_file, Length, _readers) : null;

    public void Dispose() => _ = CloseAsync();

    private async Task CloseAsync()
    {
        await _readers.RetireAsync();
        _file?.Dispose();
    }

    /// <summary>A place of its own in a file that is shared, which it leaves open.</summary>
    private sealed class Reader(SafeFileHandle file, long length, UseCount readers) : Stream
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
            int read = RandomAccess.Read(file, buffer, Position);
            Position += read;
            return read;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = await RandomAccess.ReadAsync(file, buffer, Position, cancellationToken);
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

        public override void Flush()
        {
        }

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
