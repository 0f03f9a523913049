using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Weights;
using RnnService.Training;
using RnnService.Training.Recipes;

namespace RnnService.Playground.Tests.Serving;

/// <summary>Models of a second's training, or of none, for the tabs that are there only with a model of their kind.</summary>
internal static class TinyModels
{
    /// <summary>Names of the models' folders.</summary>
    public const string Tunes = "tunes", Translator = "french", Phases = "phases", Kind = "kind", Level = "level", Next = "next", Loudness = "loudness";

    /// <summary>What the models of numbers read a step, and how many steps ahead <see cref="Next"/> tells.</summary>
    public static readonly string[] Columns = ["level", "flow"];

    public const int Horizon = 4;

    private const int Bands = 4; // of Loudness, which reads sound

    /// <summary>The one tune that <see cref="Tunes"/> knows by heart, without its metre, and what the page writes before it.</summary>
    public const string Tune = "GBd gdB|c2e dBG|ABc BGE|FGA D3:|", Header = "X:1\nM:6/8\nL:1/8\nK:G\n";

    private static readonly (string Source, string Target)[] Nouns = [("chat", "cat"), ("chien", "dog"), ("lit", "bed"), ("livre", "book"), ("jardin", "garden")];

    private static readonly (string Source, string Target)[] Colours = [("noir", "black"), ("blanc", "white"), ("rouge", "red"), ("vert", "green"), ("gris", "grey")];

    /// <summary>Trains all of them into a folder of models.</summary>
    public static void SaveInto(string folder)
    {
        SaveTunes(Path.Combine(folder, Tunes));
        SaveTranslator(Path.Combine(folder, Translator));
        SaveNumbers(Path.Combine(folder, Phases), ModelTask.Tagger, "rising", "falling", "still");
        SaveNumbers(Path.Combine(folder, Kind), ModelTask.Classifier, "slow", "fast");
        SaveNumbers(Path.Combine(folder, Level), ModelTask.Regressor, "litres", "degrees");
        SaveNumbers(Path.Combine(folder, Next), ModelTask.Forecaster);
        SaveNumbers(Path.Combine(folder, Loudness), ModelTask.Regressor, new NumbersConfig { Features = Bands, EachStep = true, Audio = new AudioConfig(melBands: Bands, deltas: false) }, "loud", "shrill");
    }

    private static void SaveTunes(string folder)
    {
        string[] texts = [.. Enumerable.Repeat($"{Header}{Tune}\n", 80)];
        Recipe recipe = DefaultRecipes.For(ModelTask.LanguageModel, texts.Sum(text => text.Length),
            "model.hidden_size=48", "model.embedding_size=16", "model.layers=1", "training.epochs=25", "training.batch_size=4", "training.shards=1",
            "training.unroll_steps=60", "training.learning_rate=0.01", "golden_input=X:1");
        using TrainedModel<LanguageModel> trained = LanguageModelTrainer.Train(
            texts, new TrainingOptions { Recipe = recipe with { Model = recipe.Model with { Examples = [Header] } } });
        trained.Save(folder);
    }

    /// <summary>Of phrases of three words, whose last two change places.</summary>
    private static void SaveTranslator(string folder)
    {
        (string, string)[] pairs =
        [
            .. from noun in Nouns
               from colour in Colours
               from article in new[] { ("le", "the"), ("un", "a") }
               select ($"{article.Item1} {noun.Source} {colour.Source}", $"{article.Item2} {colour.Target} {noun.Target}"),
        ];
        Recipe recipe = DefaultRecipes.For(ModelTask.Translator, pairs.Length,
            "model.tokenizer=whitespace", "model.hidden_size=32", "model.embedding_size=24", "training.epochs=60", "training.batch_size=8", "training.shards=1",
            "training.learning_rate=0.01", "training.warmup_steps=0", "training.average_decay=0", "training.label_smoothing=0", "golden_input=le chat noir");
        recipe = recipe with { Model = recipe.Model with { Examples = ["le chat noir"] }, Training = recipe.Training with { Dropout = new DropoutRates() } };
        using TrainedModel<Translator> trained = TranslatorTrainer.Train(pairs, new TrainingOptions { Recipe = recipe }, pairs);
        trained.Save(folder);
    }

    /// <summary>Of random weights: what it says means nothing, and is the same each time.</summary>
    private static void SaveNumbers(string folder, ModelTask task, params string[] labels) =>
        SaveNumbers(folder, task, new NumbersConfig(Columns) { Features = Columns.Length, Horizon = task == ModelTask.Forecaster ? Horizon : 0 }, labels);

    private static void SaveNumbers(string folder, ModelTask task, NumbersConfig numbers, params string[] labels)
    {
        var config = new ModelConfig
        {
            Task = task,
            Cell = CellKind.Gru,
            HiddenSize = 6,
            Layers = 1,
            Labels = labels,
            Numbers = numbers,
        };
        ModelFolder.Save(folder, NumberModel.Create(config, Parameters.Random((ulong)task)), numbers.Audio is null ? "[[0.5,1],[1,0.5]]" : "[[0.5,1,1,0.5]]");
    }
}
