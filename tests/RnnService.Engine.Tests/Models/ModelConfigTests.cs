using RnnService.Engine.Generation;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Models;

public sealed class ModelConfigTests
{
    private static readonly ModelConfig Language = new()
    {
        Task = ModelTask.LanguageModel,
        Cell = CellKind.Lstm,
        Tokenizer = Tokenization.Characters,
        EmbeddingSize = 4,
        HiddenSize = 5,
    };

    private static readonly ModelConfig Classifier = new()
    {
        Task = ModelTask.Classifier,
        Cell = CellKind.Gru,
        Tokenizer = Tokenization.English,
        EmbeddingSize = 4,
        HiddenSize = 5,
        Labels = ["no", "yes"],
    };

    private static readonly ModelConfig Tagger = Classifier with { Task = ModelTask.Tagger, Characters = new CharacterConfig() };

    public static TheoryData<ModelConfig, string> Wrong => new()
    {
        { Language with { FormatVersion = 2 }, "format_version is 2: 1 wanted" },
        { Language with { EmbeddingSize = 0 }, "embedding_size is 0: 1 to 4096 wanted" },
        { Language with { EmbeddingSize = 4097 }, "embedding_size is 4097: 1 to 4096 wanted" },
        { Language with { HiddenSize = -1 }, "hidden_size is -1: 1 to 8192 wanted" },
        { Language with { Layers = 0 }, "layers is 0: 1 to 16 wanted" },
        { Language with { Layers = 17 }, "layers is 17: 1 to 16 wanted" },
        { Language with { Cell = CellKind.Sum }, "hidden_size is 5: 4 (embedding_size), since a sum keeps the width, wanted" },
        { Language with { Bidirectional = true }, "bidirectional is True: false, since a language model cannot read what comes, wanted" },
        { Language with { Reverse = true }, "reverse is True: false, since a language model cannot read from the end, wanted" },
        { Classifier with { Reverse = true, Bidirectional = true }, "reverse is True: false with bidirectional wanted" },
        { Language with { Tokenizer = Tokenization.English }, "tokenizer is english: characters or whitespace wanted" },
        { Language with { TieWeights = true }, "embedding_size is 4: 5 (hidden_size) with tie_weights wanted" },
        { Language with { Characters = new CharacterConfig() }, "characters is given: only a tagger spells words out" },
        { Language with { Generation = new GenerationOptions { TopK = -1 } }, "top_k is -1: 0 (off) or more wanted" },
        { Classifier with { Labels = ["one"] }, "labels is 1: two or more wanted" },
        { Classifier with { Labels = ["a", "b", "a"] }, "labels repeat: each must occur once" },
        { Classifier with { TieWeights = true }, "tie_weights is True: false but for a language model wanted" },
        { Classifier with { Characters = new CharacterConfig() }, "characters is given: only a tagger spells words out" },
        {
            Tagger with { Tokenizer = Tokenization.Characters, Characters = new CharacterConfig() },
            "characters is given; expected none (null), since a tagger over characters has no words to spell out"
        },
        { Tagger with { Characters = new CharacterConfig { EmbeddingSize = 0 } }, "characters.embedding_size is 0: 1 to 4096 wanted" },
        { Tagger with { Characters = new CharacterConfig { HiddenSize = 5000 } }, "characters.hidden_size is 5000: 1 to 4096 wanted" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_contradiction_is_refused_by_name(ModelConfig config, string message) =>
        Assert.Equal(message, Assert.Throws<ArgumentException>(config.Validate).Message);

    [Fact]
    public void Sound_configurations_pass()
    {
        Language.Validate();
        Classifier.Validate();
        Tagger.Validate();
        (Language with { TieWeights = true, EmbeddingSize = 5 }).Validate();
        (Classifier with { Reverse = true, Bidirectional = false }).Validate();
        (Language with { Cell = CellKind.Sum, HiddenSize = 4 }).Validate();
    }

    [Fact]
    public void A_character_network_and_its_vocabulary_belong_together()
    {
        const string Message = "the character network and the character vocabulary must both be there, or neither";
        var words = new Vocabulary([Vocabulary.Unknown, "a"]);
        Check(Tagger, new ModelVocabulary(words));
        Check(Tagger with { Characters = null }, new ModelVocabulary(words, words));

        static void Check(ModelConfig config, ModelVocabulary vocabulary) => Assert.Equal(
            Message, Assert.Throws<ArgumentException>(() => TextModel.Create(config, vocabulary, Parameters.Random(1))).Message);
    }
}
