using RnnService.Engine.Kernels;

namespace RnnService.Engine.Layers;

/// <summary>
/// One run of a network over one batch: its scratch memory, who computes, whether backward will follow, and the dropout of a training
/// step. One without backward is used again and again. Not thread-safe.
/// </summary>
/// <param name="workspace">Scratch memory; everything the pass produced is void once it is reset.</param>
/// <param name="dropout">The step's dropout; null outside training.</param>
/// <param name="record">Whether to keep what backward needs.</param>
internal sealed class Pass(Workspace workspace, Dropout? dropout = null, bool record = false)
{
    private Pass? _other;
    private int[] _ids = [];
    private BatchLayout? _layout;

    public Workspace Workspace { get; } = workspace;

    public Dropout? Dropout { get; } = dropout;

    public bool Record { get; } = record;

    /// <summary>
    /// How many parts of a network below its head are trained, from the top: its layers, then what they read. Backward ends above the others; at 0 the
    /// head is trained alone. Of a network with a base the encoder belongs to the head, and the layers are the base's.
    /// </summary>
    public int TrainedDepth { get; init; } = int.MaxValue;

    /// <summary>
    /// Called between steps of time, microseconds to a millisecond apart and by whichever thread computes, so that a long pass can let
    /// others have the processor or be ended: what it throws leaves the pass. Null in a pass that nobody interrupts.
    /// </summary>
    public Action? BetweenSteps
    {
        get;
        set
        {
            field = value;
            _other?.BetweenSteps = value;
        }
    }

    /// <summary>The threads that compute it.</summary>
    public ThreadPair Threads { get; } = new();

    /// <summary>What the helper thread computes with while it reads in the other direction; its scratch memory is void after that.</summary>
    public Pass Other => _other ??= new Pass(new Workspace()) { BetweenSteps = BetweenSteps };

    /// <summary>Room for <paramref name="count"/> token ids, with any content; valid until the next call.</summary>
    public Memory<int> Ids(int count)
    {
        if (_ids.Length < count) _ids = new int[Math.Max(count, 2 * _ids.Length)];
        return _ids.AsMemory(0, count);
    }

    /// <summary>The layout of sequences of these lengths: that of the pass before when they are the same.</summary>
    public BatchLayout Layout(ReadOnlySpan<int> lengths) =>
        _layout is not null && _layout.IsOf(lengths) ? _layout : _layout = BatchLayout.Of(lengths);

    /// <summary>A dropout mask of rows [R,width]: [N,width] kept over time, or one a step [R,width]; null when nothing is dropped.</summary>
    public Memory<float>? Mask(BatchLayout layout, int width, float rate) => Mask(Dropout is { EachStep: true } ? layout.Rows : layout.Batch, width, rate);

    /// <summary>A dropout mask [batch,width] kept over time; null when nothing is dropped.</summary>
    public Memory<float>? Mask(int batch, int width, float rate) =>
        Dropout is null || rate <= 0 ? default(Memory<float>?) : Dropout.Mask(Workspace.Take(batch * width), rate);
}
