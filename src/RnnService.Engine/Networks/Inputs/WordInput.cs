using RnnService.Engine.Layers;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Networks.Inputs;

/// <summary>
/// The embeddings of words and, where there is a character network, what it makes of each word's characters beside them; with dropout over
/// both in training.
/// </summary>
internal sealed class WordInput(Embedding embedding, CharacterInput? characters) : IInput<WordInput.Trace>
{
    public int Size => embedding.Size + (characters?.Size ?? 0);

    /// <summary>Embeds.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="layout">Where the words lie.</param>
    /// <param name="ids">Word ids [R]; kept until backward.</param>
    /// <param name="forms">The words of each sentence as they are written.</param>
    /// <param name="rates">Dropout of words, whose characters stay, and of the rows.</param>
    public Trace Forward(Pass pass, BatchLayout layout, ReadOnlyMemory<int> ids, IReadOnlyList<string[]> forms, DropoutRates rates)
    {
        Memory<float> rows = pass.Workspace.Take(layout.Rows * Size);
        embedding.Forward(ids.Span, rows.Span, Size);
        float dropWords = pass.Dropout is null ? 0 : rates.Words;
        if (dropWords > 0) pass.Dropout!.ApplyToWords(layout, ids.Span, dropWords, rows.Span, embedding.Size, Size);
        CharacterInput.Trace? spelling = characters?.Forward(pass, layout, forms, rows.Span, embedding.Size, Size);
        Memory<float>? mask = pass.Mask(layout, Size, rates.Embedding);
        if (mask is { } drop) Dropout.Apply(layout, drop.Span, rows.Span);
        return new Trace(LayerInput.OfValues(rows), ids, mask, spelling, dropWords);
    }

    public void Backward(Pass pass, BatchLayout layout, in Trace trace, Memory<float> dInput, Gradients gradients)
    {
        if (trace.Mask is { } drop) Dropout.Apply(layout, drop.Span, dInput.Span);
        if (trace.DropWords > 0) pass.Dropout!.ApplyToWords(layout, trace.Ids.Span, trace.DropWords, dInput.Span, embedding.Size, Size);
        embedding.Backward(trace.Ids.Span, dInput.Span, Size, gradients);
        if (trace.Spelling is { } spelling) characters!.Backward(pass, spelling, dInput.Span, embedding.Size, Size, gradients);
    }

    public void Refresh() => characters?.Refresh();

    /// <summary>What the encoder reads, the ids [R], the dropout mask [N,D] or [R,D], what the character network left and the rate at which words were dropped.</summary>
    internal readonly record struct Trace(
        LayerInput Rows, ReadOnlyMemory<int> Ids, Memory<float>? Mask, CharacterInput.Trace? Spelling, float DropWords) : IInputTrace;
}
