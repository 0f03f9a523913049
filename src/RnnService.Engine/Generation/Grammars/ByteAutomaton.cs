using System.Runtime.InteropServices;

namespace RnnService.Engine.Generation.Grammars;

/// <summary>
/// A deterministic automaton as a table, states numbered in the order in which bytes reach them: the same expression has the same numbers everywhere. All
/// states can come to an end. What making it may cost is bounded, since some expressions double it with every character.
/// </summary>
internal sealed class ByteAutomaton : Automaton
{
    private const int MostStates = 10_000, MostEntries = 400_000;
    private const long MostWork = 8_000_000; // places looked at: a fraction of a second

    private readonly byte[] _classOf; // bytes that no edge tells apart
    private readonly int _classes;
    private readonly short[] _next; // [state,class], -1 where nothing follows
    private readonly bool[] _accepts;

    private ByteAutomaton(byte[] classOf, int classes, short[] next, bool[] accepts) =>
        (_classOf, _classes, _next, _accepts) = (classOf, classes, next, accepts);

    public override long Start => 0;

    public override long Bytes => _next.Length * sizeof(short) + _accepts.Length + 256;

    public override long Next(long state, byte value) => _next[state * _classes + _classOf[value]];

    public override bool Accepts(long state) => _accepts[state];

    public override bool Has(long state) => state >= 0 && state < _accepts.Length;

    public static GrammarException TooLarge() => new(
        $"the grammar is too large: it asks for an automaton of more than {MostStates} states; expected fewer repetitions and alternatives");

    /// <summary>The automaton of an expression.</summary>
    /// <exception cref="GrammarException">It would be too large, or matches nothing.</exception>
    public static ByteAutomaton Of(RegexNode node)
    {
        var graph = new ByteGraph(node);
        (byte[] classOf, byte[] samples) = Classes(graph);
        long work = 0;
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        var states = new List<int[]>();
        var next = new List<short>();
        var marks = new int[graph.Places];
        int mark = 0;
        NumberOf([graph.Start]);
        for (int state = 0; state < states.Count; state++)
        {
            foreach (byte sample in samples)
            {
                var reached = new List<int>();
                foreach (int place in states[state])
                {
                    work += 1 + graph.Edges(place).Count;
                    foreach ((byte first, byte last, int to) in graph.Edges(place))
                    {
                        if (first <= sample && sample <= last) reached.Add(to);
                    }
                }

                if (next.Count == MostEntries) throw TooLarge();
                next.Add(reached.Count == 0 ? (short)-1 : (short)NumberOf(reached));
            }
        }

        bool[] accepts = [.. states.Select(places => Array.BinarySearch(places, graph.End) >= 0)];
        return WithoutDeadEnds(classOf, samples.Length, [.. next], accepts);

        int NumberOf(List<int> places)
        {
            // Everything that free edges lead to belongs to the state.
            mark++;
            var closure = new List<int>();
            var open = new Stack<int>(places);
            while (open.TryPop(out int place))
            {
                if (marks[place] == mark) continue;
                marks[place] = mark;
                closure.Add(place);
                work += 1 + graph.Free(place).Count;
                foreach (int to in graph.Free(place)) open.Push(to);
            }

            int[] sorted = [.. closure.Where(place => graph.Edges(place).Count > 0 || place == graph.End).Order()];
            if ((work += sorted.Length) > MostWork) throw TooLarge();
            string key = new(MemoryMarshal.Cast<int, char>(sorted));
            if (numbers.TryGetValue(key, out int number)) return number;
            if (states.Count == MostStates) throw TooLarge();
            numbers.Add(key, states.Count);
            states.Add(sorted);
            return states.Count - 1;
        }
    }

    /// <summary>Sets of bytes between which no edge tells a difference, with one of each.</summary>
    private static (byte[] ClassOf, byte[] Samples) Classes(ByteGraph graph)
    {
        var begins = new SortedSet<int> { 0 };
        for (int place = 0; place < graph.Places; place++)
        {
            foreach ((byte first, byte last, _) in graph.Edges(place))
            {
                begins.Add(first);
                if (last < 255) begins.Add(last + 1);
            }
        }

        byte[] samples = [.. begins.Select(begin => (byte)begin)], classOf = new byte[256];
        for (int value = 0, at = 0; value < 256; value++)
        {
            if (at + 1 < samples.Length && samples[at + 1] == value) at++;
            classOf[value] = (byte)at;
        }

        return (classOf, samples);
    }

    private static ByteAutomaton WithoutDeadEnds(byte[] classOf, int classes, short[] next, bool[] accepts)
    {
        bool[] ends = Ends(next.Chunk(classes).Select(row => row.Where(to => to >= 0).Select(to => (int)to)).ToArray(), accepts);
        if (!ends[0]) throw new GrammarException("the grammar matches no text; expected one that matches some");
        for (int i = 0; i < next.Length; i++)
        {
            if (next[i] >= 0 && !ends[next[i]]) next[i] = -1;
        }

        return new ByteAutomaton(classOf, classes, next, accepts);
    }

    /// <summary>Which states lead to one that accepts.</summary>
    internal static bool[] Ends(IReadOnlyList<IEnumerable<int>> edges, bool[] accepts)
    {
        var before = new List<int>[accepts.Length];
        for (int state = 0; state < before.Length; state++) before[state] = [];
        for (int state = 0; state < before.Length; state++)
        {
            foreach (int to in edges[state].Distinct()) before[to].Add(state);
        }

        bool[] ends = [.. accepts];
        var open = new Stack<int>(Enumerable.Range(0, accepts.Length).Where(state => accepts[state]));
        while (open.TryPop(out int state))
        {
            foreach (int from in before[state].Where(from => !ends[from]))
            {
                ends[from] = true;
                open.Push(from);
            }
        }

        return ends;
    }
}
