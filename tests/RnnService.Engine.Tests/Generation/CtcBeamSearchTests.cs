using RnnService.Engine.Generation;
using Xunit;

namespace RnnService.Engine.Tests.Generation;

/// <summary>The search against one that keeps strings in a table and forgets nothing but them; and what it holds in memory.</summary>
public sealed class CtcBeamSearchTests
{
    private const int Symbols = 4;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(10)]
    public void A_narrow_search_finds_what_a_table_of_strings_finds(int beams)
    {
        var found = new HashSet<string>();
        for (ulong seed = 1; seed <= 20; seed++)
        {
            float[] logits = [.. Draw.Normal(seed, 50 * Symbols).Select(value => 1.5f * value)];
            string expected = TableSearch(logits, beams);
            Assert.Equal(expected, Text(CtcDecoder.Beam(logits, Symbols, beams)));
            found.Add(expected);
        }

        Assert.Equal(20, found.Count);
    }

    [Fact]
    public void Pieces_give_what_the_whole_gives()
    {
        float[] logits = Draw.Normal(3, 60 * Symbols);
        CtcSymbol[] whole = CtcDecoder.Beam(logits, Symbols, 5);
        Assert.True(whole.Length > 10 && whole[^1].Step > 40);
        var search = new CtcBeamSearch(Symbols, 5);
        Assert.Empty(search.Best());
        foreach (float[] piece in logits.Chunk(7 * Symbols)) search.Read(piece);
        Assert.Equal(whole, search.Best());
    }

    [Fact]
    public void Memory_holds_what_is_kept_and_not_what_was()
    {
        // One symbol is said, a later one for a likelier reading: every one of them is kept for a while.
        const int symbols = 40, beams = 8;
        var search = new CtcBeamSearch(symbols, beams);
        float[] step = new float[symbols];
        for (int t = 0; t < 3 * (symbols - 1); t++)
        {
            Array.Fill(step, -100);
            (step[0], step[1 + t % (symbols - 1)]) = (0, t / 3f - 60);
            search.Read(step);
            Assert.InRange(search.Prefixes, symbols, 1 + (beams + 1) * (symbols - 1)); // the kept and their one beginning have longer ones
        }

        Assert.Empty(search.Best());
    }

    private static string Text(IEnumerable<CtcSymbol> found) => string.Concat(found.Select(one => (char)('a' + one.Symbol - 1)));

    private static string TableSearch(float[] logits, int beams)
    {
        var kept = new Dictionary<string, (double Blank, double Symbol)> { [""] = (1, 0) };
        foreach (float[] step in logits.Chunk(Symbols))
        {
            double[] share = [.. step.Select(value => Math.Exp(value))];
            double sum = share.Sum();
            var next = new Dictionary<string, (double Blank, double Symbol)>();
            foreach ((string text, (double blank, double symbol)) in kept)
            {
                Add(text, (blank + symbol) * share[0] / sum, text.Length > 0 ? symbol * share[text[^1] - 'a' + 1] / sum : 0);
                for (char c = 'a'; c < 'a' + Symbols - 1; c++)
                    Add(text + c, 0, (text.EndsWith(c) ? blank : blank + symbol) * share[c - 'a' + 1] / sum);
            }

            kept = next.OrderByDescending(pair => pair.Value.Blank + pair.Value.Symbol).Take(beams).ToDictionary();

            void Add(string text, double blank, double symbol)
            {
                var before = next.GetValueOrDefault(text);
                next[text] = (before.Blank + blank, before.Symbol + symbol);
            }
        }

        return kept.MaxBy(pair => pair.Value.Blank + pair.Value.Symbol).Key;
    }
}
