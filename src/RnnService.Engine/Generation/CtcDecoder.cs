using System.Numerics.Tensors;
using RnnService.Engine.Kernels;

namespace RnnService.Engine.Generation;

/// <summary>A symbol that was decoded: from 1, at a step, with the logarithm of its probability there.</summary>
internal readonly record struct CtcSymbol(int Symbol, long Step, float LogProbability);

/// <summary>Reads strings out of the outputs [T,K] of a network trained by <see cref="CtcLoss"/>, the blank first.</summary>
internal static class CtcDecoder
{
    /// <summary>The likeliest symbol of every step, runs taken once and blanks left out.</summary>
    /// <param name="logits">[T,K].</param>
    /// <param name="symbols">K.</param>
    /// <param name="last">The likeliest symbol of the step before the first.</param>
    /// <param name="firstStep">The first step's number.</param>
    public static CtcSymbol[] Greedy(ReadOnlySpan<float> logits, int symbols, int last = CtcLoss.Blank, long firstStep = 0)
    {
        var found = new List<CtcSymbol>();
        float[] row = new float[symbols];
        for (int t = 0; t < logits.Length / symbols; t++)
        {
            logits.Slice(t * symbols, symbols).CopyTo(row);
            int best = TensorPrimitives.IndexOfMax<float>(row);
            if (best != CtcLoss.Blank && best != last)
            {
                Activations.Softmax(row);
                found.Add(new CtcSymbol(best, firstStep + t, MathF.Log(row[best])));
            }

            last = best;
        }

        return [.. found];
    }

    /// <summary>The string that a <see cref="CtcBeamSearch"/> finds.</summary>
    /// <param name="logits">[T,K].</param>
    /// <param name="symbols">K.</param>
    /// <param name="beams">Prefixes kept from step to step.</param>
    public static CtcSymbol[] Beam(ReadOnlySpan<float> logits, int symbols, int beams)
    {
        var search = new CtcBeamSearch(symbols, beams);
        search.Read(logits);
        return search.Best();
    }
}
