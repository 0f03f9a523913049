namespace RnnService.Engine.Text;

/// <summary>The pairs of tokens that are joined, by rank, and what each token spells. Immutable and safe for any number of threads.</summary>
internal sealed class SubwordMerges
{
    private readonly int[] _bytes = new int[256]; // the token of each byte alone
    private readonly Dictionary<(int Left, int Right), (int Rank, int Joined)> _pairs;

    /// <exception cref="ArgumentException">A byte is no token, there are no merges, one joins what is no token, or a token spells no bytes.</exception>
    public SubwordMerges(Vocabulary vocabulary)
    {
        if (vocabulary.Merges is not { } merges) throw new ArgumentException("merges is missing; expected those of the tokens, since the tokenizer is subwords");
        for (int value = 0; value < 256; value++)
        {
            string token = $"{ByteAlphabet.Of((byte)value)}";
            if (!vocabulary.Contains(token)) throw new ArgumentException($"tokens lacks {Listing.Quote(token)} (byte {value}); expected all 256 bytes");
            _bytes[value] = vocabulary.IdOf(token);
        }

        _pairs = new Dictionary<(int, int), (int, int)>(merges.Count);
        for (int rank = 0; rank < merges.Count; rank++)
        {
            string[] parts = merges[rank].Split(' ');
            if (parts.Length != 2 || !vocabulary.Contains(parts[0]) || !vocabulary.Contains(parts[1]) || !vocabulary.Contains(parts[0] + parts[1]))
                throw new ArgumentException($"merge {rank} is {Listing.Quote(merges[rank])}; expected two tokens with a space between that together are one");
            if (!_pairs.TryAdd((vocabulary.IdOf(parts[0]), vocabulary.IdOf(parts[1])), (rank, vocabulary.IdOf(parts[0] + parts[1]))))
                throw new ArgumentException($"merge {rank} repeats {Listing.Quote(merges[rank])}; expected every merge once");
        }

        Spellings = [.. vocabulary.Tokens.Select((token, id) => vocabulary.IsSpecial(id) ? null : ByteAlphabet.Bytes(token)
            ?? throw new ArgumentException($"token {id} is {Listing.Quote(token)}; expected characters that stand for bytes"))];
    }

    /// <summary>The bytes of each token; null of special ones.</summary>
    public byte[]?[] Spellings { get; }

    /// <summary>
    /// The tokens of a word's bytes: as long as neighbours can be joined, those of the lowest rank are, the leftmost first. Takes time in proportion to
    /// n log n, whatever the bytes.
    /// </summary>
    public int[] Join(ReadOnlySpan<byte> word)
    {
        int[] ids = new int[word.Length], next = new int[word.Length], previous = new int[word.Length];
        for (int i = 0; i < word.Length; i++) (ids[i], previous[i], next[i]) = (_bytes[word[i]], i - 1, i + 1);
        var queue = new PriorityQueue<(int At, int Left, int Right), (int Rank, int At)>();
        for (int i = 0; i + 1 < word.Length; i++) Offer(i);
        while (queue.TryDequeue(out (int At, int Left, int Right) pair, out _))
        {
            int at = pair.At, right = next[at];
            // A neighbour was joined to another in the meantime.
            if (ids[at] != pair.Left || right >= ids.Length || ids[right] != pair.Right) continue;
            ids[at] = _pairs[(pair.Left, pair.Right)].Joined;
            ids[right] = -1;
            next[at] = next[right];
            if (next[at] < ids.Length) previous[next[at]] = at;
            if (previous[at] >= 0) Offer(previous[at]);
            Offer(at);
        }

        return [.. ids.Where(id => id >= 0)];

        void Offer(int at)
        {
            if (next[at] < ids.Length && _pairs.TryGetValue((ids[at], ids[next[at]]), out (int Rank, int Joined) joined))
                queue.Enqueue((at, ids[at], ids[next[at]]), (joined.Rank, at));
        }
    }
}
