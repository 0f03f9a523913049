using CsCheck;
using RnnService.Audio.Music;

namespace RnnService.Audio.Tests.Music;

public sealed class AbcBookTests
{
    private static readonly string[] s_symbols =
    [
        "A", "^c'", "G", "=e/", "F,2", "z", "x3/2", "Z", "[ce]2", "[^F2A2]", "(3", ">", "<<", " ", "|", ":|", "|:", "::", "||", "|]", "|1", "[2", "\n", "\\\n", "{ag}", "{ /a}",
        "\"Am\"", "~", "!trill!", "(", ")", "[K:D]", "[M:3/4]", "\nL:1/4\n", "\nT:b\n", "% no\n", "A٣", "é",
    ];

    [Fact]
    public void A_tune_is_written_in_one_form()
    {
        const string tune = """
            X:7
            T:The Ash
            R:jig
            M:C|
            L:1/8
            K:G dorian % from memory
            (D/2E/2) |: "Gm"G3/2A1/2  [B,2D2]2 ~c-d e'-e' |1 {a/b/}G4 (3:2:3ABc > d x2 :|[2 =F,,8 |]
            w: some words
            M:2/4
            [I:any]z2 [L:1/16]A8 ||
            """;
        Assert.Equal("X:1\nM:2/2\nL:1/8\nK:Gdor\nD/E/|:G3/A/ [B,2D2]2 cd e'-e'|1{a/b/}G4 (3:2:3ABc>d z2:|2=F,,8|]\nM:2/4\nz2[L:1/16]A8||\n", new AbcForm(tune).Write());
    }

    [Fact]
    public void Tunes_that_cannot_be_read_or_do_not_add_up_are_left_out_and_counted()
    {
        AbcBook book = AbcBook.Read("X:1\nM:2/4\nK:C\nA2B2|\r\n\r\nX:2\nM:2/4\nK:C\nA4|B3|A4|\n \n\nX:3\nK:C\nA4\n\nX:4\nM:2/4\nK:C\n(3AB|\n\nX:5\nM:2/4\nK:C\nz4|]");
        Assert.Equal(("X:1\nM:2/4\nL:1/16\nK:C\nA2B2|\n\nX:1\nM:2/4\nL:1/16\nK:C\nz4|]\n\n", 2, 2, 1), (book.Text, book.Tunes, book.Unread, book.Uneven));
    }

    [Fact]
    public void Other_keys_follow_and_are_the_tune_moved()
    {
        const string tune = "X:1\nM:3/4\nL:1/8\nK:D\nD2{c}^G2 _B2|[FA]2=c>d (3efg|]\n";
        string[] tunes = AbcBook.Read(tune, keys: AbcBook.MostKeys).Text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(7, tunes.Distinct().Count());
        int[][] pitches = [.. tunes.Select(one => AbcTune.Parse(one).Bars.SelectMany(bar => bar.Notes).SelectMany(note => note.Pitches).ToArray())];
        int[] steps = [.. pitches.Select(moved => moved[0] - pitches[0][0])];
        Assert.All(pitches.Zip(steps), moved => Assert.Equal(pitches[0].Select(pitch => pitch + moved.Second), moved.First));
        Assert.Equal([-5, -3, -2, 0, 2, 3, 5], steps.Order()); // fourths, thirds and seconds
        Assert.Contains("K:G\nG2{f}^c2 _e2|[Bd]2=f>g (3abc'|]", tunes.Select(one => one[(one.IndexOf("K:", StringComparison.Ordinal))..]));
    }

    [Theory]
    [InlineData("\"G\"G:|\n~A:|\n", "G :|\nA :|\n")]
    [InlineData("(G-:|\nG4):|\n", "G- :|\nG4:|\n")]
    [InlineData("(G:|A-\n~A:|\n", "G :|A-\nA :|\n")] // the tie stands where it stood before the space
    public void A_bar_of_one_letter_at_a_line_s_beginning_is_no_field(string body, string written) =>
        Assert.Equal($"X:1\nM:1/4\nL:1/4\nK:C\n{written}", new AbcForm($"X:1\nM:1/4\nL:1/4\nK:C\n{body}").Write());

    [Fact]
    public void In_no_key_a_bar_becomes_a_field()
    {
        string[] tunes = AbcBook.WithKeys("X:1\nM:1/4\nL:1/4\nK:C\nG,:|\n\n", AbcBook.MostKeys).Split(AbcBook.Between, StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4, tunes.Length);
        Assert.All(tunes, tune => Assert.Single(AbcTune.Parse(tune).Bars));
    }

    /// <summary>What is left out of the form changes no note and no bar's length, and neither does writing the form once more.</summary>
    [Fact]
    public void What_is_written_reads_back_as_the_tune_it_was() => Gen.OneOf([.. s_symbols.Select(Gen.Const)]).List[1, 25].Sample(
        symbols =>
        {
            string text = "X:1\nM:2/4\nL:1/8\nK:G\n" + string.Concat(symbols) + "\n";
            string? written = new AbcForm(text).Write();
            if (written is null) return;
            if (Parsed(text) is not { } read) return;
            Assert.Equal(Sounds(read), Sounds(AbcTune.Parse(written)));
            Assert.Equal(Sounds(read), Sounds(AbcTune.Parse(new AbcForm(written).Write()!)));
        },
        iter: 5000);

    private static AbcTune? Parsed(string text)
    {
        try
        {
            return AbcTune.Parse(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static string Sounds(AbcTune tune) => string.Join('|', tune.Bars.Select(bar =>
        $"{bar.Metre} {bar.Ending} {string.Join(' ', bar.Notes.Select(note => $"{string.Join('+', note.Pitches)}*{note.Ticks}"))}"));

    [Fact]
    public void A_tune_that_changes_its_key_is_not_moved() =>
        Assert.Equal(1, AbcBook.Read("X:1\nM:2/4\nL:1/8\nK:D\nD4|[K:G]G4|]\n", keys: 2).Text.Split("X:1").Length - 1);
}
