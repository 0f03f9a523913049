using RnnService.Engine.Generation;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;

namespace RnnService.Benchmarks.Load;

/// <summary>A folder of models to serve: a character model of 2 × 512 LSTM units with random weights, and the shipped sentiment model.</summary>
internal sealed class LoadModels : IDisposable
{
    public const string Characters = "characters";
    public const string Sentiment = "sentiment";

    private const int Tokens = 96;

    public LoadModels()
    {
        Path = Directory.CreateTempSubdirectory("rnn-load-").FullName;
        TextModel language = TextModel.Create(
            new ModelConfig
            {
                Task = ModelTask.LanguageModel,
                Cell = CellKind.Lstm,
                Tokenizer = Tokenization.Characters,
                EmbeddingSize = 256,
                HiddenSize = 512,
                Layers = 2,
                Generation = new GenerationOptions { Temperature = 0.8f, TopK = 40 },
            },
            new ModelVocabulary(new Vocabulary(
                [Vocabulary.Padding, Vocabulary.Unknown, "\n", .. Enumerable.Range(' ', Tokens - 3).Select(code => ((char)code).ToString())])),
            Parameters.Random(1));
        ModelFolder.Save(System.IO.Path.Combine(Path, Characters), language, "ROMEO:");
        LanguageFolder = ModelFolder.Load(System.IO.Path.Combine(Path, Characters));
        Directory.CreateSymbolicLink(System.IO.Path.Combine(Path, Sentiment), System.IO.Path.Combine(Shipped, Sentiment));
    }

    public string Path { get; }

    /// <summary>The character model in this process.</summary>
    public LoadedModel LanguageFolder { get; }

    public LanguageModel Language => (LanguageModel)LanguageFolder.Model;

    /// <summary>The folder of the models that come with the service.</summary>
    public static string Shipped => System.IO.Path.Combine(ServiceProcess.Repository, "models");

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
