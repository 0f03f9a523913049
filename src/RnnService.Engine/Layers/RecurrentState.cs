namespace RnnService.Engine.Layers;

/// <summary>
/// The state of a batch of sequences, as a value the caller holds: h, and c for an LSTM, both [layers·directions, N, H] like PyTorch's
/// h_n and c_n. Not thread-safe.
/// </summary>
public sealed class RecurrentState
{
    internal RecurrentState(int slots, int batch, int size, bool hasCellState, int fedSize = 0)
    {
        (Slots, Batch, Size, FedSize) = (slots, batch, size, fedSize);
        Fed = new float[batch * fedSize];
        Sources = new AttendedSource?[batch];
        Hidden = new float[slots * batch * size];
        CellState = hasCellState ? new float[slots * batch * size] : [];
    }

    /// <summary>N, the number of sequences.</summary>
    public int Batch { get; }

    /// <summary>h [layers·directions, N, H].</summary>
    public float[] Hidden { get; }

    /// <summary>c [layers·directions, N, H]; empty for cells without.</summary>
    public float[] CellState { get; }

    /// <summary>What a decoder feeds its next step of the last one, [N,F]; empty where it feeds nothing.</summary>
    internal float[] Fed { get; }

    /// <summary>What each sequence of a decoder attends to; null for those of other networks.</summary>
    internal AttendedSource?[] Sources { get; }

    internal int Slots { get; }

    private int FedSize { get; }

    internal int Size { get; }

    /// <summary>Bytes that it takes.</summary>
    public int Bytes => (Hidden.Length + CellState.Length + Fed.Length) * sizeof(float) + Sources.Sum(source => source?.Bytes ?? 0);

    /// <summary>Sets one sequence back to the start: all zero.</summary>
    public void Clear(int sequence)
    {
        Fed.AsSpan(sequence * FedSize, FedSize).Clear();
        Sources[sequence] = null;
        for (int slot = 0; slot < Slots; slot++)
        {
            Row(Hidden, slot, sequence).Clear();
            if (CellState.Length > 0) Row(CellState, slot, sequence).Clear();
        }
    }

    /// <summary>Copies one sequence of another state of the same network into one of this.</summary>
    public void CopyFrom(RecurrentState source, int from, int to)
    {
        source.Fed.AsSpan(from * FedSize, FedSize).CopyTo(Fed.AsSpan(to * FedSize));
        Sources[to] = source.Sources[from]?.Share();
        for (int slot = 0; slot < Slots; slot++)
        {
            source.Row(source.Hidden, slot, from).CopyTo(Row(Hidden, slot, to));
            if (CellState.Length > 0) source.Row(source.CellState, slot, from).CopyTo(Row(CellState, slot, to));
        }
    }

    private Span<float> Row(float[] part, int slot, int sequence) => part.AsSpan((slot * Batch + sequence) * Size, Size);
}
