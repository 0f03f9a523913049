using System.Numerics.Tensors;
using RnnService.Engine.Kernels;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Generation;

/// <summary>
/// Draws tokens from logits: penalty for repetition, then temperature, then the k likeliest, then the likeliest that reach the given
/// probability together, then one draw. Not thread-safe.
/// </summary>
/// <param name="options">How.</param>
/// <param name="random">What is drawn from.</param>
/// <param name="counts">Tokens of the text that is continued, for the penalties.</param>
internal sealed class Sampler(GenerationOptions options, RandomSource random, TokenCounts? counts = null)
{
    private RandomSource _random = random;

    /// <summary>A sampler at the beginning of its draws.</summary>
    public Sampler(GenerationOptions options, ulong seed)
        : this(options, new RandomSource(seed))
    {
    }

    /// <summary>Where its draws stand; see <see cref="RandomSource.Place"/>.</summary>
    public ulong Place => _random.Place;

    /// <summary>The tokens seen; null where no penalty counts them.</summary>
    public TokenCounts? Counts { get; } = options.RepetitionPenalty == 1 ? null : counts ?? new TokenCounts();

    /// <summary>Counts a token that was read, for the penalties.</summary>
    public void Read(int id) => Counts?.Read(id);

    /// <summary>Counts a token that was generated, for the penalties.</summary>
    public void Generated(int id) => Counts?.Generated(id);

    /// <summary>Draws a token; <paramref name="logits"/> is used up. Tokens at −∞ are never drawn.</summary>
    /// <param name="logits">The logits.</param>
    /// <param name="ranking">Scratch.</param>
    public int Draw(Span<float> logits, Ranking ranking)
    {
        Penalise(logits);
        if (!options.DoSample || options.Temperature == 0) return TensorPrimitives.IndexOfMax<float>(logits);

        // Subtracting first keeps a tiny temperature from overflowing.
        TensorPrimitives.Subtract(logits, TensorPrimitives.Max<float>(logits), logits);
        TensorPrimitives.Divide(logits, options.Temperature, logits);
        Activations.Softmax(logits);
        if (options.TopK == 0 && options.TopP >= 1) return Pick(logits);

        ranking.Rank(logits);
        if (options.TopK > 0) ranking.Keep(options.TopK);
        if (options.TopP < 1)
        {
            double mass = options.TopP * ranking.Sum(logits), sum = 0;
            int kept = 0;
            while (kept < ranking.Count && sum < mass) sum += logits[ranking[kept++]];
            ranking.Keep(Math.Max(1, kept));
        }

        return Pick(logits, ranking);
    }

    private void Penalise(Span<float> logits)
    {
        if (Counts is null) return;
        foreach ((int id, _) in Counts)
        {
            if (float.IsNegativeInfinity(logits[id])) continue;
            float penalised = logits[id] > 0 ? logits[id] / options.RepetitionPenalty : logits[id] * options.RepetitionPenalty;
            logits[id] = Math.Clamp(penalised, float.MinValue, float.MaxValue); // the difference of two infinities is no number
        }
    }

    private int Pick(ReadOnlySpan<float> probabilities)
    {
        double total = 0;
        foreach (float probability in probabilities) total += probability;
        double target = _random.Uniform() * total;
        int last = 0;
        for (int id = 0; id < probabilities.Length; id++)
        {
            if (probabilities[id] <= 0) continue;
            last = id;
            target -= probabilities[id];
            if (target < 0) break;
        }

        return last;
    }

    /// <summary>The same from the likeliest on, so that a draw seldom looks far.</summary>
    private int Pick(ReadOnlySpan<float> probabilities, Ranking ranking)
    {
        double target = _random.Uniform() * ranking.Sum(probabilities);
        int last = 0;
        for (int rank = 0; rank < ranking.Count && probabilities[ranking[rank]] > 0; rank++)
        {
            last = ranking[rank];
            target -= probabilities[last];
            if (target < 0) break;
        }

        return last;
    }
}
