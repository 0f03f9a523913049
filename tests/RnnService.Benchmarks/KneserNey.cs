namespace RnnService.Benchmarks;

/// <summary>
/// An n-gram model of tokens with interpolated modified Kneser–Ney smoothing (Chen and Goodman 1999): what counting alone predicts. The shortest context is
/// smoothed with all tokens alike.
/// </summary>
internal sealed class KneserNey
{
    private readonly int _order, _vocabulary;
    private readonly Dictionary<string, long>[] _counts; // of n-grams; of the shorter ones, of the tokens that they follow
    private readonly Dictionary<string, (long Sum, long Ones, long Twos, long More)>[] _contexts;
    private readonly double[][] _discounts;

    /// <param name="tokens">Running text as ids below U+FFFF.</param>
    /// <param name="order">Tokens of the longest n-gram.</param>
    /// <param name="vocabulary">Number of tokens.</param>
    public KneserNey(ReadOnlySpan<int> tokens, int order, int vocabulary)
    {
        (_order, _vocabulary) = (order, vocabulary);
        string text = Text(tokens);
        _counts = [.. Enumerable.Range(0, order + 1).Select(_ => new Dictionary<string, long>(StringComparer.Ordinal))];
        for (int i = 0; i + order <= text.Length; i++) Add(_counts[order], text.Substring(i, order));
        for (int n = order - 1; n >= 1; n--)
        {
            var longer = new Dictionary<string, long>(StringComparer.Ordinal);
            for (int i = 0; i + n + 1 <= text.Length; i++) Add(longer, text.Substring(i, n + 1));
            foreach (string gram in longer.Keys) Add(_counts[n], gram[1..]);
        }

        _contexts = [.. _counts.Select(Contexts)];
        _discounts = [.. _counts.Select(Discounts)];
    }

    /// <summary>Bits a token of a text, its first left out.</summary>
    public double Bits(ReadOnlySpan<int> tokens)
    {
        string text = Text(tokens);
        double bits = 0;
        for (int i = 1; i < text.Length; i++) bits -= Math.Log2(Probability(text[Math.Max(0, i - _order + 1)..i], text[i]));
        return bits / (text.Length - 1);
    }

    private double Probability(string context, char next)
    {
        double probability = 1.0 / _vocabulary;
        for (int n = 1; n <= Math.Min(_order, context.Length + 1); n++)
        {
            string near = context[(context.Length - n + 1)..];
            if (!_contexts[n].TryGetValue(near, out var found)) break;
            long count = _counts[n].GetValueOrDefault(near + next);
            double[] discounts = _discounts[n];
            double left = discounts[1] * found.Ones + discounts[2] * found.Twos + discounts[3] * found.More;
            probability = (Math.Max(0, count - discounts[Math.Min(count, 3)]) + left * probability) / found.Sum;
        }

        return probability;
    }

    private static Dictionary<string, (long Sum, long Ones, long Twos, long More)> Contexts(Dictionary<string, long> counts)
    {
        var contexts = new Dictionary<string, (long Sum, long Ones, long Twos, long More)>(StringComparer.Ordinal);
        foreach ((string gram, long count) in counts)
        {
            (long sum, long ones, long twos, long more) = contexts.GetValueOrDefault(gram[..^1]);
            contexts[gram[..^1]] = (sum + count, ones + (count == 1 ? 1 : 0), twos + (count == 2 ? 1 : 0), more + (count > 2 ? 1 : 0));
        }

        return contexts;
    }

    private static double[] Discounts(Dictionary<string, long> counts)
    {
        double[] with = [0, .. Enumerable.Range(1, 4).Select(count => (double)counts.Values.LongCount(value => value == count))];
        double share = with[1] + with[2] > 0 ? with[1] / (with[1] + 2 * with[2]) : 0;
        return [0, .. Enumerable.Range(1, 3).Select(count => Math.Clamp(count - (count + 1) * share * with[count + 1] / Math.Max(1, with[count]), 0, count))];
    }

    private static void Add(Dictionary<string, long> counts, string gram) => counts[gram] = counts.GetValueOrDefault(gram) + 1;

    private static string Text(ReadOnlySpan<int> tokens)
    {
        char[] text = new char[tokens.Length];
        for (int i = 0; i < text.Length; i++) text[i] = (char)tokens[i];
        return new string(text);
    }
}
