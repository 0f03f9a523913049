using System.Runtime.InteropServices;

namespace RnnService.Engine.Text;

/// <summary>
/// Learns byte pairs from texts (Sennrich et al. 2016): again and again the two neighbours that stand together most often become one token. Pairs that
/// are equally frequent are joined in the order of their tokens' ids, so that the same texts always give the same tokens.
/// </summary>
public static class SubwordTrainer
{
    /// <summary>The fewest tokens: the special ones and the bytes.</summary>
    public const int FewestTokens = 3 + 256;

    /// <summary>The tokens where nothing is said: one for every so many characters of the texts, and so many at most.</summary>
    private const int CharactersAToken = 500, MostTokens = 8192;

    /// <summary>
    /// Learns a vocabulary with its merges: <see cref="Vocabulary.Padding"/>, <see cref="Vocabulary.Unknown"/> (which no text is read as),
    /// <see cref="Vocabulary.End"/>, the 256 bytes, then what was joined, in that order.
    /// </summary>
    /// <param name="texts">The texts.</param>
    /// <param name="size">Most tokens, <see cref="FewestTokens"/> or more; null chooses by the length of the texts, at most 8192.</param>
    /// <param name="minCount">How often a pair must stand in the texts; 2 at least.</param>
    /// <param name="lowerCase">Whether the texts are lower-cased.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is too small.</exception>
    public static Vocabulary Train(IEnumerable<string> texts, int? size = null, int minCount = 2, bool lowerCase = false)
    {
        if (size < FewestTokens) throw new ArgumentOutOfRangeException(nameof(size), $"size is {size}; expected {FewestTokens} (all bytes) or more");
        (Dictionary<string, int> words, long characters) = Count(texts, lowerCase);
        string[] special = [Vocabulary.Padding, Vocabulary.Unknown, Vocabulary.End];
        List<string> tokens = [.. special, .. Enumerable.Range(0, 256).Select(value => $"{ByteAlphabet.Of((byte)value)}")];
        int most = size ?? (int)Math.Min(MostTokens, FewestTokens + characters / CharactersAToken);
        var merges = new List<string>();
        var pairs = new SubwordPairs(
            words.OrderBy(word => word.Key, StringComparer.Ordinal)
                .Select(word => (ByteAlphabet.Utf8(word.Key).Select(value => special.Length + value).ToArray(), word.Value)));
        // Two ways to one token, or a token that spells a special one, are not joined: their parts stay apart.
        var known = tokens.ToHashSet(StringComparer.Ordinal);
        while (tokens.Count < most && pairs.MostFrequent(Math.Max(2, minCount)) is { } pair)
        {
            string joined = tokens[pair.Left] + tokens[pair.Right];
            if (!known.Add(joined)) continue;
            merges.Add($"{tokens[pair.Left]} {tokens[pair.Right]}");
            pairs.Join(pair, tokens.Count);
            tokens.Add(joined);
        }

        return new Vocabulary(tokens, merges: merges);
    }

    private static (Dictionary<string, int> Words, long Characters) Count(IEnumerable<string> texts, bool lowerCase)
    {
        var words = new Dictionary<string, int>(StringComparer.Ordinal);
        Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> lookup = words.GetAlternateLookup<ReadOnlySpan<char>>();
        long characters = 0;
        foreach (string text in texts.Select(text => lowerCase ? text.ToLowerInvariant() : text))
        {
            characters += text.Length;
            for (int start = 0, end; start < text.Length; start = end)
            {
                end = SubwordScanner.End(text, start);
                CollectionsMarshal.GetValueRefOrAddDefault(lookup, text.AsSpan(start, end - start), out _)++;
            }
        }

        return (words, characters);
    }
}
