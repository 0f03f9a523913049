namespace RnnService.Benchmarks;

/// <summary>
/// An n-gram model of tokens with interpolated modified Kneser–Ney smoothing (Chen and Goodman 1999): what counting alone predicts. The shortest context is
/// smoothed with all tokens alike. An n-gram is one number of 16 bits a token, so that tens of millions of them fit into memory.
/// </summary>
internal sealed class KneserNey
{
    /// <summary>The longest n-gram.</summary>
    public const int MostTokens = 8;

    private const int TokenBits = 16;

    private readonly int _order, _vocabulary;
    private readonly Dictionary<UInt128, int>[] _counts; // of n-grams; of the shorter ones, of the tokens that they follow
    private readonly Dictionary<UInt128, (int Sum, int Ones, int Twos, int More)>[] _contexts;
    private readonly double[][] _discounts;

    /// <param name="tokens">Running text as ids below 65,536.</param>
    /// <param name="order">Tokens of the longest n-gram, 1 to 8.</param>
    /// <param name="vocabulary">Number of tokens.</param>
    public KneserNey(ReadOnlySpan<int> tokens, int order, int vocabulary)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(order is >= 1 and <= MostTokens, true, nameof(order));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(vocabulary, 1 << TokenBits);
        (_order, _vocabulary) = (order, vocabulary);
        _counts = [.. Enumerable.Range(0, order + 1).Select(_ => new Dictionary<UInt128, int>())];
        Dictionary<UInt128, int> longer = Grams(tokens, order);
        _counts[order] = longer;
        for (int n = order - 1; n >= 1; n--)
        {
            foreach (UInt128 gram in longer.Keys) Add(_counts[n], gram & Mask(n));
            longer = n > 1 ? Grams(tokens, n) : longer;
        }

        _contexts = [.. _counts.Select(Contexts)];
        _discounts = [.. _counts.Select(Discounts)];
    }

    /// <summary>Nats of every token of a text, its first left out.</summary>
    /// <param name="tokens">The text.</param>
    public IEnumerable<double> Nats(int[] tokens)
    {
        for (int i = 1; i < tokens.Length; i++) yield return -Math.Log(Probability(tokens.AsSpan(Math.Max(0, i - _order + 1)..i), tokens[i]));
    }

    private double Probability(ReadOnlySpan<int> context, int next)
    {
        double probability = 1.0 / _vocabulary;
        UInt128 near = 0; // the last n − 1 tokens
        for (int n = 1; n <= Math.Min(_order, context.Length + 1); n++)
        {
            if (n > 1) near |= (UInt128)(uint)context[context.Length - n + 1] << (TokenBits * (n - 2));
            if (!_contexts[n].TryGetValue(near, out var found)) break;
            int count = _counts[n].GetValueOrDefault(near << TokenBits | (uint)next);
            double[] discounts = _discounts[n];
            double left = discounts[1] * found.Ones + discounts[2] * found.Twos + discounts[3] * found.More;
            probability = (Math.Max(0, count - discounts[Math.Min(count, 3)]) + left * probability) / found.Sum;
        }

        return probability;
    }

    private static Dictionary<UInt128, int> Grams(ReadOnlySpan<int> tokens, int length)
    {
        var grams = new Dictionary<UInt128, int>();
        UInt128 gram = 0;
        for (int i = 0; i < tokens.Length; i++)
        {
            gram = (gram << TokenBits | (uint)tokens[i]) & Mask(length);
            if (i + 1 >= length) Add(grams, gram);
        }

        return grams;
    }

    private static UInt128 Mask(int tokens) => tokens == MostTokens ? UInt128.MaxValue : (UInt128.One << (TokenBits * tokens)) - 1;

    private static Dictionary<UInt128, (int Sum, int Ones, int Twos, int More)> Contexts(Dictionary<UInt128, int> counts)
    {
        var contexts = new Dictionary<UInt128, (int Sum, int Ones, int Twos, int More)>();
        foreach ((UInt128 gram, int count) in counts)
        {
            UInt128 context = gram >> TokenBits;
            (int sum, int ones, int twos, int more) = contexts.GetValueOrDefault(context);
            contexts[context] = (sum + count, ones + (count == 1 ? 1 : 0), twos + (count == 2 ? 1 : 0), more + (count > 2 ? 1 : 0));
        }

        return contexts;
    }

    private static double[] Discounts(Dictionary<UInt128, int> counts)
    {
        double[] with = [0, .. Enumerable.Range(1, 4).Select(count => (double)counts.Values.LongCount(value => value == count))];
        double share = with[1] + with[2] > 0 ? with[1] / (with[1] + 2 * with[2]) : 0;
        return [0, .. Enumerable.Range(1, 3).Select(count => Math.Clamp(count - (count + 1) * share * with[count + 1] / Math.Max(1, with[count]), 0, count))];
    }

    private static void Add(Dictionary<UInt128, int> counts, UInt128 gram) =>
        System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(counts, gram, out _)++;
}
