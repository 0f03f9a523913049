using RnnService.Engine.Layers;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Networks.Inputs;

/// <summary>
/// The embeddings of token ids, with dropout over them in training. Without dropout the encoder may read the ids themselves, which saves
/// the product of its first layer (<see cref="Recurrent.PrefersIds"/>).
/// </summary>
internal sealed class TokenInput(Embedding embedding) : IInput<TokenInput.Trace>
{
    public int Size => embedding.Size;

    /// <summary>Embeds.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="layout">Where the steps lie.</param>
    /// <param name="ids">Token ids [R]; kept until backward.</param>
    /// <param name="encoder">What reads the rows.</param>
    /// <param name="dropRate">Dropout of the embeddings.</param>
    public Trace Forward(Pass pass, BatchLayout layout, ReadOnlyMemory<int> ids, Recurrent encoder, float dropRate)
    {
        Memory<float>? mask = pass.Mask(layout.Batch, Size, dropRate);
        if (mask is null && encoder.PrefersIds(layout.Rows)) return new Trace(LayerInput.OfIds(ids), ids, mask);
        Memory<float> embedded = pass.Workspace.Take(layout.Rows * Size);
        embedding.Forward(ids.Span, embedded.Span, Size);
        if (mask is { } drop) Dropout.Apply(layout, drop.Span, embedded.Span);
        return new Trace(LayerInput.OfValues(embedded), ids, mask);
    }

    public void Backward(Pass pass, BatchLayout layout, in Trace trace, Memory<float> dInput, Gradients gradients)
    {
        if (trace.Rows.IsIds) return; // the encoder's first layer has added the embedding's gradient
        if (trace.Mask is { } drop) Dropout.Apply(layout, drop.Span, dInput.Span);
        embedding.Backward(trace.Ids.Span, dInput.Span, Size, gradients);
    }

    public void Refresh()
    {
    }

    /// <summary>What the encoder reads, the ids [R] and the dropout mask [N,D].</summary>
    internal readonly record struct Trace(LayerInput Rows, ReadOnlyMemory<int> Ids, Memory<float>? Mask) : IInputTrace;
}
