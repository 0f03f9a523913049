using CsCheck;
using RnnService.Audio.Music;

namespace RnnService.Audio.Tests.Music;

public sealed class AbcTuneTests
{
    private static readonly string[] s_pieces =
        ["X:1\n", "M:6/8\n", "K:G\n", "A", "^c'", "|", ":", "[", "]", "(3", ">", "-", "{", "}", "\n", "1", "/", "z", "Z9", "\"", "[K:D]", "[ce]", "é"];

    private const long Eighth = AbcTune.TicksOfWhole / 8;

    private static AbcTune Read(string body, string metre = "4/4", string key = "C") => AbcTune.Parse($"X:1\nT:Any\nM:{metre}\nL:1/8\nK:{key}\n{body}\n");

    /// <summary>Its notes: pitches with + between, z for a rest, then the length in eighths where it is not one; - where it is tied.</summary>
    private static string Notes(AbcTune tune) => string.Join(" | ", tune.Bars.Select(bar => string.Join(" ", bar.Notes.Select(note =>
        (note.Pitches.Count == 0 ? "z" : string.Join('+', note.Pitches)) + (note.Ticks == Eighth ? "" : FormattableString.Invariant($"*{(double)note.Ticks / Eighth:0.###}"))
        + (note.IsTied ? "-" : "")))));

    [Theory]
    [InlineData("C D E F G A B c", "60 62 64 65 67 69 71 72")]
    [InlineData("C,c'C,,c'',", "48 84 36 84")]
    [InlineData("A2 B/ c3/2 d// e/4 f3/ z4 x", "69*2 71*0.5 72*1.5 74*0.25 76*0.25 77*1.5 z*4 z")]
    [InlineData("^F =F _B ^^c __e", "66 65 70 74 74")]
    [InlineData("A>B c<d e>>f", "69*1.5 71*0.5 72*0.5 74*1.5 76*1.75 77*0.25")]
    [InlineData("(3ABc (2de (5cdefg (3:2:2 ab", "69*0.667 71*0.667 72*0.667 74*1.5 76*1.5 72*0.4 74*0.4 76*0.4 77*0.4 79*0.4 81*0.667 83*0.667")]
    [InlineData("[CEG]2 [C2E2G2]/ [^F_B]", "60+64+67*2 60+64+67 66+70")]
    [InlineData("{ag}A \"Am\"B !trill!c ~d .e (fg) +fermata+a % a remark", "69 71 72 74 76 77 79 81")]
    [InlineData("A-A B- | B", "69- 69 71- | 71")]
    [InlineData("[L:1/4]A [L:1/8]A [K:D]F", "69*2 69 66")]
    [InlineData("Z2 | A", "z*8 | z*8 | 69")]
    public void Notes_have_their_pitch_and_length(string body, string expected) => Assert.Equal(expected, Notes(Read(body)));

    [Theory]
    [InlineData("G", "66 72")]
    [InlineData("D", "66 73")]
    [InlineData("F", "65 72")]
    [InlineData("Ador", "66 72")]
    [InlineData("A dorian", "66 72")]
    [InlineData("Em", "66 72")]
    [InlineData("E minor", "66 72")]
    [InlineData("Amix", "66 73")]
    [InlineData("F#", "66 73")]
    [InlineData("Gb", "65 71")]
    [InlineData("Bphr", "66 72")]
    [InlineData("C lydian", "66 72")]
    public void A_key_raises_and_lowers(string key, string expected) => Assert.Equal(expected, Notes(Read("F c", key: key)));

    [Fact]
    public void An_accidental_lasts_for_its_octave_to_the_end_of_the_bar_and_over_it_with_a_tied_note()
    {
        Assert.Equal("66 66 77 65 | 65", Notes(Read("^F F f =F | F")));
        Assert.Equal("66- | 66 65", Notes(Read("^F- | F F")));
    }

    [Theory]
    [InlineData("C8 | D8 | E8", "")]
    [InlineData("C8 | D7 | E8", "1")]
    [InlineData("C8 | D9 | E8", "1")]
    [InlineData("C2 | D8 | E6 |]", "")]
    [InlineData("C2 | D8 | E8 |]", "")] // what lacks at the end is told by the next part or by nobody
    [InlineData("C2 | D8 | E5 |]", "2")]
    [InlineData("C2 | D8 | E6 :| F2 | G8 | A6 |]", "")]
    [InlineData("C2 | D8 | E6 || F8 | A6 |]", "")]
    [InlineData("C8 | D4 :| E4 | F8 |]", "")]
    [InlineData("C2 | D8 |1 E6 :|2 F6 |]", "")]
    [InlineData("C2 | D8 |1 E6 :|2 F5 |]", "3")]
    [InlineData("C9 | D8 |]", "0")]
    [InlineData("C8 | [M:6/8] D6 | E6 | E8", "3")]
    [InlineData("(3CDEF6 | G>AB6 | [CE]8 | {ag}C8", "")]
    public void Bars_add_up_to_the_metre_or_are_told(string body, string expected) => Assert.Equal(expected, string.Join(',', Read(body).UnevenBars()));

