using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;

namespace RnnService.AspNetCore.Tests;

/// <summary>
/// Real models of a few units with random weights, written to a folder of their own. What they say is nonsense, but always the same.
/// </summary>
public sealed class TinyModels : IDisposable
{
    public const string Letters = "abcdefghijklmnopqrstuvwxyzREMO :,.'\n";

    public TinyModels()
    {
        Path = Directory.CreateTempSubdirectory("rnn-models-").FullName;
        Save("shakespeare", 1);
        Save("words", 2);
        Save("sentiment", 3);
        Save("pos", 4);
        Save("ner", 5);
        // A folder that lacks everything but a name.
        Directory.CreateDirectory(System.IO.Path.Combine(Path, "broken"));
    }

    public string Path { get; }

    public TextModel Load(string name) => ModelFolder.Load(System.IO.Path.Combine(Path, name)).TextModel;

    /// <summary>Writes a model, or one like it with other weights in its place.</summary>
    /// <param name="name">One of those there are at first.</param>
    /// <param name="seed">What the weights are drawn with.</param>
    /// <param name="folder">Where; as it is called.</param>
    public void Save(string name, ulong seed, string? folder = null)
    {
        (TextModel model, string golden) = name switch
        {
            "shakespeare" => (LanguageModel(Tokenization.Characters, Letters.Select(letter => letter.ToString()), seed), "ROMEO:"),
            "words" => (LanguageModel(Tokenization.Whitespace, ["to", "be", "or", "not"], seed), "to be"),
            "sentiment" => (Classifier(seed), "a lovely film"),
            "pos" => (Tagger(["NOUN", "VERB", "ADP"], seed), "Marie worked in Paris"),
            _ => (Tagger(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"], seed), "Marie worked in Paris"),
        };
        Save(folder ?? name, model, golden);
    }

    /// <summary>Adds a language model whose texts end by themselves before long.</summary>
    public void AddEnding(string name)
    {
        Vocabulary tokens = new([Vocabulary.Padding, Vocabulary.Unknown, Vocabulary.End, "to", "be"]);
        Save(name, TextModel.Create(
            new ModelConfig
            {
                Task = ModelTask.LanguageModel,
                Cell = CellKind.Lstm,
                Tokenizer = Tokenization.Whitespace,
                EmbeddingSize = 4,
                HiddenSize = 6,
            },
            new ModelVocabulary(tokens), Parameters.Random(6)), "to be");
    }

    /// <summary>Adds a translator of a few letters.</summary>
    public void AddTranslator(string name) => Save(
        name, TextModel.Create(
            new ModelConfig
            {
                Task = ModelTask.Translator,
                Cell = CellKind.Gru,
                Tokenizer = Tokenization.Characters,
                EmbeddingSize = 4,
                HiddenSize = 6,
                Bidirectional = true,
                Decoder = new DecoderConfig(),
            },
            new ModelVocabulary(new Vocabulary([Vocabulary.Padding, Vocabulary.Unknown, Vocabulary.End, "a", "b", "c"])), Parameters.Random(8)), "abc");

    public void Dispose() => Directory.Delete(Path, recursive: true);

    private void Save(string name, TextModel model, string golden) => ModelFolder.Save(System.IO.Path.Combine(Path, name), model, golden);

    private static TextModel LanguageModel(Tokenization tokenizer, IEnumerable<string> tokens, ulong seed) => TextModel.Create(
        new ModelConfig { Task = ModelTask.LanguageModel, Cell = CellKind.Lstm, Tokenizer = tokenizer, EmbeddingSize = 4, HiddenSize = 6 },
        new ModelVocabulary(new Vocabulary([Vocabulary.Padding, Vocabulary.Unknown, .. tokens])), Parameters.Random(seed));

    private static TextModel Classifier(ulong seed) => TextModel.Create(
        new ModelConfig
        {
            Task = ModelTask.Classifier,
            Cell = CellKind.Gru,
            Tokenizer = Tokenization.English,
            EmbeddingSize = 4,
            HiddenSize = 5,
            Bidirectional = true,
            Pooling = Pooling.Max,
            Labels = ["negative", "positive"],
            Description = "Tells praise from blame.",
            Examples = ["a lovely film", "a dull film"],
            License = "MIT",
            Metrics = new Dictionary<string, double> { ["dev_accuracy"] = 0.5 },
        },
        new ModelVocabulary(new Vocabulary([Vocabulary.Padding, Vocabulary.Unknown, "a", "lovely", "film", "dull"])), Parameters.Random(seed));

    private static TextModel Tagger(string[] labels, ulong seed) => TextModel.Create(
        new ModelConfig
        {
            Task = ModelTask.Tagger,
            Cell = CellKind.Lstm,
            Tokenizer = Tokenization.English,
            EmbeddingSize = 4,
            HiddenSize = 5,
            Labels = labels,
            Bidirectional = true,
            Characters = new CharacterConfig { EmbeddingSize = 3, HiddenSize = 4 },
        },
        new ModelVocabulary(
            new Vocabulary([Vocabulary.Padding, Vocabulary.Unknown, "Marie", "Curie", "worked", "in", "Paris"]),
            new Vocabulary([Vocabulary.Padding, Vocabulary.Unknown,
                .. "abcdefghijklmnopqrstuvwxyzMCP".Select(letter => letter.ToString())])),
        Parameters.Random(seed));
}
