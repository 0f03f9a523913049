using System.Text;
using CsCheck;
using RnnService.Engine.Generation.Grammars;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Generation.Grammars;

/// <summary>Tunes that it reads add up; those that do not are refused where the fault is; no state is a dead end.</summary>
public sealed class AbcAutomatonTests
{
    private const string Jig = "X:1\nM:6/8\nL:1/8\nK:G\n";

    [Theory]
    [InlineData("GAB dcB|G3 G3||\n\n")]
    [InlineData("D|GAB dcB|G3 G2:|\nd|g>ed {c}B2A|G2z G2|]\n\n")]
    [InlineData("(3GABG2 d/c/B|^f/4f/4f/ g2 G3/B3/|G,3g'3::\nGAB c2d|\ne3 d3|]\n\n")]
    [InlineData("|:D|G6|G3G2:|\n\n")]
    public void Tunes_whose_bars_add_up_are_read(string body) => Assert.Null(Fault(Jig + body));

    [Theory]
    [InlineData("GAB dcBA", 7)] // an eighth too many
    [InlineData("GAB dc|G3 G3||", 6)] // a first bar of more than a half, but not whole
    [InlineData("D|GAB dcB||", 10)] // no room is left for the beginning of the next part
    [InlineData("GAB dcB|G3|", 10)]
    [InlineData("GAB dcB|GA>B2|", 13)] // the second note of a broken pair is longer than the first
    [InlineData("GAB dcB||\n\nG", 11)]
    [InlineData("(3GAB2 ", 6)]
    public void Others_are_refused_where_they_go_wrong(string body, int at) => Assert.Equal(Jig.Length + at, Fault(Jig + body));

    /// <summary>A line that begins with a letter and a colon is a field, not a bar that is repeated.</summary>
    [Theory]
    [InlineData("C|DE|\nF:|\n\n", 7)]
    [InlineData("C|DE|\nz::\n", 7)]
    [InlineData("C|DE|F:|\n\n", null)]
    [InlineData("C|DE|\nF,:|\n\n", null)]
    [InlineData("C|DE|\nF||\n\n", null)]
    [InlineData("C|DE|\nF/E/:|\nC|DE|\nD|]\n\n", null)]
    public void A_bar_is_no_field(string body, int? at)
    {
        const string header = "X:1\nM:2/4\nL:1/4\nK:C\n";
        Assert.Equal(header.Length + at, Fault(header + body));
    }

    [Fact]
    public void From_every_state_that_chance_leads_to_a_tune_can_be_finished()
    {
        Gen.ULong.Sample(seed =>
        {
            var random = new RandomSource(seed);
            var text = new StringBuilder();
            long state = AbcAutomaton.Instance.Start;
            for (int i = 0; i < 4000 && !AbcAutomaton.Instance.Accepts(state); i++)
            {
                long from = state;
                Assert.True(AbcAutomaton.Instance.Has(from));
                // Nothing but what the automaton itself says that a vocabulary needs, so that the way out is there.
                char[] next = [.. AbcAutomaton.Instance.Needs.Where(value => AbcAutomaton.Instance.Next(from, (byte)value) != Automaton.Dead)];
                Assert.True(next.Length > 0, text.ToString());
                char chosen = next[random.Below(next.Length)];
                text.Append(chosen);
                state = AbcAutomaton.Instance.Next(state, (byte)chosen);
            }
        }, iter: 100);
    }

    private static int? Fault(string tune)
    {
        long state = AbcAutomaton.Instance.Start;
        for (int at = 0; at < tune.Length; at++)
        {
            state = AbcAutomaton.Instance.Next(state, (byte)tune[at]);
            if (state == Automaton.Dead) return at;
        }

        Assert.True(AbcAutomaton.Instance.Accepts(state), "the tune is not finished");
        return null;
    }
}