    [Theory]
    [InlineData("A8|B8|]", "A B")]
    [InlineData("A8|B8:|", "A B A B")]
    [InlineData("A8|:B8:|c8|]", "A B B c")]
    [InlineData("A8:|B8:|", "A A B B")]
    [InlineData("|:A8::B8:|", "A A B B")]
    [InlineData("A8:|\n|:B8:|", "A A B B")]
    [InlineData("A8||B8:|", "A B B")]
    [InlineData("|:A8||B8:|", "A B A B")]
    [InlineData("|:A8|1B8:|2c8|]", "A B A c")]
    [InlineData("|:A8|[1 B8|d8:|[2 c8|e8|]f8|]", "A B d A c e f")]
    [InlineData("A8|1B8:|2c8||d8|1e8:|2f8|]", "A B A c d e d f")]
    public void Parts_are_played_as_often_as_they_are_marked(string body, string expected)
    {
        string letters = string.Concat(Read(body).Played().Select(bar => " " + (bar.Notes[0].Pitches[0] switch { 69 => "A", 71 => "B", 72 => "c", 74 => "d", 76 => "e", _ => "f" })));
        Assert.Equal(expected, letters.Trim());
    }

    [Theory]
    [InlineData("", "K: is missing; expected the key at the end of the header")]
    [InlineData("X:1\nM:4/4\nABc\nK:C\n", "line 3, character 1 stands before the key (K:); expected fields of the header")]
    [InlineData("X:1\nK:C\nABc\n", "line 2, character 1 comes without a metre (M:); expected one before the key")]
    [InlineData("X:1\nM:0/4\nK:C\nA\n", "line 2, character 1 is no metre; expected one such as M:6/8")]
    [InlineData("X:1\nM:4/4\nL:1/7\nK:C\nA\n", "line 3, character 1 is no length of a note; expected one such as L:1/8")]
    [InlineData("X:1\nM:4/4\nK:H\nA\n", "line 3, character 1 is no key; expected one such as K:G or K:Ador")]
    [InlineData("X:1\nM:4/4\nK:C\n|||\n", "the tune holds no note; expected one or more")]
    [InlineData("X:1\nM:4/4\nK:C\nA$B\n", "line 4, character 2 is \"$\"; expected notes, bars and what belongs to them")]
    [InlineData("X:1\nM:4/4\nK:C\nA0\n", "line 4, character 1 is no length of a note; expected a number such as 2 or 3/2")]
    [InlineData("X:1\nM:4/4\nK:C\n(3AB|c\n", "line 4, character 5 is a bar inside a group or broken pair; expected its notes")]
    [InlineData("X:1\nM:4/4\nK:C\n(3A(3B\n", "line 4, character 4 is a group that cannot be; expected (2 to (9, one at a time")]
    [InlineData("X:1\nM:4/4\nK:C\n>A\n", "line 4, character 1 is a broken pair without its first note; expected a note before it")]
    [InlineData("X:1\nM:4/4\nK:C\nA>\n", "the tune ends inside a group or broken pair; expected its notes")]
    [InlineData("X:1\nM:4/4\nK:C\nA2Z2|\n", "line 4, character 3 is a rest of bars within a bar; expected it in a bar's place")]
    public void What_is_no_tune_is_said_with_its_place(string text, string message) =>
        Assert.Equal(message, Assert.Throws<FormatException>(() => AbcTune.Parse(text)).Message);

    [Fact]
    public void No_text_does_more_than_be_refused() => Gen.OneOf([.. s_pieces.Select(Gen.Const)]).List[0, 30].Sample(
        pieces =>
        {
            try
            {
                AbcTune tune = AbcTune.Parse("M:3/4\nK:C\n" + string.Concat(pieces));
                Assert.All(tune.UnevenBars(), bar => Assert.InRange(bar, 0, tune.Bars.Count - 1));
                Assert.InRange(tune.Played().Count, 1, 2 * tune.Bars.Count);
            }
            catch (FormatException)
            {
            }
        });
}
