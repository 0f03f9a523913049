using RnnService.Engine.Tasks;
using Xunit;

namespace RnnService.Engine.Tests.Tasks;

public sealed class SpansTests
{
    private static readonly string[] Bio = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"];

    [Theory]
    [InlineData("", "")]
    [InlineData("O O", "")]
    [InlineData("B-PER I-PER O B-LOC", "PER 0+2, LOC 3+1")]
    [InlineData("B-PER B-PER I-PER", "PER 0+1, PER 1+2")]
    [InlineData("I-PER I-PER", "PER 0+2")]
    [InlineData("B-PER I-LOC I-LOC", "PER 0+1, LOC 1+2")]
    [InlineData("B-PER O I-PER", "PER 0+1, PER 2+1")]
    public void Bio_labels_are_joined(string labels, string spans)
    {
        TagScore[] words = [.. labels.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(label => new TagScore(Array.IndexOf(Bio, label), .5f))];
        Assert.Equal(spans, string.Join(", ", Spans.Join(words, Bio).Select(span => $"{span.Label} {span.First}+{span.Count}")));
    }

    [Fact]
    public void A_spans_score_is_the_mean_of_its_words()
    {
        LabelSpan span = Assert.Single(Spans.Join([new TagScore(1, .9f), new TagScore(2, .6f), new TagScore(2, .3f)], Bio));
        Assert.Equal(.6f, span.Score, 1e-6f);
    }

    [Fact]
    public void Without_begin_and_continue_labels_every_word_stands_alone()
    {
        List<LabelSpan> spans = Spans.Join([new TagScore(0, .9f), new TagScore(0, .8f), new TagScore(1, .7f)], ["NOUN", "O"]);
        Assert.Equal([new LabelSpan("NOUN", 0, 1, .9f), new LabelSpan("NOUN", 1, 1, .8f), new LabelSpan("O", 2, 1, .7f)], spans);
    }

    [Theory]
    [InlineData(true, "O", "B-PER", "I-PER")]
    [InlineData(true, "I-LOC", "O")]
    [InlineData(false, "O", "B-PER", "I-PER", "E-PER", "S-PER")]
    [InlineData(false, "NOUN", "VERB")]
    [InlineData(false, "O", "X")]
    public void Labels_are_BIO_when_nothing_else_is_among_them(bool bio, params string[] labels) => Assert.Equal(bio, Spans.AreBio(labels));
}
