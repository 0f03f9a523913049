namespace RnnService.Engine.Generation;

/// <summary>Memory to choose tokens in, one for all streams of a batch. Not thread-safe.</summary>
internal sealed class DrawScratch
{
    private float[] _values = [], _scores = [];

    public Ranking Ranking { get; } = new();

    /// <summary><paramref name="length"/> floats of any content.</summary>
    public Span<float> Values(int length) => Of(ref _values, length);

    /// <summary>Others.</summary>
    public Span<float> Scores(int length) => Of(ref _scores, length);

    private static Span<float> Of(ref float[] values, int length)
    {
        if (values.Length < length) values = new float[length];
        return values.AsSpan(0, length);
    }
}
