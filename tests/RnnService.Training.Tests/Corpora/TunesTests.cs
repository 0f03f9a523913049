using RnnService.Training.Corpora;
using Xunit;

namespace RnnService.Training.Tests.Corpora;

public sealed class TunesTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private CorpusSource Source(string content) => new() { Path = _folder.Write("a.abc", content), Format = CorpusFormat.Abc };

    [Fact]
    public void Tunes_are_running_text_in_one_form_and_what_is_left_out_is_said()
    {
        CorpusSource source = Source("X:5\r\nT:One\r\nM:2/4\r\nL:1/8\r\nK:G\r\nA2 (Bc) | d4 |]\r\n\r\nX:6\r\nM:2/4\r\nK:G\r\nA3|A3|A3|\r\n\r\nK:G\r\nA\r\n");
        var notes = new List<CorpusNote>();
        Assert.Equal("X:1\nM:2/4\nL:1/8\nK:G\nA2 Bc|d4|]\n\n", Corpus.ReadText(source, notes));
        Assert.Equal($"{source.Path}: 2 of 3 tunes are left out: 1 cannot be read, the bars of 1 do not add up", Assert.Single(notes).Sentence);
        Assert.Equal("X:1\nM:2/4\nL:1/8\nK:G\nA2 Bc|d4|]\n\nX:1\nM:2/4\nL:1/8\nK:D\nE2 FG|A4|]\n\n", Corpus.ReadText(source with { Keys = 1 }));
    }

    [Fact]
    public void A_file_without_a_tune_is_refused()
    {
        CorpusSource source = Source("Once upon a time.\n");
        Assert.Equal($"{source.Path} holds no tune whose bars add up; expected at least one", Assert.Throws<InvalidDataException>(() => Corpus.ReadText(source)).Message);
    }

    [Theory]
    [InlineData(CorpusFormat.Abc, 7, "keys is 7; expected 0 to 6")]
    [InlineData(CorpusFormat.Abc, -1, "keys is -1; expected 0 to 6")]
    [InlineData(CorpusFormat.Text, 1, "keys does not belong to format \"text\": it is for abc")]
    public void Keys_are_few_and_of_tunes(string format, int keys, string message)
    {
        CorpusSource source = Source("") with { Format = format, Keys = keys };
        Assert.Equal($"corpus {source.Path}: {message}", Assert.Throws<ArgumentException>(source.Validate).Message);
    }
}
