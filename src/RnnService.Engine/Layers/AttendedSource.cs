namespace RnnService.Engine.Layers;

/// <summary>
/// What a decoder attends to of one source, and where its last step looked. Keys and values are never written to once they are there, so that any
/// number of rows share them; the weights belong to one row.
/// </summary>
/// <param name="keys">[S,A], what queries are compared with; <paramref name="values"/> projected.</param>
/// <param name="values">[S,C], the encoder's output at every token.</param>
/// <param name="length">S.</param>
internal sealed class AttendedSource(ReadOnlyMemory<float> keys, ReadOnlyMemory<float> values, int length)
{
    public ReadOnlyMemory<float> Keys => keys;

    public ReadOnlyMemory<float> Values => values;

    /// <summary>S.</summary>
    public int Length => length;

    /// <summary>[S], the weights of the last step; zeros before the first.</summary>
    public float[] Weights { get; } = new float[length];

    /// <summary>Bytes that it takes, as if nobody shared them.</summary>
    public int Bytes => (keys.Length + values.Length + length) * sizeof(float);

    /// <summary>The same for another row.</summary>
    public AttendedSource Share()
    {
        var shared = new AttendedSource(keys, values, length);
        Weights.CopyTo(shared.Weights, 0);
        return shared;
    }
}
