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

    private static readonly ModelConfig Translator = Language with { Task = ModelTask.Translator, Decoder = new DecoderConfig() };

    private static readonly ModelConfig Tagger = Classifier with { Task = ModelTask.Tagger, Characters = new CharacterConfig() };

    public static TheoryData<ModelConfig, string> Wrong => new()
    {
        { Language with { FormatVersion = 2 }, "format_version is 2; expected 1" },
        { Language with { EmbeddingSize = 0 }, "embedding_size is 0; expected 1 to 4096 (0 goes with numbers)" },
        { Language with { EmbeddingSize = 4097 }, "embedding_size is 4097; expected 1 to 4096" },
        { Language with { HiddenSize = -1 }, "hidden_size is -1; expected 1 to 8192" },
        { Language with { Layers = 0 }, "layers is 0; expected 1 to 16" },
        { Language with { Layers = 17 }, "layers is 17; expected 1 to 16" },
        { Language with { Cell = CellKind.Sum }, "hidden_size is 5; expected 4 (embedding_size), since a sum keeps the width" },
        { Language with { Bidirectional = true }, "bidirectional is True; expected false, since a language model cannot read what comes" },
        { Language with { Reverse = true }, "reverse is True; expected false, since a language model cannot read from the end" },
        { Classifier with { Reverse = true, Bidirectional = true }, "reverse is True; expected false with bidirectional" },
        { Language with { Tokenizer = Tokenization.English }, "tokenizer is english; expected characters, whitespace or subwords" },
        { Language with { TieWeights = true }, "embedding_size is 4; expected 5 (hidden_size) with tie_weights" },
        { Language with { Characters = new CharacterConfig() }, "characters is given; expected none (null), since only a tagger spells words out" },
        { Language with { Generation = new GenerationOptions { TopK = -1 } }, "top_k is -1; expected 0 (off) or more" },
        { Classifier with { Labels = ["one"] }, "labels is 1; expected two or more" },
        { Classifier with { Labels = ["a", "b", "a"] }, "labels repeat; expected each once" },
        { Classifier with { Threshold = 1.5f }, "threshold is 1.5; expected 0 to 1" },
        { Classifier with { Threshold = float.NaN }, "threshold is NaN; expected 0 to 1" },
        { Tagger with { MultiLabel = true }, "multi_label is true; expected false but for a classifier of texts" },
        { Classifier with { Thresholds = [.5f] }, "thresholds is given; expected none (null) but with multi_label; threshold is for all labels" },
        { Classifier with { MultiLabel = true, Thresholds = [.5f] }, "thresholds is 1 numbers; expected 2, one a label" },
        { Classifier with { MultiLabel = true, Thresholds = [.5f, 2] }, "thresholds[1] is 2; expected 0 to 1" },
        { Classifier with { MultiLabel = true, RejectLabel = "x" }, "reject_label is given; expected none (null) but for a classifier of texts with one label each" },
        { Classifier with { RejectLabel = "" }, "reject_label is empty; expected a name, or none (null)" },
        { Classifier with { RejectLabel = Classifier.Labels[0] }, $"reject_label is {Classifier.Labels[0]}; expected none of labels" },
        { Classifier with { Calibration = 0 }, "calibration is 0; expected 0.125 to 8" },
        { Classifier with { Calibration = float.NaN }, "calibration is NaN; expected 0.125 to 8" },
        { Tagger with { Threshold = 0.5f }, "threshold is given; expected none (null) but for a classifier" },
        { Classifier with { TieWeights = true }, "tie_weights is True; expected false but for a language model or a translator" },
        { Classifier with { Decoder = new() }, "decoder is given; expected none (null) but for a translator" },
        { Translator with { Decoder = null }, "decoder is missing; expected an object for a translator, such as {}" },
        { Translator with { Decoder = new(layers: 0) }, "decoder.layers is 0; expected 1 to 16" },
        { Translator with { Decoder = new(hiddenSize: 9000) }, "decoder.hidden_size is 9000; expected 1 to 8192" },
        { Translator with { Cell = CellKind.Sum, HiddenSize = 4 }, "cell is sum; expected tanh, relu, gru, gru_before or lstm for a translator" },
        { Translator with { Tokenizer = Tokenization.English }, "tokenizer is english; expected one whose tokens can be put together to a text" },
        { Classifier with { Characters = new CharacterConfig() }, "characters is given; expected none (null), since only a tagger spells words out" },
        {
            Tagger with { Tokenizer = Tokenization.Characters, Characters = new CharacterConfig() },
            "characters is given; expected none (null), since a tagger over characters has no words to spell out"
        },
        { Tagger with { Characters = new CharacterConfig { EmbeddingSize = 0 } }, "characters.embedding_size is 0; expected 1 to 4096" },
        { Tagger with { Characters = new CharacterConfig { HiddenSize = 5000 } }, "characters.hidden_size is 5000; expected 1 to 4096" },
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
        Translator.Validate();
        (Translator with { TieWeights = true, Reverse = true }).Validate();
        (Language with { TieWeights = true, EmbeddingSize = 5 }).Validate();
        (Classifier with { Reverse = true, Bidirectional = false }).Validate();
        (Language with { Cell = CellKind.Sum, HiddenSize = 4 }).Validate();
    }

    [Fact]
    public void A_character_network_and_its_vocabulary_belong_together()
    {
        const string Message = "one of the character network and the character vocabulary is missing; expected both, or neither";
        var words = new Vocabulary([Vocabulary.Unknown, "a"]);
        Check(Tagger, new ModelVocabulary(words));
        Check(Tagger with { Characters = null }, new ModelVocabulary(words, words));

        static void Check(ModelConfig config, ModelVocabulary vocabulary) => Assert.Equal(
            Message, Assert.Throws<ArgumentException>(() => TextModel.Create(config, vocabulary, Parameters.Random(1))).Message);
    }

    [Theory]
    [InlineData(true, true, true, "targets is given, but decoder.shared_vocabulary is true; expected one vocabulary, or false")]
    [InlineData(false, false, true, "targets is missing, but decoder.shared_vocabulary is false; expected the tokens of the targets, or true")]
    [InlineData(true, false, false, "end is none of the 2 tokens; expected \"</s>\" among them, or another named as end")]
    public void A_translator_has_the_vocabularies_that_it_says_and_an_end_in_each(bool shared, bool hasTargets, bool hasEnd, string message)
    {
        var words = new Vocabulary([Vocabulary.Unknown, "a", .. hasEnd ? (string[])[Vocabulary.End] : []]);
        ModelConfig config = Translator with { Decoder = new DecoderConfig { SharedVocabulary = shared } };
        Assert.Equal(message, Assert.Throws<ArgumentException>(
            () => TextModel.Create(config, new ModelVocabulary(words, Targets: hasTargets ? words : null), Parameters.Random(1))).Message);
    }
}
