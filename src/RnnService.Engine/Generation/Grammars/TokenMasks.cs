using System.Collections.Concurrent;
using RnnService.Engine.Text;

namespace RnnService.Engine.Generation.Grammars;

/// <summary>Which tokens of a vocabulary may follow in a state.</summary>
/// <param name="Allowed">The tokens' bits.</param>
/// <param name="Any">Whether there is one.</param>
/// <param name="MayEnd">Whether the text may end here.</param>
internal sealed record TokenMask(ulong[] Allowed, bool Any, bool MayEnd)
{
    /// <summary>Whether a token may follow.</summary>
    public bool Allows(int id) => (Allowed[id >> 6] >> id & 1) != 0;

    /// <summary>Rules out what may not follow.</summary>
    public void Apply(Span<float> logits)
    {
        for (int id = 0; id < logits.Length; id++)
        {
            if (!Allows(id)) logits[id] = float.NegativeInfinity;
        }
    }
}

/// <summary>
/// A grammar for the tokens of one vocabulary. A token may follow where some text of the grammar can still be finished with tokens of the vocabulary,
/// so that there is a way on from every state. Immutable but for the masks it remembers; safe for any number of threads.
/// </summary>
internal sealed class TokenMasks
{
    private const long MostWork = 20_000_000; // bytes looked at: about a second
    private const long MostBytes = 1 << 19;

    /// <summary>The state of a model of words before its first word, whose space is not the grammar's.</summary>
    private const long BeforeWords = -2;

    private readonly Automaton _automaton;
    private readonly Tokenizer _tokenizer;
    private readonly TokenTrie _trie;
    private readonly HashSet<long>? _ends; // states from which tokens lead to an end; null where all do
    private readonly ConcurrentDictionary<long, TokenMask> _masks = new();
    private readonly int _most;
    private int _remembered;

    /// <exception cref="GrammarException">No text of the vocabulary's tokens is one of the grammar's, or finding out takes too long.</exception>
    public TokenMasks(Grammar grammar, Tokenizer tokenizer, TokenTrie trie)
    {
        (_automaton, _tokenizer, _trie) = (grammar.Automaton, tokenizer, trie);
        Start = tokenizer.Kind is Tokenization.Characters or Tokenization.Subwords ? _automaton.Start : BeforeWords;
        _most = (int)(MostBytes / (tokenizer.Vocabulary.Count / 8 + 64)) + 1;
        // All bytes are subwords: whatever bytes can finish, they can.
        if (_automaton.Needs is { } needed)
        {
            if (tokenizer.Kind != Tokenization.Subwords && needed.Any(character => !tokenizer.Knows($"{character}")))
                throw new GrammarException($"the grammar needs a model of characters that has {needed.ReplaceLineEndings("\\n")}; expected one");
        }
        else if (tokenizer.Kind != Tokenization.Subwords)
        {
            _ends = Ends();
        }

        if (!Of(Start).Any) throw new GrammarException($"the grammar matches no text of this model's {tokenizer.Unit}s; expected one that does");
    }

    /// <summary>The state before the text.</summary>
    public long Start { get; }

    /// <summary>What may follow in a state.</summary>
    public TokenMask Of(long state)
    {
        if (_masks.TryGetValue(state, out TokenMask? mask)) return mask;
        ulong[] allowed = new ulong[(_tokenizer.Vocabulary.Count + 63) / 64];
        bool any = false;
        _trie.Walk(state, Next, (id, after) =>
        {
            if (_ends?.Contains(after) == false) return;
            allowed[id >> 6] |= 1UL << id;
            any = true;
        });
        mask = new TokenMask(allowed, any, state != BeforeWords && _automaton.Accepts(state));
        // The dictionary's own count would take all of its locks.
        if (Volatile.Read(ref _remembered) < _most && _masks.TryAdd(state, mask)) Interlocked.Increment(ref _remembered);
        return mask;
    }

    /// <summary>The state after a text that was sent, which the new text goes on with.</summary>
    /// <exception cref="GrammarException">It begins no text of the grammar.</exception>
    public long After(string text)
    {
        long state = Start;
        foreach (byte value in ByteAlphabet.Utf8(text))
        {
            state = Next(state, value);
            if (state == Automaton.Dead) throw new GrammarException("the text that was sent begins no text of the grammar; expected one that does, or none");
        }

        return state;
    }

    /// <summary>The state after a token that may follow.</summary>
    public long Advance(long state, int id)
    {
        foreach (byte value in _tokenizer.BytesOf(id) ?? []) state = Next(state, value);
        return state;
    }

    /// <summary>Whether a number that was stored is a state.</summary>
    public bool Has(long state) => state == Start || _automaton.Has(state) && _ends?.Contains(state) != false;

    private long Next(long state, byte value) =>
        state == BeforeWords ? value == ' ' ? _automaton.Start : Automaton.Dead : _automaton.Next(state, value);

    private HashSet<long> Ends()
    {
        var numbers = new Dictionary<long, int> { [Start] = 0 };
        List<long> states = [Start];
        var edges = new List<IEnumerable<int>>();
        long work = 0;
        for (int at = 0; at < states.Count; at++)
        {
            var reached = new HashSet<int>();
            work += _trie.Walk(states[at], Next, (_, after) =>
            {
                if (numbers.TryAdd(after, states.Count)) states.Add(after);
                reached.Add(numbers[after]);
            });
            if (work > MostWork) throw ByteAutomaton.TooLarge();
            edges.Add(reached);
        }

        bool[] ends = ByteAutomaton.Ends(edges, [.. states.Select(state => state != BeforeWords && _automaton.Accepts(state))]);
        return [.. states.Where((_, at) => ends[at])];
    }
}
