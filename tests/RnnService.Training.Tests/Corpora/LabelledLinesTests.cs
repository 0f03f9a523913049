using RnnService.Training.Corpora;
using Xunit;

namespace RnnService.Training.Tests.Corpora;

public sealed class LabelledLinesTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private CorpusSource Source(string content, string format = "labelled") =>
        new() { Path = _folder.Write("a.txt", content), Format = format };

    [Fact]
    public void A_file_may_hold_the_texts_of_one_label_and_a_part_of_any_file_may_be_read()
    {
        CorpusSource one = Source("too late\n\nno answer\nbroken\n", "text") with { Label = "complaint", Limit = 2 };
        Assert.Equal(["complaint|too late|1", "complaint|no answer|3"], Corpus.ReadLabelled(one).Select(example => $"{example.Label}|{example.Text}|{example.Line}"));
        Assert.Equal("late", Assert.Single(Corpus.ReadLabelled(Source("x\tlate\ny\tgood\n") with { Limit = 1 })).Text);
        Assert.Contains("label does not belong to running text", Assert.Throws<ArgumentException>(() => Corpus.ReadText(one)).Message, StringComparison.Ordinal);
        CorpusSource pairs = new() { Path = _folder.Write("a.csv", "source,target\nx,y\n"), Format = "csv", Limit = 1 };
        Assert.Contains("limit does not belong to pairs of texts", Assert.Throws<ArgumentException>(() => Corpus.ReadPairs(pairs)).Message, StringComparison.Ordinal);
        Assert.Contains("holds no labelled text", Assert.Throws<ArgumentException>(() => Corpus.ReadLabelled(one with { Label = null, Limit = null })).Message, StringComparison.Ordinal);
        Assert.Contains("label does not belong to format \"labelled\"", Assert.Throws<ArgumentException>(() => Corpus.ReadLabelled(Source("x\ty\n") with { Label = "x" })).Message, StringComparison.Ordinal);
        Assert.Contains("limit is 0; expected 1 or more", Assert.Throws<ArgumentException>(() => Corpus.ReadLabelled(one with { Limit = 0 })).Message, StringComparison.Ordinal);
    }

    private string Refusal(CorpusSource source)
    {
        Exception error = Assert.ThrowsAny<Exception>(() => Corpus.ReadLabelled(source));
        Assert.True(error is InvalidDataException or CorpusException, $"{error}");
        string message = error.Message;
        Assert.StartsWith(_folder["a.txt"], message);
        return message[_folder["a.txt"].Length..];
    }

    [Fact]
    public void A_line_is_a_label_a_tab_and_a_text()
    {
        var read = Corpus.ReadLabelled(Source("good\tvery nice \r\n\nbad\tawful"));
        Assert.Equal([new("good", "very nice "), new("bad", "awful")], read);
    }

    [Theory]
    [InlineData('\u0085')]
    [InlineData('\u2028')]
    [InlineData('\v')]
    [InlineData('\f')]
    [InlineData('\r')]
    public void Only_LF_ends_a_line(char odd)
    {
        var read = Corpus.ReadLabelled(Source($"good\tone{odd}text\nbad\tx\n"));
        Assert.Equal([new("good", $"one{odd}text"), new("bad", "x")], read);
    }

    [Fact]
    public void Columns_can_be_chosen_from_either_end_and_lines_by_their_values()
    {
        var read = Corpus.ReadLabelled(Source("id\tlabel\tpart\ttext\n1\tgood\ttrain\tnice\n2\tbad\tdev\tdull\n3\tbad\ttrain\tpoor\n") with
        {
            LabelColumn = 1,
            TextColumn = -1,
            SkipLines = 1,
            Where = new Dictionary<string, string> { ["-2"] = "train" },
        });
        Assert.Equal([new("good", "nice"), new("bad", "poor")], read);
    }

    [Fact]
    public void Labels_are_given_their_names()
    {
        var names = new Dictionary<string, string> { ["0"] = "negative", ["1"] = "positive" };
        Assert.Equal([new("positive", "fine")], Corpus.ReadLabelled(Source("1\tfine") with { LabelNames = names }));
        Assert.Equal(
            ", line 2: \"2\" has no name in label_names: expected one of 0, 1",
            Refusal(Source("1\tfine\n2\tso so") with { LabelNames = names }));
    }

    [Fact]
    public void Repeated_pairs_are_kept_once_when_asked()
    {
        var source = Source("a\tx\nb\tx\na\tx\na\ty\n");
        Assert.Equal(4, Corpus.ReadLabelled(source).Count);
        Assert.Equal([new("a", "x"), new("b", "x"), new("a", "y")], Corpus.ReadLabelled(source with { Distinct = true }));
    }

    [Fact]
    public void Sst2_lines_are_a_label_a_space_and_a_sentence()
    {
        var read = Corpus.ReadLabelled(Source("1 good -lrb- 1\\/2 -rrb- fun .\n0 dull\u0085dull\n", "labelled-space"));
        Assert.Equal([new("1", "good ( 1/2 ) fun ."), new("0", "dull\u0085dull")], read);
    }

    [Fact]
    public void Lines_that_are_something_else_are_named()
    {
        Assert.Equal(", line 2: 1 column separated by tabs; expected 2 (label, text)", Refusal(Source("a\tx\nb x\n")));
        Assert.Equal(", line 1: 3 columns separated by tabs; expected 2 (label, text)", Refusal(Source("a\tx\ty\n")));
        Assert.Equal(
            ", line 3: 2 columns separated by tabs; expected 3 as on the first line",
            Refusal(Source("a\tx\ty\n\na\tx\n") with { TextColumn = 2 }));
        Assert.Equal(", line 1: 2 columns, but text_column is 2", Refusal(Source("a\tx") with { TextColumn = 2 }));
        Assert.Equal(", line 1: 2 columns, but label_column is -3", Refusal(Source("a\tx") with { LabelColumn = -3 }));
        Assert.Equal(
            ", line 1: 2 columns, but where is 5",
            Refusal(Source("a\tx") with { Where = new Dictionary<string, string> { ["5"] = "a" } }));
        Assert.Equal(", line 1: no label; expected one before the text", Refusal(Source(" \tx")));
        Assert.Equal(", line 2: no text after label \"b\"; expected some", Refusal(Source("a\tx\nb\t \n")));
        Assert.Equal(", line 1: \"good\" has no space; expected LABEL sentence", Refusal(Source("good", "labelled-space")));
        Assert.Equal(", line 1: no label; expected one before the text", Refusal(Source(" x", "labelled-space")));
        Assert.Equal(" holds no labelled text; expected at least one", Refusal(Source("\n\n")));
        Assert.Equal(" holds no labelled text; expected at least one", Refusal(Source("a\tx\n") with { SkipLines = 1 }));
    }
}
