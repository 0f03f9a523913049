using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Models;

/// <summary>Taggers that read each word in pieces.</summary>
public sealed class SubwordTaggerTests
{
    private static readonly BaseConfig Base = new(layers: 2, hiddenSize: 5);

    private static readonly string[][] Sentences =
        [["the", "cat", "sat", "."], ["日本", "did", "n't", "(", "run", ")"], ["mat"], ["the", "", "😀😀"]];

    [Theory]
    [InlineData(true, false, false)]
    [InlineData(true, true, false)]
    [InlineData(false, false, false)]
    [InlineData(true, false, true)]
    [InlineData(false, true, true)]
    public void Sentences_in_a_batch_are_tagged_as_alone(bool both, bool crf, bool stands)
    {
        using Tagger tagger = NewTagger(both, crf, stands);
        TaggerInput[] inputs = [.. Sentences.Select(words => tagger.Encode(words, withAlternatives: true))];
        TagScore[][] together = tagger.Tag(inputs);
        for (int i = 0; i < inputs.Length; i++)
        {
            Assert.Equal(Sentences[i].Length, inputs[i].Length);
            Assert.True(inputs[i].Tokens >= inputs[i].Length);
            Assert.Equal(tagger.Tag([inputs[i]])[0], together[i]);
        }
    }

    [Theory]
    [InlineData(true, false, false)]
    [InlineData(true, true, false)]
    [InlineData(false, false, false)]
    [InlineData(true, false, true)]
    [InlineData(false, true, true)]
    public void Gradients_are_those_of_the_loss(bool both, bool crf, bool stands)
    {
        using Tagger tagger = NewTagger(both, crf, stands);
        var network = (TaggerNetwork)tagger.Network;
        TaggerInput[] inputs = [.. Sentences.Select(tagger.Encode)];
        ReadOnlyMemory<int>[] targets = [.. Sentences.Select(words => words.Select((_, i) => i % 3).ToArray().AsMemory())];
        Expect.GradientAlong(tagger, gradients =>
        {
            var pass = new Pass(new Workspace(), record: true);
            TaggerNetwork.Trace trace = network.Forward(pass, inputs, [.. inputs.Select(input => input.Ids)], DropoutRates.None);
            return network.Backward(pass, trace, targets, [], gradients);
        });
    }

    [Fact]
    public void A_text_is_read_as_its_words_are_whatever_its_spaces()
    {
        using Tagger tagger = NewTagger(both: true, crf: false);
        const string text = "The cat  didn't run (日本).";
        string[] words = [.. tagger.Split(text).Select(word => word.Text)];
        Assert.Equal(["The", "cat", "did", "n't", "run", "(", "日本", ")", "."], words);
        Assert.Equal("The cat didn't run (日本).", WordSpacing.Join(words));
        Assert.Equal(tagger.Encode(words).Ids, tagger.Read(text).Ids);
        Assert.All(tagger.TagWords(text), word => Assert.Equal(word.Text, text[word.Start..word.End]));
    }

    [Fact]
    public void Pieces_stand_where_they_are_in_the_text()
    {
        using Tagger tagger = NewTagger(both: true, crf: false);
        const string text = " the 😀 mat, 日本";
        TokenizedText read = tagger.Read(text);
        Assert.Equal(read.Ids.Length, read.Tokens.Count);
        Assert.All(read.Tokens, piece => Assert.Equal(piece.Text, text[piece.Start..piece.End]));
        Assert.Equal("the😀mat,日本", string.Concat(read.Tokens.Select(piece => piece.Text)));
        Inspection found = tagger.Inspect(text, new InspectionOptions { Gradients = true, At = 0 });
        Assert.Equal(read.Ids.Length, found.Activations.Count);
        Assert.Equal(0, found.Gradients!.At);
    }

    [Fact]
    public void A_character_network_is_refused()
    {
        using Tagger tagger = NewTagger(both: true, crf: false);
        ModelConfig config = tagger.Config with { Characters = new CharacterConfig() };
        Assert.Contains("characters is given", Assert.Throws<ArgumentException>(config.Validate).Message, StringComparison.Ordinal);
    }

    private static Tagger NewTagger(bool both, bool crf, bool stands = false)
    {
        LanguageModel language = Tiny.Subwords();
        return (Tagger)TextModel.Create(
            language.Config with { Task = ModelTask.Tagger, Bidirectional = both, Crf = crf, Base = stands ? Base : null, Labels = ["O", "B-X", "I-X"] },
            language.Vocabulary, Parameters.Random(5));
    }
}
