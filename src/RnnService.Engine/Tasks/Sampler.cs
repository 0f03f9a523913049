using System.Numerics.Tensors;
using RnnService.Engine.Kernels;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Tasks;

/// <summary>
/// Draws tokens from logits: penalty for repetition, then temperature, then the k likeliest, then the likeliest that reach the given
/// probability together, then one draw. Not thread-safe.
/// </summary>
internal sealed class Sampler(GenerationOptions options, ulong seed)
{
    private readonly HashSet<int> _seen = [];
    private RandomSource _random = new(seed);

    /// <summary>Notes a token for the repetition penalty.</summary>
    public void See(int id)
    {
        if (options.RepetitionPenalty != 1) _seen.Add(id);
    }

    /// <summary>Draws a token; <paramref name="logits"/> is used up. Tokens at −∞ are never drawn.</summary>
    public int Draw(Span<float> logits)
    {
        foreach (int id in _seen)
        {
            if (float.IsNegativeInfinity(logits[id])) continue;
            float penalised = logits[id] > 0 ? logits[id] / options.RepetitionPenalty : logits[id] * options.RepetitionPenalty;
            logits[id] = Math.Clamp(penalised, float.MinValue, float.MaxValue); // the difference of two infinities is no number
        }

        if (!options.DoSample || options.Temperature == 0) return TensorPrimitives.IndexOfMax<float>(logits);

        float largest = TensorPrimitives.Max<float>(logits);
        // Subtracting first keeps a tiny temperature from overflowing.
        for (int i = 0; i < logits.Length; i++) logits[i] = (logits[i] - largest) / options.Temperature;
        bool all = options.TopK == 0 && options.TopP >= 1;
        Activations.Softmax(logits);
        if (all) return Pick(logits, null, logits.Length);

        int[] order = new int[logits.Length];
        for (int i = 0; i < order.Length; i++) order[i] = i;
        float[] falling = new float[logits.Length];
        TensorPrimitives.Negate(logits, falling);
        Array.Sort(falling, order);
        int count = options.TopK > 0 ? Math.Min(options.TopK, order.Length) : order.Length;
        double total = 0;
        for (int i = 0; i < count; i++) total += logits[order[i]];
        if (options.TopP < 1)
        {
            double wanted = options.TopP * total, sum = 0;
            int kept = 0;
            while (kept < count && sum < wanted) sum += logits[order[kept++]];
            count = Math.Max(1, kept);
        }

        return Pick(logits, order, count);
    }

    private int Pick(ReadOnlySpan<float> probabilities, int[]? order, int count)
    {
        double total = 0;
        for (int i = 0; i < count; i++) total += probabilities[order?[i] ?? i];
        double target = _random.Uniform() * total;
        int last = 0;
        for (int i = 0; i < count; i++)
        {
            int id = order?[i] ?? i;
            if (probabilities[id] <= 0) continue;
            last = id;
            target -= probabilities[id];
            if (target < 0) break;
        }

        return last;
    }
}
