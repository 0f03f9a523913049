namespace RnnService.Engine.Generation;

/// <summary>Memory to choose tokens in, one for all streams of a batch. Not thread-safe.</summary>
internal sealed class DrawScratch
{
    private float[] _values = [];

    public Ranking Ranking { get; } = new();

    /// <summary><paramref name="length"/> floats of any content.</summary>
    public Span<float> Values(int length)
    {
        if (_values.Length < length) _values = new float[length];
        return _values.AsSpan(0, length);
    }
}
