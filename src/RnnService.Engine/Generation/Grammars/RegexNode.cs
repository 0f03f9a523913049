namespace RnnService.Engine.Generation.Grammars;

/// <summary>A regular expression as a tree.</summary>
internal abstract record RegexNode
{
    /// <summary>The largest code point.</summary>
    public const int MostCodePoint = 0x10FFFF;

    /// <summary>Nothing: the empty text.</summary>
    public static RegexNode Empty => new Sequence([]);

    /// <summary>A text as it stands; a lone surrogate as U+FFFD.</summary>
    public static RegexNode Literal(string text) =>
        new Sequence([.. text.EnumerateRunes().Select(rune => new Characters([(rune.Value, rune.Value)]))]);

    /// <summary>One code point of some ranges, both ends included.</summary>
    public sealed record Characters(IReadOnlyList<(int First, int Last)> Ranges) : RegexNode
    {
        /// <summary>All code points but those of some ranges.</summary>
        public static Characters Except(IEnumerable<(int First, int Last)> ranges)
        {
            var rest = new List<(int, int)>();
            int next = 0;
            foreach ((int first, int last) in ranges.Order())
            {
                if (first > next) rest.Add((next, first - 1));
                next = Math.Max(next, last + 1);
            }

            if (next <= MostCodePoint) rest.Add((next, MostCodePoint));
            return new Characters(rest);
        }
    }

    /// <summary>One after the other.</summary>
    public sealed record Sequence(IReadOnlyList<RegexNode> Parts) : RegexNode;

    /// <summary>One of several.</summary>
    public sealed record Either(IReadOnlyList<RegexNode> Options) : RegexNode;

    /// <summary>The same again and again.</summary>
    /// <param name="Part">What.</param>
    /// <param name="Least">How often at least.</param>
    /// <param name="Most">How often at most; null has no bound.</param>
    public sealed record Repeat(RegexNode Part, int Least, int? Most) : RegexNode;
}
