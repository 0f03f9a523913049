using System.Text;
using RnnService.Training.Corpora;
using Xunit;

namespace RnnService.Training.Tests.Corpora;

public sealed class EncodingTests : IDisposable
{
    private const string Content = "pos\tcafé\nneg\tnaïve\n";

    private readonly ScratchFolder _folder = new();

    static EncodingTests() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("utf-16LE")]
    [InlineData("utf-16BE")]
    [InlineData("utf-32LE")]
    [InlineData("utf-32BE")]
    public void A_byte_order_mark_says_the_encoding(string name)
    {
        Encoding encoding = Encoding.GetEncoding(name);
        Assert.Equal(Read(Encoding.UTF8.GetBytes(Content)), Read([.. encoding.GetPreamble(), .. encoding.GetBytes(Content)]));
    }

    [Theory]
    [InlineData("utf-16LE", "utf-16le", Content)]
    [InlineData("utf-16BE", "utf-16be", Content)]
    [InlineData("utf-32LE", "utf-32le", Content)]
    [InlineData("utf-32BE", "utf-32be", Content)]
    [InlineData("utf-16LE", "utf-16le", "spam\tcheap pills\nham\tsee you\n")]
    [InlineData("utf-16LE", "utf-16le", "好\t这本书很有意思\n差\t没有意思\n")]
    [InlineData("windows-1252", "windows-1252", "pos\t“fine” …\n")]
    [InlineData("windows-1252", "windows-1252", "€ 5\n")]
    [InlineData("iso-8859-1", "iso-8859-1", Content)]
    public void Another_encoding_is_refused_by_its_name_and_read_when_it_is_given(string name, string said, string content)
    {
        string path = _folder.Write("a.txt", Encoding.GetEncoding(name).GetBytes(content));
        var source = new CorpusSource { Path = path, Format = "text" };
        CorpusException error = Assert.Throws<CorpusException>(() => Corpus.ReadText(source));
        Assert.StartsWith($"{path}, line 1: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(said.ToUpperInvariant(), error.Message, StringComparison.Ordinal);
        Assert.Contains($"iconv -f {said.ToUpperInvariant()} -t UTF-8", error.Message, StringComparison.Ordinal);
        Assert.Equal([new CorpusSetting("encoding", said)], error.Note.Suggestions);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Equal(content, Corpus.ReadText(source with { Encoding = said }));
    }

    [Theory]
    [InlineData("gb18030", "好\t这本书很有意思\n")]
    [InlineData("shift_jis", "良い\tとても面白い\n")]
    [InlineData("windows-1251", "да\tхорошая книга\n")]
    [InlineData("euc-kr", "좋다\t책이 좋다\n")]
    public void A_script_that_is_not_Latin_asks_for_the_encodings_name(string name, string content)
    {
        string path = _folder.Write("a.txt", Encoding.GetEncoding(name).GetBytes(content));
        var source = new CorpusSource { Path = path, Format = "text" };
        string message = Assert.Throws<CorpusException>(() => Corpus.ReadText(source)).Message;
        Assert.Contains("is not UTF-8; expected UTF-8 text; name its encoding, such as gb18030", message, StringComparison.Ordinal);
        Assert.Equal(content, Corpus.ReadText(source with { Encoding = name }));
    }

    [Fact]
    public void Marks_of_files_put_together_are_no_letters_and_are_said()
    {
        byte[] part = [0xEF, 0xBB, 0xBF, .. "spam\tcheap\nham\thi\n"u8];
        var notes = new List<CorpusNote>();
        var read = Corpus.ReadLabelled(new CorpusSource { Path = _folder.Write("a.tsv", [.. part, .. part]), Format = "labelled" }, notes);
        Assert.Equal(["spam", "ham", "spam", "ham"], read.Select(example => example.Label));
        Assert.Contains("1 byte order mark within the text", Assert.Single(notes).Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void A_NUL_among_letters_is_named_with_its_line()
    {
        string path = _folder.Write("a.txt", "one\ntwo\0\nthree and a good many more letters\n");
        Assert.Equal(
            $"{path}, line 2: a NUL character is found; expected text",
            Assert.Throws<CorpusException>(() => Corpus.ReadText(new CorpusSource { Path = path, Format = "text" })).Message);
    }

    [Theory]
    [InlineData("PK\u0003\u0004 and so on", "a ZIP archive, as an Excel workbook is")]
    [InlineData("PAR1 and so on", "a Parquet file; expected format parquet")]
    [InlineData("%PDF-1.7", "a PDF document")]
    public void A_file_that_is_no_text_is_called_by_its_name(string content, string name)
    {
        string path = _folder.Write("a.csv", content);
        string message = Assert.Throws<InvalidDataException>(() => Corpus.ReadLabelled(new CorpusSource { Path = path, Format = "csv" })).Message;
        Assert.StartsWith($"{path} is {name}", message, StringComparison.Ordinal);
    }

    [Fact]
    public void CR_alone_ends_lines_where_there_is_no_LF() =>
        Assert.Equal(Read(Encoding.UTF8.GetBytes(Content)), Read(Encoding.UTF8.GetBytes(Content.Replace('\n', '\r'))));

    [Fact]
    public void What_a_wrong_decoding_left_is_noticed()
    {
        var notes = new List<CorpusNote>();
        Corpus.ReadText(new CorpusSource { Path = _folder.Write("a.txt", "caf\uFFFD \u0093so\u0094\n"), Format = "text" }, notes);
        Assert.Equal(2, notes.Count);
        Assert.Contains("1 characters are U+FFFD", notes[0].Sentence, StringComparison.Ordinal);
        Assert.Contains("line 1: U+0093 is a control character; WINDOWS-1252", notes[1].Sentence, StringComparison.Ordinal);
    }

    private IReadOnlyList<LabelledText> Read(byte[] bytes) =>
        Corpus.ReadLabelled(new CorpusSource { Path = _folder.Write("a.tsv", bytes), Format = "labelled" });
}
