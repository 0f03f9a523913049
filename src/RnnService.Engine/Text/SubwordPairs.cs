namespace RnnService.Engine.Text;

/// <summary>
/// The words of a corpus as tokens, and how often which two of them stand together: joining two looks only at the words that hold them. Not thread-safe.
/// </summary>
internal sealed class SubwordPairs
{
    private readonly List<(int[] Tokens, int Count)> _words;
    private readonly Dictionary<(int Left, int Right), long> _counts = [];
    private readonly Dictionary<(int Left, int Right), HashSet<int>> _places = []; // words that hold the pair, or held it
    private readonly PriorityQueue<(int Left, int Right), (long Count, int Left, int Right)> _queue = new(Comparer<(long Count, int Left, int Right)>.Create(
        static (a, b) => a.Count != b.Count ? b.Count.CompareTo(a.Count) : (a.Left, a.Right).CompareTo((b.Left, b.Right))));

    /// <param name="words">Words as tokens, each with how often it stands in the corpus.</param>
    public SubwordPairs(IEnumerable<(int[] Tokens, int Count)> words)
    {
        _words = [.. words];
        var changed = new HashSet<(int, int)>();
        for (int word = 0; word < _words.Count; word++) Add(word, _words[word].Count, changed);
        Offer(changed);
    }

    /// <summary>Takes out the pair that stands in the corpus most often, of several the one of the lowest ids; null where none is frequent enough.</summary>
    /// <param name="least">How often it must.</param>
    public (int Left, int Right)? MostFrequent(int least)
    {
        while (_queue.TryDequeue(out (int Left, int Right) pair, out (long Count, int, int) found))
        {
            if (found.Count < least) return null;
            if (_counts.GetValueOrDefault(pair) == found.Count) return pair; // else an entry of other times
        }

        return null;
    }

    /// <summary>Makes one token of a pair, everywhere.</summary>
    public void Join((int Left, int Right) pair, int joined)
    {
        var changed = new HashSet<(int, int)>();
        foreach (int word in _places[pair].Order().ToArray())
        {
            (int[] tokens, int count) = _words[word];
            int[] shorter = Joined(tokens, pair, joined);
            if (shorter.Length == tokens.Length) continue;
            Add(word, -count, changed);
            _words[word] = (shorter, count);
            Add(word, count, changed);
        }

        _places.Remove(pair);
        _counts.Remove(pair);
        changed.Remove(pair);
        Offer(changed);
    }

    private static int[] Joined(int[] tokens, (int Left, int Right) pair, int joined)
    {
        var shorter = new List<int>(tokens.Length);
        for (int i = 0; i < tokens.Length; i++)
        {
            if (i + 1 < tokens.Length && (tokens[i], tokens[i + 1]) == pair)
            {
                shorter.Add(joined);
                i++;
            }
            else
            {
                shorter.Add(tokens[i]);
            }
        }

        return [.. shorter];
    }

    private void Add(int word, int count, HashSet<(int, int)> changed)
    {
        int[] tokens = _words[word].Tokens;
        for (int i = 0; i + 1 < tokens.Length; i++)
        {
            (int, int) pair = (tokens[i], tokens[i + 1]);
            _counts[pair] = _counts.GetValueOrDefault(pair) + count;
            changed.Add(pair);
            if (count < 0) continue;
            if (!_places.TryGetValue(pair, out HashSet<int>? places)) _places[pair] = places = [];
            places.Add(word);
        }
    }

    private void Offer(HashSet<(int Left, int Right)> changed)
    {
        foreach ((int Left, int Right) pair in changed)
        {
            long count = _counts.GetValueOrDefault(pair);
            if (count > 0) _queue.Enqueue(pair, (count, pair.Left, pair.Right));
        }
    }
}
