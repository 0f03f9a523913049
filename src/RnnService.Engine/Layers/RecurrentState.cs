namespace RnnService.Engine.Layers;

/// <summary>
/// The state of a batch of sequences, as a value the caller holds: h, and c for an LSTM, both [layers·directions, N, H] like PyTorch's
/// h_n and c_n. Not thread-safe.
/// </summary>
public sealed class RecurrentState
{
    internal RecurrentState(int slots, int batch, int size, bool hasMemory)
    {
        (Slots, Batch, Size) = (slots, batch, size);
        Hidden = new float[slots * batch * size];
        Memory = hasMemory ? new float[slots * batch * size] : [];
    }

    /// <summary>N, the number of sequences.</summary>
    public int Batch { get; }

    /// <summary>h [layers·directions, N, H].</summary>
    public float[] Hidden { get; }

    /// <summary>c [layers·directions, N, H]; empty for cells without.</summary>
    public float[] Memory { get; }

    internal int Slots { get; }

    internal int Size { get; }

    /// <summary>Bytes that it takes.</summary>
    public int Bytes => (Hidden.Length + Memory.Length) * sizeof(float);

    /// <summary>Sets one sequence back to the start: all zero.</summary>
    public void Clear(int sequence)
    {
        for (int slot = 0; slot < Slots; slot++)
        {
            Row(Hidden, slot, sequence).Clear();
            if (Memory.Length > 0) Row(Memory, slot, sequence).Clear();
        }
    }

    /// <summary>Copies one sequence of another state of the same network into one of this.</summary>
    public void CopyFrom(RecurrentState source, int from, int to)
    {
        for (int slot = 0; slot < Slots; slot++)
        {
            source.Row(source.Hidden, slot, from).CopyTo(Row(Hidden, slot, to));
            if (Memory.Length > 0) source.Row(source.Memory, slot, from).CopyTo(Row(Memory, slot, to));
        }
    }

    private Span<float> Row(float[] part, int slot, int sequence) => part.AsSpan((slot * Batch + sequence) * Size, Size);
}
