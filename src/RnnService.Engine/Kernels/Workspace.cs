namespace RnnService.Engine.Kernels;

/// <summary>
/// Scratch memory of one pass through a network: hands out pieces of large blocks and takes all of them back at once, so that a pass
/// allocates nothing once the blocks are there. Not thread-safe; every thread has its own.
/// </summary>
internal sealed class Workspace
{
    private const int BlockSize = 1 << 18;
    private readonly List<Memory<float>> _blocks = [];
    private int _block;
    private int _used;

    /// <summary>A piece of <paramref name="length"/> floats with any content; valid until <see cref="Reset"/>.</summary>
    public Memory<float> Take(int length)
    {
        while (_block < _blocks.Count && _used + length > _blocks[_block].Length)
        {
            _block++;
            _used = 0;
        }

        if (_block == _blocks.Count)
        {
            _blocks.Add(AlignedMemory.Allocate(Math.Max(BlockSize, length)));
            _used = 0;
        }

        Memory<float> piece = _blocks[_block].Slice(_used, length);
        _used += (length + 15) & ~15; // pieces start on cache lines of their block
        return piece;
    }

    /// <summary>A piece of <paramref name="length"/> zeros; valid until <see cref="Reset"/>.</summary>
    public Memory<float> TakeZeros(int length)
    {
        Memory<float> piece = Take(length);
        piece.Span.Clear();
        return piece;
    }

    /// <summary>Takes every piece back.</summary>
    public void Reset() => (_block, _used) = (0, 0);
}
