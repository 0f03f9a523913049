using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Training.Corpora;

namespace RnnService.Training.Recipes;

/// <summary>A sound recipe for models that read numbers: networks that some hundred sequences teach in a minute.</summary>
internal static class NumberRecipes
{
    private const int UsualPiece = 200;

    /// <summary>Whether a task reads numbers by itself, or by how its corpora are written. A table of CSV is one of texts to classify unless a column of it is a sequence's or a step's.</summary>
    public static bool ReadsNumbers(ModelTask task, IReadOnlyList<CorpusSource> train) => task is ModelTask.Regressor or ModelTask.Forecaster or ModelTask.Transcriber
        || train.Any(source => source.Format is CorpusFormat.TimeSeries or CorpusFormat.NumPy or CorpusFormat.Wav
            || source.Format == CorpusFormat.Csv && (source.SequenceColumn is not null || source.Columns is not null || task == ModelTask.Tagger));

    public static Recipe For(
        ModelTask task, IReadOnlyList<CorpusSource> train, IReadOnlyList<CorpusSource> valid, long size, IReadOnlyList<string>? overrides) =>
        For(task, train, valid, size, train.Any(source => source.Format == CorpusFormat.Wav), overrides);

    public static Recipe For(
        ModelTask task, IReadOnlyList<CorpusSource> train, IReadOnlyList<CorpusSource> valid, long size, bool sound, IReadOnlyList<string>? overrides)
    {
        bool steps = task is ModelTask.Tagger or ModelTask.Forecaster;
        const int batch = 16;
        var recipe = new Recipe
        {
            Model = new ModelConfig
            {
                Task = task,
                Cell = CellKind.Gru,
                HiddenSize = 64,
                Layers = sound ? 2 : 1,
                Bidirectional = task == ModelTask.Classifier,
                Pooling = task == ModelTask.Classifier ? Pooling.Max : Pooling.Last,
                Numbers = new NumbersConfig { Audio = sound ? new AudioConfig() with { Stack = 2 } : null, Horizon = task == ModelTask.Forecaster ? 1 : 0 },
            },
            Data = new DataSettings
            {
                Train = train,
                Valid = valid,
                ValidShare = valid.Count == 0 ? DataSettings.UsualShare : null,
                MaxTokens = steps ? UsualPiece : 0,
            },
            Training = new TrainingSettings
            {
                BatchSize = batch,
                Epochs = (int)Math.Clamp(1500L * batch / Math.Max(1, size), 20, 100),
                LearningRate = 3e-3,
                Beta2 = 0.99f,
                Schedule = LearningRateSchedule.Cosine,
                Dropout = new DropoutRates { Between = 0.2f, Output = 0.2f },
                AverageDecay = 0.98,
                Sound = sound ? new SoundChanges(join: task == ModelTask.Transcriber ? 5 : 1, pause: 0.3, speed: 0.1, gain: 6, noise: 10) : null,
            },
            GoldenInput = "",
        };
        return DefaultRecipes.Finish(recipe, overrides);
    }
}
