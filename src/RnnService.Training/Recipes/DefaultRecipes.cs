using RnnService.Engine.Layers;
using RnnService.Engine.Tasks;
using RnnService.Training.Corpora;

namespace RnnService.Training.Recipes;

/// <summary>A sound recipe for each task: small networks that two processor cores train in minutes on a few megabytes of text.</summary>
public static class DefaultRecipes
{
    /// <summary>The recipe of a task for these corpora.</summary>
    /// <param name="task">The task.</param>
    /// <param name="train">Corpora to train on.</param>
    /// <param name="valid">Corpora that choose the best weights.</param>
    public static Recipe For(ModelTask task, IReadOnlyList<CorpusSource> train, IReadOnlyList<CorpusSource> valid) => new()
    {
        Model = ModelOf(task),
        Data = new DataSettings { Train = train, Valid = valid, MaxTokens = task == ModelTask.Classifier ? 400 : 0 },
        Training = SettingsOf(task),
        GoldenInput = "The quick brown fox doesn't jump over the lazy dog.",
    };

    private static ModelConfig ModelOf(ModelTask task) => task switch
    {
        ModelTask.LanguageModel => new ModelConfig
        {
            Task = task,
            Cell = CellKind.Lstm,
            Tokenizer = Tokenization.Characters,
            EmbeddingSize = 64,
            HiddenSize = 256,
            Layers = 2,
            Generation = new GenerationOptions { Temperature = 0.8f },
        },
        ModelTask.Classifier => new ModelConfig
        {
            Task = task,
            Cell = CellKind.Lstm,
            Tokenizer = Tokenization.English,
            LowerCase = true,
            EmbeddingSize = 100,
            HiddenSize = 128,
            Bidirectional = true,
            Pooling = Pooling.Max,
        },
        _ => new ModelConfig
        {
            Task = task,
            Cell = CellKind.Lstm,
            Tokenizer = Tokenization.English,
            LowerCase = true,
            EmbeddingSize = 100,
            HiddenSize = 128,
            Bidirectional = true,
            Characters = new CharacterConfig(),
        },
    };

    private static TrainingSettings SettingsOf(ModelTask task) => task switch
    {
        ModelTask.LanguageModel => new TrainingSettings
        {
            Epochs = 10,
            BatchSize = 32,
            LearningRate = 3e-3,
            Beta2 = 0.99f,
            Schedule = LearningRateSchedule.Cosine,
            WarmupSteps = 50,
            Dropout = new DropoutRates { Between = 0.2f, Output = 0.2f },
            AverageDecay = 0.995,
            Patience = 3,
        },
        ModelTask.Classifier => new TrainingSettings
        {
            Epochs = 8,
            LearningRate = 1e-3,
            Schedule = LearningRateSchedule.Cosine,
            Dropout = new DropoutRates { Embedding = 0.33f, Output = 0.5f },
            UnknownChance = 0.25,
            AverageDecay = 0.998,
            Patience = 3,
        },
        _ => new TrainingSettings
        {
            Epochs = 8,
            LearningRate = 2e-3,
            Beta2 = 0.95f,
            Schedule = LearningRateSchedule.Cosine,
            Dropout = new DropoutRates { Embedding = 0.33f, Output = 0.33f },
            UnknownChance = 0.25,
            AverageDecay = 0.998,
            Patience = 3,
        },
    };
}
