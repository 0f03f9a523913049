using System.Buffers;
using System.IO.Pipelines;

namespace RnnService.Server.Requests;

/// <summary>
/// A request's body as a stream for a decoder. Unlike the framework's own, it leaves the reader as it was when a pending read is cancelled:
/// the server reads on from there, to find the end of the request.
/// </summary>
internal sealed class BodyStream(PipeReader body) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ReadResult read = await body.ReadAsync(cancellationToken);
        int count = read.IsCanceled ? 0 : (int)Math.Min(buffer.Length, read.Buffer.Length);
        SequencePosition end = read.Buffer.GetPosition(count);
        read.Buffer.Slice(0, end).CopyTo(buffer.Span);
        body.AdvanceTo(end);
        return read.IsCanceled ? throw new OperationCanceledException() : count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Flush()
    {
    }
}
