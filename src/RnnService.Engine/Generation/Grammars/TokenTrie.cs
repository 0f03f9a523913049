using RnnService.Engine.Text;

namespace RnnService.Engine.Generation.Grammars;

/// <summary>The tokens of a vocabulary by their bytes, so that what begins alike is read once. Immutable.</summary>
internal sealed class TokenTrie
{
    private readonly List<List<(byte Value, int Node)>> _children = [[]];
    private readonly List<List<int>> _tokens = [[]];

    public TokenTrie(Tokenizer tokenizer)
    {
        for (int id = 0; id < tokenizer.Vocabulary.Count; id++)
        {
            if (tokenizer.BytesOf(id) is not { Length: > 0 } bytes) continue;
            int node = 0;
            foreach (byte value in bytes)
            {
                int at = _children[node].FindIndex(child => child.Value == value);
                if (at < 0)
                {
                    at = _children[node].Count;
                    _children[node].Add((value, _children.Count));
                    _children.Add([]);
                    _tokens.Add([]);
                }

                node = _children[node][at].Node;
            }

            _tokens[node].Add(id);
        }
    }

    /// <summary>Visits the tokens that an automaton can read.</summary>
    /// <param name="from">The state before them.</param>
    /// <param name="next">The state after a byte; <see cref="Automaton.Dead"/> where nothing comes of it.</param>
    /// <param name="visit">Takes a token and the state after it.</param>
    /// <returns>Number of bytes looked at.</returns>
    public long Walk(long from, Func<long, byte, long> next, Action<int, long> visit)
    {
        long looked = 0;
        var open = new Stack<(int Node, long State)>([(0, from)]);
        while (open.TryPop(out (int Node, long State) here))
        {
            foreach (int token in _tokens[here.Node]) visit(token, here.State);
            foreach ((byte value, int node) in _children[here.Node])
            {
                looked++;
                long state = next(here.State, value);
                if (state != Automaton.Dead) open.Push((node, state));
            }
        }

        return looked;
    }
}
