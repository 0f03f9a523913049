using System.Numerics.Tensors;
using RnnService.Engine.Kernels;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Generation;

/// <summary>
/// Draws tokens from logits: penalties and biases, then temperature, then the k likeliest, then the likeliest that reach the given probability
/// together, then the most typical of those that do, then one draw. What is off costs nothing. Not thread-safe.
/// </summary>
/// <param name="options">How.</param>
/// <param name="random">What is drawn from.</param>
/// <param name="counts">Tokens of the text that is continued, for the penalties.</param>
internal sealed class Sampler(GenerationOptions options, RandomSource random, TokenCounts? counts = null)
{
    private readonly KeyValuePair<int, float>[] _biases = [.. options.LogitBias];
    private RandomSource _random = random;

    /// <summary>A sampler at the beginning of its draws.</summary>
    public Sampler(GenerationOptions options, ulong seed)
        : this(options, new RandomSource(seed))
    {
    }

    /// <summary>Where its draws stand; see <see cref="RandomSource.Place"/>.</summary>
    public ulong Place => _random.Place;

    /// <summary>The tokens seen; null where no penalty counts them.</summary>
    public TokenCounts? Counts { get; } = options.RepetitionPenalty == 1 && options.FrequencyPenalty == 0 && options.PresencePenalty == 0
        ? null : counts ?? new TokenCounts();

    /// <summary>Counts a token that was read, for the penalties.</summary>
    public void Read(int id) => Counts?.Read(id);

    /// <summary>Counts a token that was generated, for the penalties.</summary>
    public void Generated(int id) => Counts?.Generated(id);

    /// <summary>Draws a token; <paramref name="logits"/> is used up. Tokens at −∞ are never drawn.</summary>
    /// <param name="logits">The logits.</param>
    /// <param name="scratch">Of which the values may be the logits.</param>
    public int Draw(Span<float> logits, DrawScratch scratch)
    {
        if (Counts is not null) Penalise(logits, Counts);
        foreach ((int id, float bias) in _biases) Move(ref logits[id], logits[id] + bias);
        if (!options.DoSample || options.Temperature == 0) return TensorPrimitives.IndexOfMax<float>(logits);

        // Subtracting first keeps a tiny temperature from overflowing.
        TensorPrimitives.Subtract(logits, TensorPrimitives.Max<float>(logits), logits);
        TensorPrimitives.Divide(logits, options.Temperature, logits);
        Activations.Softmax(logits);
        if (options.TopK == 0 && options.TopP >= 1 && options.TypicalP >= 1) return Pick(logits);

        Ranking ranking = scratch.Ranking;
        ranking.Rank(logits);
        if (options.TopK > 0) ranking.Keep(options.TopK);
        if (options.TopP < 1) KeepMass(ranking, logits, options.TopP);
        if (options.TypicalP < 1) KeepTypical(ranking, logits, scratch.Scores(logits.Length));
        return Pick(logits, ranking);
    }

    private void Penalise(Span<float> logits, TokenCounts counts)
    {
        foreach ((int id, int generated) in counts)
        {
            float logit = logits[id];
            float penalised = logit > 0 ? logit / options.RepetitionPenalty : logit * options.RepetitionPenalty;
            if (generated > 0) penalised -= generated * options.FrequencyPenalty + options.PresencePenalty;
            Move(ref logits[id], penalised);
        }
    }

    /// <summary>Gives a logit another value, within the numbers: the difference of two infinities is none. What is ruled out stays so.</summary>
    private static void Move(ref float logit, float to)
    {
        if (!float.IsNegativeInfinity(logit)) logit = Math.Clamp(to, float.MinValue, float.MaxValue);
    }

    /// <summary>Keeps the first ranks that together have a share of the mass that all kept ones have.</summary>
    private static void KeepMass(Ranking ranking, ReadOnlySpan<float> probabilities, float share)
    {
        double mass = share * ranking.Sum(probabilities), sum = 0;
        int kept = 0;
        while (kept < ranking.Count && sum < mass) sum += probabilities[ranking[kept++]];
        ranking.Keep(Math.Max(1, kept));
    }

    /// <summary>
    /// Of what the ranking keeps, keeps those whose information is nearest to the expected one, the entropy, until they have the mass (Meister et al.
    /// 2022), and ranks them so.
    /// </summary>
    private void KeepTypical(Ranking ranking, ReadOnlySpan<float> probabilities, Span<float> scores)
    {
        double total = ranking.Sum(probabilities), entropy = 0;
        for (int rank = 0; rank < ranking.Count && probabilities[ranking[rank]] > 0; rank++)
        {
            double probability = probabilities[ranking[rank]] / total;
            entropy -= probability * Math.Log(probability);
        }

        scores.Fill(float.NegativeInfinity);
        for (int rank = 0; rank < ranking.Count; rank++)
        {
            int id = ranking[rank];
            scores[id] = (float)-Math.Abs(Math.Log(probabilities[id] / total) + entropy);
        }

        int count = ranking.Count;
        ranking.Rank(scores);
        ranking.Keep(count);
        KeepMass(ranking, probabilities, options.TypicalP);
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
