using RnnService.Engine.Text;
using RnnService.Training.Corpora;
using Xunit;

namespace RnnService.Training.Tests.Corpora;

/// <summary>Corpora whose notation of spans is given.</summary>
public sealed class TagNotationTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(TagNotation.Bio, "B-PER I-PER B-PER O B-LOC I-LOC I-LOC")]
    [InlineData(TagNotation.Iob1, "I-PER I-PER B-PER O I-LOC I-LOC I-LOC")]
    [InlineData(TagNotation.Bioes, "B-PER E-PER S-PER O B-LOC I-LOC E-LOC")]
    [InlineData(TagNotation.Bmes, "B-PER E-PER S-PER O B-LOC M-LOC E-LOC")]
    [InlineData(TagNotation.Bilou, "B-PER L-PER U-PER O B-LOC I-LOC L-LOC")]
    [InlineData(TagNotation.Bilou, "PER_B PER_L PER_U O LOC_B LOC_I LOC_L")]
    [InlineData(TagNotation.Bioes, "b-PER e-PER s-PER o b-LOC i-LOC e-LOC")]
    public void Spans_are_brought_into_BIO(TagNotation notation, string tags) =>
        Assert.Equal("B-PER I-PER B-PER O B-LOC I-LOC I-LOC", Read(tags, notation));

    [Theory]
    [InlineData("I-PER I-PER O I-LOC I-PER")]
    [InlineData("PER PER O LOC PER")]
    public void IO_may_have_marks_or_none(string tags)
    {
        Assert.Equal("B-PER I-PER O B-LOC B-PER", Read(tags, TagNotation.Io));
        Assert.Equal(tags, Read(tags, null));
    }

    /// <summary>What would not be taken for marks by itself is, where it is said.</summary>
    [Fact]
    public void What_is_given_needs_not_be_found()
    {
        Assert.Equal("B I O B", Read("B I O B", TagNotation.Bio));
        Assert.Equal("B O B", Read("S O S", TagNotation.Bioes));
        Assert.Equal("O O", Read("O O", TagNotation.Bioes));
    }

    [Theory]
    [InlineData(TagNotation.Bio, "O B-PER E-PER", 3, "E-PER", "B, I")]
    [InlineData(TagNotation.Bmes, "B-PER O I-PER", 3, "I-PER", "B, M, E, S")]
    [InlineData(TagNotation.Io, "I-PER B-PER O", 2, "B-PER", "I")]
    [InlineData(TagNotation.Bioes, "B-PER PER_I O", 2, "PER_I", "B, I, E, S")]
    [InlineData(TagNotation.Bioes, "O NOUN O", 2, "NOUN", "B, I, E, S")]
    public void A_tag_of_another_notation_is_refused_with_its_place(TagNotation notation, string tags, int line, string tag, string marks)
    {
        var error = Assert.Throws<CorpusException>(() => Read(tags, notation));
        Assert.EndsWith(
            $"tags.txt, line {line}: the tag is \"{tag}\"; expected O, or a type with one of the marks {marks}, since notation is {SnakeCase.Of(notation)}",
            error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_tags_have_a_notation()
    {
        var source = new CorpusSource { Path = _folder.Write("a.jsonl", """{"text": "a", "label": "b"}"""), Format = CorpusFormat.JsonLines, Notation = TagNotation.Bio };
        var error = Assert.Throws<ArgumentException>(() => Corpus.ReadLabelled(source));
        Assert.EndsWith("notation is bio; expected none: labelled text has no tags", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<ArgumentException>(() => Corpus.ReadLabelled(source with { Format = CorpusFormat.Labelled }));
        Assert.EndsWith("notation does not belong to format \"labelled\": it is for conll, conllu, jsonl", error.Message, StringComparison.Ordinal);
    }

    private string Read(string tags, TagNotation? notation)
    {
        string content = string.Concat(tags.Split(' ').Select((tag, i) => $"w{i}\t{tag}\n"));
        var source = new CorpusSource { Path = _folder.Write("tags.txt", content), Format = CorpusFormat.Conll, Notation = notation };
        return string.Join(' ', Corpus.ReadTagged(source).Single().Tags);
    }
}
