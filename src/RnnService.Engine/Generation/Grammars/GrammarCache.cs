using System.Runtime.CompilerServices;
using RnnService.Engine.Text;

namespace RnnService.Engine.Generation.Grammars;

/// <summary>
/// Grammars that were used lately, and what they are for the tokens of a model, so that asking again costs nothing. Both are bounded; what a stream
/// uses lives as long as it does. Safe for any number of threads.
/// </summary>
internal static class GrammarCache
{
    private const long MostBytes = 16 << 20;
    private const int MostMasks = 32;

    private static readonly RecentlyUsed<string, Grammar> s_grammars = new(MostBytes, static grammar => grammar.Bytes);
    private static readonly ConditionalWeakTable<Tokenizer, OfModel> s_models = [];

    /// <summary>The grammar of a source, made where it is new.</summary>
    public static Grammar Get(string source, Func<string, Grammar> make) => s_grammars.Get(source, make);

    /// <summary>A grammar for the tokens of a model.</summary>
    /// <exception cref="GrammarException">No text of its tokens is one of the grammar's.</exception>
    public static TokenMasks Get(Grammar grammar, Tokenizer tokenizer)
    {
        OfModel model = s_models.GetValue(tokenizer, static known => new OfModel(new TokenTrie(known)));
        return model.Masks.Get(grammar, one => new TokenMasks(one, tokenizer, model.Trie));
    }

    private sealed record OfModel(TokenTrie Trie)
    {
        public RecentlyUsed<Grammar, TokenMasks> Masks { get; } = new(MostMasks, static _ => 1);
    }

    /// <summary>Values by their keys; those unused for longest go where the sum of their sizes passes a bound.</summary>
    private sealed class RecentlyUsed<TKey, TValue>(long most, Func<TValue, long> sizeOf)
        where TKey : notnull
    {
        private readonly Dictionary<TKey, LinkedListNode<(TKey Key, TValue Value)>> _known = [];
        private readonly LinkedList<(TKey Key, TValue Value)> _order = new(); // the newest first
        private readonly Lock _lock = new();
        private long _size;

        public TValue Get(TKey key, Func<TKey, TValue> make)
        {
            lock (_lock)
            {
                if (_known.TryGetValue(key, out LinkedListNode<(TKey Key, TValue Value)>? node))
                {
                    _order.Remove(node);
                    _order.AddFirst(node);
                    return node.Value.Value;
                }
            }

            TValue value = make(key); // two threads may both make it: one is kept
            lock (_lock)
            {
                if (_known.TryGetValue(key, out LinkedListNode<(TKey Key, TValue Value)>? node)) return node.Value.Value;
                _known.Add(key, _order.AddFirst((key, value)));
                _size += sizeOf(value);
                while (_size > most && _order.Last is { } last && last != _order.First)
                {
                    _order.RemoveLast();
                    _known.Remove(last.Value.Key);
                    _size -= sizeOf(last.Value.Value);
                }
            }

            return value;
        }
    }
}
