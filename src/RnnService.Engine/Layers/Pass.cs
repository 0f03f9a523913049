using RnnService.Engine.Kernels;

namespace RnnService.Engine.Layers;

/// <summary>
/// One run of a network over one batch: its scratch memory, whether the way back will follow, and the dropout of a training step.
/// Not thread-safe.
/// </summary>
/// <param name="workspace">Scratch memory; everything the pass produced is void once it is reset.</param>
/// <param name="dropout">The step's dropout; null outside training.</param>
/// <param name="record">Whether to keep what the way back needs.</param>
internal sealed class Pass(Workspace workspace, Dropout? dropout = null, bool record = false)
{
    public Workspace Workspace { get; } = workspace;

    public Dropout? Dropout { get; } = dropout;

    public bool Record { get; } = record;

    /// <summary>A dropout mask [batch,width] kept over time; null when nothing is dropped.</summary>
    public Memory<float>? Mask(int batch, int width, float rate) =>
        Dropout is null || rate <= 0 ? default(Memory<float>?) : Dropout.Mask(Workspace.Take(batch * width), rate);
}
