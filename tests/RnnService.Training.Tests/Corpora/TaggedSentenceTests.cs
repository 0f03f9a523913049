using RnnService.Engine.Models;
using RnnService.Training.Corpora;
using Xunit;

namespace RnnService.Training.Tests.Corpora;

public sealed class TaggedSentenceTests
{
    [Theory]
    [InlineData("B-LOC I-LOC O B-PER", "B-LOC I-LOC I-LOC I-LOC O B-PER", "O", "B-LOC", "I-LOC", "B-PER", "I-PER")]
    [InlineData("B-LOC E-LOC O S-PER", "B-LOC I-LOC I-LOC E-LOC O S-PER", "O", "B-LOC", "E-LOC", "S-PER")]
    [InlineData("S-LOC S-LOC O S-PER", "B-LOC E-LOC B-LOC E-LOC O S-PER", "O", "B-LOC", "E-LOC", "S-LOC", "S-PER")]
    [InlineData("U-LOC U-LOC O U-PER", "B-LOC L-LOC B-LOC L-LOC O U-PER", "O", "B-LOC", "L-LOC", "U-LOC", "U-PER")]
    [InlineData("S S M E", "B E B E M E", "B", "M", "E", "S")]
    [InlineData("NR NN V NR", "NR NR NN NN V NR", "NR", "NN", "V")]
    public void Words_become_characters_with_labels_of_the_same_spans(string words, string characters, params string[] labels)
    {
        TaggedSentence sentence = new TaggedSentence(["北京", "大 学", "在", "𠀀"], words.Split(' ')).OverCharacters(SpanScheme.Of(labels));
        Assert.Equal(["北", "京", "大", "学", "在", "𠀀"], sentence.Words);
        Assert.Equal(characters.Split(' '), sentence.Tags);
    }
}
