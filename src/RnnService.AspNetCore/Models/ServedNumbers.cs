using RnnService.AspNetCore.Scheduling;
using RnnService.Audio;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;

namespace RnnService.AspNetCore.Models;

/// <summary>What computes with a model that reads numbers.</summary>
/// <param name="Name">The name of its folder.</param>
/// <param name="Loaded">The model.</param>
/// <param name="Batcher">Answers a sequence with the network's outputs, a row for each step or one for all.</param>
/// <param name="Streams">Reads sequences while they come; null where it cannot.</param>
internal sealed record NumberQueues(string Name, LoadedModel Loaded, TextBatcher<NumberSequence, float[]> Batcher, NumberStreams? Streams);

/// <summary>A model that reads numbers.</summary>
internal abstract class ServedNumbers(NumberQueues queues, NumberModel model) : ServedModel(queues.Name, queues.Loaded, null)
{
    public NumberModel NumberModel { get; } = model;

    /// <inheritdoc cref="NumberQueues.Batcher"/>
    public TextBatcher<NumberSequence, float[]> Batcher => queues.Batcher;

    /// <inheritdoc cref="NumberQueues.Streams"/>
    public NumberStreams? Streams => queues.Streams;

    /// <summary>How sound becomes what it reads; null where it reads numbers alone.</summary>
    public AudioFeatures? Sound { get; } = model.Numbers.Audio is { } audio ? new AudioFeatures(audio) : null;

    /// <summary>How many numbers a step has.</summary>
    public int Features => NumberModel.Numbers.Features;

    /// <summary>Why it reads no streams; null where it does.</summary>
    public string? WhyNoStreams => ModelConfigOf switch
    {
        { Bidirectional: true } => "reads in both directions, and so from the end; expected a model that reads forward alone",
        { Crf: true } => "weighs each label beside those that follow (crf); expected a model that answers every step by itself",
        { Reverse: true } => "reads from the end; expected a model that reads forward alone",
        _ when Streams is null => "weighs the whole sequence once it has ended; expected a model that answers from its last state or at every step",
        _ => null,
    };

    protected override ModelScheduler Answers => Batcher;

    protected override ModelScheduler? Live => Streams;

    private ModelConfig ModelConfigOf => NumberModel.Config;
}

/// <summary>A classifier of sequences.</summary>
internal sealed class ServedNumberClassifier(NumberQueues queues, NumberClassifier model) : ServedNumbers(queues, model), IServedTask
{
    public static ModelTask Task => ModelTask.Classifier;

    public static bool ReadsNumbers => true;

    public NumberClassifier Model { get; } = model;
}

/// <summary>A tagger of steps.</summary>
internal sealed class ServedNumberTagger(NumberQueues queues, NumberTagger model) : ServedNumbers(queues, model), IServedTask
{
    public static ModelTask Task => ModelTask.Tagger;

    public static bool ReadsNumbers => true;

    public NumberTagger Model { get; } = model;
}

/// <summary>A regressor.</summary>
internal sealed class ServedRegressor(NumberQueues queues, Regressor model) : ServedNumbers(queues, model), IServedTask
{
    public static ModelTask Task => ModelTask.Regressor;

    public static bool ReadsNumbers => true;

    public Regressor Model { get; } = model;
}

/// <summary>A forecaster.</summary>
internal sealed class ServedForecaster(NumberQueues queues, Forecaster model) : ServedNumbers(queues, model), IServedTask
{
    public static ModelTask Task => ModelTask.Forecaster;

    public static bool ReadsNumbers => true;

    public Forecaster Model { get; } = model;
}

/// <summary>A transcriber.</summary>
internal sealed class ServedTranscriber(NumberQueues queues, Transcriber model) : ServedNumbers(queues, model), IServedTask
{
    public static ModelTask Task => ModelTask.Transcriber;

    public static bool ReadsNumbers => true;

    public Transcriber Model { get; } = model;
}
