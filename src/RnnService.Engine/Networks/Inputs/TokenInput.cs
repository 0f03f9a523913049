using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using RnnService.Engine.Kernels;
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
    /// <param name="rates">Dropout of tokens and of their embeddings.</param>
    /// <param name="asValues">Whether to embed whatever the encoder prefers.</param>
    public Trace Forward(Pass pass, BatchLayout layout, ReadOnlyMemory<int> ids, Recurrent encoder, DropoutRates rates, bool asValues = false)
    {
        Memory<float>? mask = pass.Mask(layout, Size, rates.Embedding);
        float dropWords = pass.Dropout is null ? 0 : rates.Words;
        if (mask is null && dropWords == 0 && !asValues && encoder.PrefersIds(layout.Rows)) return new Trace(LayerInput.OfIds(ids), ids, mask);
        Memory<float> embedded = Rows(pass, ids);
        if (dropWords > 0) pass.Dropout!.ApplyToWords(layout, ids.Span, dropWords, embedded.Span, Size, Size);
        if (mask is { } drop) Dropout.Apply(layout, drop.Span, embedded.Span);
        return new Trace(LayerInput.OfValues(embedded), ids, mask, dropWords);
    }

    /// <summary>Embeds as values, whatever the encoder prefers, each sequence's embeddings multiplied by a factor of its own.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="ids">Token ids [R]; kept until backward.</param>
    /// <param name="layout">Where the steps lie.</param>
    /// <param name="factors">[N]; empty for 1 everywhere.</param>
    public Trace Embed(Pass pass, ReadOnlyMemory<int> ids, BatchLayout layout, ReadOnlySpan<double> factors = default)
    {
        Memory<float> rows = Rows(pass, ids);
        for (int place = 0; place < factors.Length; place++)
        {
            for (int t = 0; t < layout.LengthOfRank(layout.RankOf(place)); t++)
            {
                Span<float> row = rows.Span.Slice(layout.RowOf(place, t) * Size, Size);
                TensorPrimitives.Multiply(row, (float)factors[place], row);
            }
        }

        return new Trace(LayerInput.OfValues(rows), ids, null);
    }

    /// <summary>How fast a function grows with the length of a token's embedding, from its gradient there [D].</summary>
    public double Slope(int id, ReadOnlySpan<float> gradient) =>
        ExactSums.Dot(embedding.Weight.Values.Slice(id * Size, Size), gradient);

    public void Backward(Pass pass, BatchLayout layout, in Trace trace, Memory<float> dInput, Gradients gradients)
    {
        if (trace.Rows.IsIds) return; // the encoder's first layer has added the embedding's gradient
        if (trace.Mask is { } drop) Dropout.Apply(layout, drop.Span, dInput.Span);
        if (trace.DropWords > 0) pass.Dropout!.ApplyToWords(layout, trace.Ids.Span, trace.DropWords, dInput.Span, Size, Size);
        embedding.Backward(trace.Ids.Span, dInput.Span, Size, gradients);
    }

    /// <summary>Embeds one row anew whose id has changed in what the trace keeps.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="trace">What forward left.</param>
    /// <param name="row">The row.</param>
    /// <param name="rank">Its sequence's rank.</param>
    public void Replace(Pass pass, in Trace trace, int row, int rank)
    {
        if (trace.Rows.IsIds) return;
        Span<float> embedded = MemoryMarshal.AsMemory(trace.Rows.Values).Span.Slice(row * Size, Size);
        embedding.Forward(trace.Ids.Span.Slice(row, 1), embedded, Size);
        if (trace.DropWords > 0) pass.Dropout!.ApplyToWord(rank, trace.Ids.Span[row], trace.DropWords, embedded);
        if (trace.Mask is { } drop) TensorPrimitives.Multiply(embedded, drop.Span.Slice(rank * Size, Size), embedded);
    }

    public void Refresh()
    {
    }

    private Memory<float> Rows(Pass pass, ReadOnlyMemory<int> ids)
    {
        Memory<float> rows = pass.Workspace.Take(ids.Length * Size);
        embedding.Forward(ids.Span, rows.Span, Size);
        return rows;
    }

    /// <summary>What the encoder reads, the ids [R], the dropout mask [N,D] or [R,D] and the rate at which tokens were dropped.</summary>
    internal readonly record struct Trace(LayerInput Rows, ReadOnlyMemory<int> Ids, Memory<float>? Mask, float DropWords = 0) : IInputTrace;
}
