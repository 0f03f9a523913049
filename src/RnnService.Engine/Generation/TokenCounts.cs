using System.Collections;

namespace RnnService.Engine.Generation;

/// <summary>The tokens of a text, read or generated, each with how often it was generated. It takes room for those that occur. Not thread-safe.</summary>
internal sealed class TokenCounts : IEnumerable<KeyValuePair<int, int>>
{
    private readonly Dictionary<int, int> _generated = [];

    /// <summary>No tokens.</summary>
    public TokenCounts()
    {
    }

    /// <summary>As many of each as were counted before.</summary>
    public TokenCounts(IEnumerable<KeyValuePair<int, int>> before) => _generated = new(before);

    /// <summary>Counts a token that was read.</summary>
    public void Read(int id) => _generated.TryAdd(id, 0);

    /// <summary>Counts a token that was generated.</summary>
    public void Generated(int id) => _generated[id] = _generated.GetValueOrDefault(id) + 1;

    /// <summary>The tokens and their counts now, by rising id.</summary>
    public KeyValuePair<int, int>[] Order() => [.. _generated.OrderBy(count => count.Key)];

    public Dictionary<int, int>.Enumerator GetEnumerator() => _generated.GetEnumerator();

    IEnumerator<KeyValuePair<int, int>> IEnumerable<KeyValuePair<int, int>>.GetEnumerator() => GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
