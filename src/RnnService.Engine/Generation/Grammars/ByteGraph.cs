namespace RnnService.Engine.Generation.Grammars;

/// <summary>
/// A nondeterministic automaton over bytes, made of a regular expression as Thompson has it (1968). A place has edges of bytes, or free ones.
/// </summary>
internal sealed class ByteGraph
{
    private const int MostPlaces = 100_000;
    private const int MostWork = 1_000_000; // edges, and parts of the tree as often as they are repeated, those that take no place too

    private readonly List<List<(byte First, byte Last, int To)>> _edges = [];
    private readonly List<List<int>> _free = [];
    private int _work;

    public ByteGraph(RegexNode node)
    {
        Start = NewPlace();
        End = Add(node, Start);
    }

    public int Start { get; }

    public int End { get; }

    public int Places => _edges.Count;

    public IReadOnlyList<(byte First, byte Last, int To)> Edges(int place) => _edges[place];

    public IReadOnlyList<int> Free(int place) => _free[place];

    /// <summary>Adds what a tree matches after a place.</summary>
    /// <returns>The place after it.</returns>
    private int Add(RegexNode node, int from)
    {
        Work();
        switch (node)
        {
            case RegexNode.Characters characters:
                int end = NewPlace();
                foreach ((byte First, byte Last)[] bytes in characters.Ranges.SelectMany(range => Utf8Ranges.Of(range.First, range.Last)))
                {
                    int at = from;
                    for (int i = 0; i < bytes.Length; i++)
                    {
                        Work();
                        int to = i == bytes.Length - 1 ? end : NewPlace();
                        _edges[at].Add((bytes[i].First, bytes[i].Last, to));
                        at = to;
                    }
                }

                return end;
            case RegexNode.Sequence sequence:
                return sequence.Parts.Aggregate(from, (at, part) => Add(part, at));
            case RegexNode.Either either:
                int together = NewPlace();
                foreach (RegexNode option in either.Options) Join(Add(option, Branch(from)), together);
                return together;
            case RegexNode.Repeat repeat:
                for (int i = 0; i < repeat.Least; i++) from = Add(repeat.Part, from);
                if (repeat.Most is { } most)
                {
                    int after = NewPlace();
                    Join(from, after);
                    for (int i = repeat.Least; i < most; i++)
                    {
                        from = Add(repeat.Part, Branch(from));
                        Join(from, after);
                    }

                    return after;
                }

                int loop = Branch(from);
                Join(Add(repeat.Part, Branch(loop)), loop);
                return Branch(loop);
            default:
                throw new InvalidOperationException($"unknown node {node.GetType().Name}");
        }
    }

    private void Join(int from, int to) => _free[from].Add(to);

    private int Branch(int from)
    {
        int to = NewPlace();
        Join(from, to);
        return to;
    }

    private void Work()
    {
        if (++_work > MostWork) throw ByteAutomaton.TooLarge();
    }

    private int NewPlace()
    {
        if (_edges.Count == MostPlaces) throw ByteAutomaton.TooLarge();
        _edges.Add([]);
        _free.Add([]);
        return _edges.Count - 1;
    }
}
