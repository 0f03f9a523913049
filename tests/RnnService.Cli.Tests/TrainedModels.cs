using RnnService.Cli.Tests;

[assembly: AssemblyFixture(typeof(TrainedModels))]

namespace RnnService.Cli.Tests;

/// <summary>One tiny model a task, trained by the command once for all tests, with the corpora they were trained on.</summary>
public sealed class TrainedModels : IDisposable
{
    private static readonly string[] Tiny =
        ["--embedding-size", "12", "--hidden-size", "16", "--layers", "1", "--batch-size", "8", "--learning-rate", "0.02"];

    private readonly ScratchFolder _folder = new();

    public TrainedModels()
    {
        TextFile = _folder.Write("text.txt", TinyCorpora.Text(60));
        LabelledFile = _folder.Write("labelled.tsv", TinyCorpora.Labelled(48));
        SpansFile = _folder.Write("spans.conll", TinyCorpora.Spans(36));
        PairsFile = _folder.Write("pairs.tsv", TinyCorpora.Pairs(81));
        Translator = Train("numbers", "translator", PairsFile, "--epochs", "10", "--set", "data.max_vocabulary=280");
        LanguageModel = Train("clock", "language_model", TextFile, "--epochs", "15", "--set", "training.unroll_steps=16");
        Classifier = Train("mood", "classifier", LabelledFile, "--epochs", "8");
        Tagger = Train(
            "names", "tagger", SpansFile, "--epochs", "8", "--set", "model.characters={\"embedding_size\": 8, \"hidden_size\": 8}");
    }

    public string Folder => _folder.Root;

    public string TextFile { get; }

    public string LabelledFile { get; }

    public string SpansFile { get; }

    public string PairsFile { get; }

    public string Translator { get; }

    public string LanguageModel { get; }

    public string Classifier { get; }

    public string Tagger { get; }

    public void Dispose() => _folder.Dispose();

    private string Train(string name, string task, string corpus, params string[] more)
    {
        string output = _folder[Path.Combine("models", name)];
        CommandRun.Of(["train", "--task", task, "--train", corpus, "--valid", corpus, "--output", output, .. Tiny, .. more]).Succeeded();
        return output;
    }
}
