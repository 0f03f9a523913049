using RnnService.Engine.Generation;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Text;

public sealed class VocabularyTests
{
    [Fact]
    public void Special_tokens_may_be_called_otherwise()
    {
        var vocabulary = new Vocabulary(["[PAD]", "a", "[UNK]", "<eos>"], unknown: "[UNK]", padding: "[PAD]", end: "<eos>");
        Assert.Equal((2, 0, 3), (vocabulary.UnknownId, vocabulary.PaddingId, vocabulary.EndId));
        Assert.Equal(2, vocabulary.IdOf("b"));
        Assert.True(vocabulary.IsSpecial(0));
        Assert.Equal([1, 3, 2], new WhitespaceTokenizer(vocabulary, lineBreaks: true).Encode("a\nb"));
    }

    [Fact]
    public void A_special_token_that_is_named_must_be_there() => Assert.Equal(
        "end is \"<eos>\"; expected one of the 1 tokens", Assert.Throws<ArgumentException>(() => new Vocabulary(["a"], end: "<eos>")).Message);

    [Fact]
    public void Without_an_unknown_token_a_language_model_leaves_out_what_it_does_not_know()
    {
        var vocabulary = new Vocabulary(["a", "b"]);
        Assert.Equal(-1, vocabulary.UnknownId);
        Assert.Equal([0, 1], new CharacterTokenizer(vocabulary).Encode("aéb"));
        var config = new ModelConfig
        {
            Task = ModelTask.LanguageModel,
            Cell = Engine.Layers.CellKind.Gru,
            Tokenizer = Tokenization.Characters,
            EmbeddingSize = 3,
            HiddenSize = 4,
        };
        var model = (LanguageModel)TextModel.Create(config, new ModelVocabulary(vocabulary), Parameters.Random(1));
        Assert.Equal(3, model.Generate("é a", new GenerationOptions { MaxNewTokens = 3, Seed = 1 }).Count());
        Assert.Throws<ArgumentException>(() => model.NewStream("é", new GenerationOptions()));
    }

    [Fact]
    public void A_model_of_words_must_have_an_unknown_token()
    {
        TextModel tagger = Tiny.Tagger();
        var vocabulary = new ModelVocabulary(new Vocabulary(["a", "b"]), Tiny.Letters);
        Assert.Equal(
            "unknown is none of the 2 tokens; expected \"<unk>\" among them, or another named as unknown",
            Assert.Throws<ArgumentException>(() => TextModel.Create(tagger.Config, vocabulary, Parameters.Random(1))).Message);
    }

    [Fact]
    public void The_parameters_asked_for_are_known_before_any_is_there()
    {
        foreach (TextModel model in (TextModel[])[Tiny.Tagger(), Tiny.Classifier(), Tiny.Language(tied: true)])
        {
            Assert.Equal(
                model.Parameters.All.Select(parameter => $"{parameter.Name} [{string.Join(", ", parameter.Shape)}]"),
                TextModel.ParametersOf(model.Config, model.Vocabulary).Select(entry => $"{entry.Name} [{string.Join(", ", entry.Shape)}]"));
        }

        ModelConfig vast = Tiny.Tagger(characters: false).Config with { HiddenSize = 8192, Layers = 16, Bidirectional = true };
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(131, TextModel.ParametersOf(vast, new ModelVocabulary(Tiny.Words)).Count);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 16_000_000);
    }
}
