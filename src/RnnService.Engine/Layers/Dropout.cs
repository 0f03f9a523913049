using System.Numerics.Tensors;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Layers;

/// <summary>
/// Dropout for recurrent networks: one mask a sequence, the same at every step (Gal and Ghahramani 2016), unless each step is to have its own. The draws
/// depend on the keys alone (seed, step, part of the batch), so that a resumed training run draws the same.
/// </summary>
internal sealed class Dropout(params ReadOnlySpan<ulong> keys)
{
    private const ulong WordStream = 0x303D5;

    private readonly ulong _words = new RandomSource([.. keys, WordStream]).Place;

    private RandomSource _random = new(keys);

    /// <summary>Whether every step of time has a mask of its own, as in networks without recurrence.</summary>
    public bool EachStep { get; init; }

    /// <summary>One that will draw what this one will.</summary>
    public Dropout Copy() => (Dropout)MemberwiseClone();

    /// <summary>Uniform among 0 … <paramref name="count"/> − 1.</summary>
    public int Below(int count) => _random.Below(count);

    /// <summary>Fills a span with normal numbers of mean 0 and deviation 1.</summary>
    public void Normal(Span<float> values)
    {
        foreach (ref float value in values) value = (float)_random.Normal();
    }

    /// <summary>Fills a mask with 0 at the given rate and 1/(1−rate) elsewhere, so that the mean stays.</summary>
    public Memory<float> Mask(Memory<float> mask, float rate)
    {
        float kept = 1 / (1 - rate);
        foreach (ref float value in mask.Span) value = _random.Uniform() < rate ? 0 : kept;
        return mask;
    }

    /// <summary>True at the given rate.</summary>
    public bool Draw(double rate) => _random.Uniform() < rate;

    /// <summary>
    /// Whether a token is dropped from all its places in a sequence. It depends on the keys and what is given alone, so that backward asks again.
    /// </summary>
    /// <param name="sequence">The sequence's rank.</param>
    /// <param name="id">The token.</param>
    /// <param name="rate">How often.</param>
    public bool DropsWord(int sequence, int id, float rate) => new RandomSource(_words, (ulong)sequence, (ulong)id).Uniform() < rate;

    /// <summary>
    /// Multiplies the embeddings of the tokens that <see cref="DropsWord"/> drops by 0 and the others by 1/(1−rate), or the gradients of them.
    /// </summary>
    /// <param name="layout">Where the steps lie.</param>
    /// <param name="ids">The tokens [R].</param>
    /// <param name="rate">How often.</param>
    /// <param name="x">[R,width], <paramref name="stride"/> floats from row to row.</param>
    /// <param name="width">Width of an embedding.</param>
    /// <param name="stride">See <paramref name="x"/>.</param>
    public void ApplyToWords(BatchLayout layout, ReadOnlySpan<int> ids, float rate, Span<float> x, int width, int stride)
    {
        for (int t = 0; t < layout.Steps; t++)
        {
            for (int rank = 0; rank < layout.Active(t); rank++)
            {
                int row = layout.Offset(t) + rank;
                ApplyToWord(rank, ids[row], rate, x.Slice(row * stride, width));
            }
        }
    }

    /// <summary>The same for one token of a sequence.</summary>
    public void ApplyToWord(int sequence, int id, float rate, Span<float> embedding) =>
        TensorPrimitives.Multiply(embedding, DropsWord(sequence, id, rate) ? 0 : 1 / (1 - rate), embedding);

    /// <summary>Multiplies every step's rows x [R,width] by the mask [N,width] of their sequence, by rank, or by one of their own [R,width].</summary>
    public static void Apply(BatchLayout layout, ReadOnlySpan<float> mask, Span<float> x)
    {
        if (mask.Length == x.Length)
        {
            TensorPrimitives.Multiply(x, mask, x);
            return;
        }

        int width = mask.Length / layout.Batch;
        for (int t = 0; t < layout.Steps; t++)
        {
            Span<float> rows = x.Slice(layout.Offset(t) * width, layout.Active(t) * width);
            TensorPrimitives.Multiply(rows, mask[..rows.Length], rows);
        }
    }
}
