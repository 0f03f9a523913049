using RnnService.Training.Corpora;
using Xunit;

namespace RnnService.Training.Tests.Corpora;

/// <summary>Running text from a column of a table: a document a row.</summary>
public sealed class DocumentTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private CorpusSource Source(string name, string content, string format) => new() { Path = _folder.Write(name, content), Format = format };

    private static (string Text, string[] Notes) Read(CorpusSource source)
    {
        var notes = new List<CorpusNote>();
        return (Corpus.ReadText(source, notes), [.. notes.Select(note => note.ToString())]);
    }

    [Theory]
    [InlineData("csv", "id,text\n1,\"One, two\"\n2,three <br /> four\n")]
    [InlineData("csv", "text\n\"One, two\"\nthree <br /> four\n")]
    [InlineData("csv", "label;Review;score\na;One, two;1\nb;three <br /> four;2\n")]
    [InlineData("labelled", "a\tOne, two\nb\tthree <br /> four\n")]
    [InlineData("labelled", "label\ttext\na\tOne, two\nb\tthree <br /> four\n")]
    [InlineData("jsonl", "{\"text\": \"One, two\"}\n{\"text\": \"three <br /> four\"}\n")]
    [InlineData("jsonl", "[{\"author\": \"A\", \"paragraphs\": [\"One, two\"]}, {\"author\": \"B\", \"paragraphs\": [\"three <br /> four\"]}]")]
    public void A_row_is_a_line(string format, string content)
    {
        Assert.Equal("One, two\nthree <br /> four\n", Read(Source("a", content, format)).Text);
        Assert.Equal("One, two\nthree <br /> four\n", Read(new CorpusSource { Path = _folder.WritePacked("a.gz", content), Format = format }).Text);
    }

    [Theory]
    [InlineData("csv", "text\n\"One\r\ntwo\n\"\nthree\n")]
    [InlineData("jsonl", "[{\"paragraphs\": [\"One\", \"two\"], \"rhythmic\": \"x\"}, {\"paragraphs\": [\"three\"], \"rhythmic\": \"y\"}]")]
    public void An_empty_line_stands_after_documents_of_several_lines(string format, string content) =>
        Assert.Equal("One\ntwo\n\nthree\n\n", Read(Source("a", content, format)).Text);

    [Theory]
    [InlineData("csv", "name,text\nx,\"One\ntwo\"\n,three\n")]
    [InlineData("jsonl", "[{\"paragraphs\": [\"One\", \"two\"], \"name\": \"x\"}, {\"paragraphs\": [\"three\"], \"name\": null}]")]
    public void A_title_is_a_line_before_its_document(string format, string content)
    {
        CorpusSource source = Source("a", content, format) with { TitleColumn = "name" };
        Assert.Equal("x\nOne\ntwo\n\nthree\n\n", Read(source).Text);
        Assert.Contains("\"nobody\"", Assert.ThrowsAny<Exception>(() => Read(source with { TitleColumn = "nobody" })).Message, StringComparison.Ordinal);
        Assert.Contains("title_column is name; expected none", Assert.Throws<ArgumentException>(() => Corpus.ReadLabelled(source)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_column_that_is_asked_for_is_read_of_the_rows_that_are()
    {
        CorpusSource source = Source("a.csv", "split,title,Text\ntrain,A,one\ntest,B,two\ntrain,C,\ntrain,A,three\ntrain,A,one\n", "csv");
        Assert.Equal("one\ntwo\nthree\none\n", Read(source).Text);
        Assert.Equal("one\ntwo\nthree\n", Read(source with { Distinct = true }).Text);
        Assert.Equal("A\nC\nA\nA\n", Read(source with { TextColumn = "title", Where = new Dictionary<string, string> { ["split"] = "train" } }).Text);
        Assert.Equal("train\ntest\ntrain\ntrain\ntrain\n", Read(source with { TextColumn = 0, Header = true }).Text);
        Assert.Equal(
            [
                $"{source.Path}, line 1: names the columns: \"Text\" is the text; to read it as one (header=false)",
                $"{source.Path}, line 4: a row without a text is left out",
            ],
            Read(source).Notes);
    }

    [Theory]
    [InlineData("csv", "a,b\n1,2\n", "line 1: 2 columns: \"a\", \"b\"; expected to find the text among them by a usual name (text, sentence, review …), or by the name or number that is given (text_column=COLUMN)")]
    [InlineData("jsonl", "{\"a\": \"x\", \"b\": 1}", "line 1: fields \"a\", \"b\"; expected one called text, sentence, review, comment, content or the like, or the one that is named (text_column=FIELD)")]
    [InlineData("jsonl", "{\"text\": {\"a\": 1}}", "line 1: field \"text\" is an object; expected a string")]
    [InlineData("jsonl", "{\"text\": [[1]]}", "line 1: field \"text\" is a list; expected a string")]
    [InlineData("csv", "text,b\nx,2\ny\n", "line 3: 1 column; expected 2 as the header has")]
    [InlineData("labelled", "a\tb\tc\n", "line 1: 3 columns: \"a\", \"b\", \"c\"; expected to find the text")]
    [InlineData("csv", "text\n\" \"\n", " holds no text; expected at least one")]
    [InlineData("csv", "", " holds no text; expected at least one")]
    public void What_cannot_be_read_is_said(string format, string content, string message) =>
        Assert.Contains(message, Assert.ThrowsAny<Exception>(() => Read(Source("a", content, format))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Parquet_is_read_by_column()
    {
        Row[] rows = [new("A", "one\ntwo"), new("B", null), new("C", "three")];
        await using (var file = File.Create(_folder["a.parquet"])) await Parquet.Serialization.ParquetSerializer.SerializeAsync(rows, file, cancellationToken: TestContext.Current.CancellationToken);
        var source = new CorpusSource { Path = _folder["a.parquet"], Format = "parquet" };
        Assert.Equal("one\ntwo\n\nthree\n\n", Read(source).Text);
        Assert.Equal("A\nB\nC\n", Read(source with { TextColumn = "Name" }).Text);
    }

    private sealed record Row(string Name, string? Text);
}
