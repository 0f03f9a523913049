using System.Text.Json.Serialization;
using RnnService.Server.Options;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints;

/// <summary>Sequences of numbers for a model that reads numbers.</summary>
internal interface INumbersRequest
{
    /// <summary>The sequences.</summary>
    NumberLists Inputs { get; }

    /// <summary>Name of the model.</summary>
    string? Model { get; }
}

/// <summary>Sequences of numbers to be classified.</summary>
internal sealed record ClassifyNumbersRequest : INumbersRequest
{
    /// <summary>A sequence, {"values": [[…], […]]}: a list of numbers for each step; or a list of sequences.</summary>
    [Count(1, nameof(LimitOptions.MaxListLength))]
    public required NumberLists Inputs { get; init; }

    /// <summary>Name of a classifier that reads numbers; the only one when left out.</summary>
    public string? Model { get; init; }

    /// <summary>How to answer.</summary>
    public ClassifyParameters? Parameters { get; init; }

    /// <summary>Hugging Face's hub options, which change nothing here.</summary>
    public HubOptions? Options { get; init; }
}

/// <summary>Sequences of numbers to be tagged, step by step.</summary>
internal sealed record TagNumbersRequest : INumbersRequest
{
    /// <inheritdoc cref="ClassifyNumbersRequest.Inputs"/>
    [Count(1, nameof(LimitOptions.MaxListLength))]
    public required NumberLists Inputs { get; init; }

    /// <summary>Name of a tagger that reads numbers; the only one when left out.</summary>
    public string? Model { get; init; }

    /// <summary>How to answer.</summary>
    public TagNumbersParameters? Parameters { get; init; }

    /// <summary>Hugging Face's hub options, which change nothing here.</summary>
    public HubOptions? Options { get; init; }
}

/// <summary>How tagged steps are answered.</summary>
internal sealed record TagNumbersParameters
{
    /// <summary>simple joins steps in a row that have the same label; none answers with every step. Left out: simple.</summary>
    [OneOf($"\"{TagParameters.Simple}\"", $"\"{TagParameters.None}\"")]
    public string? AggregationStrategy { get; init; }
}

/// <summary>Steps in a row that have one label.</summary>
/// <param name="Label">The label.</param>
/// <param name="Score">Its probability; of several steps the mean.</param>
/// <param name="Start">The first of the steps, counted from 0.</param>
/// <param name="End">The step after the last.</param>
internal sealed record TaggedSteps(string Label, float Score, long Start, long End);

/// <summary>Sequences of numbers, or sounds, to be written down.</summary>
internal sealed record TranscribeRequest : INumbersRequest
{
    /// <inheritdoc cref="ClassifyNumbersRequest.Inputs"/>
    [Count(1, nameof(LimitOptions.MaxListLength))]
    public required NumberLists Inputs { get; init; }

    /// <summary>Name of a transcriber; the only one when left out.</summary>
    public string? Model { get; init; }

    /// <summary>How to answer.</summary>
    public TranscribeParameters? Parameters { get; init; }

    /// <summary>Hugging Face's hub options, which change nothing here.</summary>
    public HubOptions? Options { get; init; }
}

/// <summary>How a transcription is answered.</summary>
internal sealed record TranscribeParameters
{
    /// <summary>Whether to tell each symbol, when it was heard and how sure that is.</summary>
    public bool? Details { get; init; }

    /// <summary>How many strings are followed side by side; with 1, which is what is done when left out, the likeliest symbol of every step is taken.</summary>
    [Value(1, 100)]
    public long? Beams { get; init; }
}

/// <summary>What was heard.</summary>
internal sealed record Transcription
{
    /// <summary>The symbols, joined as the model joins them.</summary>
    public required string Text { get; init; }

    /// <summary>The symbols one by one; only with details.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<TranscribedSymbol>? Symbols { get; init; }
}

/// <summary>A symbol that was heard.</summary>
internal sealed record TranscribedSymbol
{
    /// <summary>The symbol.</summary>
    public required string Symbol { get; init; }

    /// <summary>The step at which the network says it first, counted from 0.</summary>
    public required long Step { get; init; }

    /// <summary>When that step has been heard, in seconds from the beginning; of sound only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Seconds { get; init; }

    /// <summary>Its probability at that step.</summary>
    public required float Score { get; init; }
}

/// <summary>Sequences of numbers to be answered with numbers.</summary>
internal sealed record PredictRequest : INumbersRequest
{
    /// <inheritdoc cref="ClassifyNumbersRequest.Inputs"/>
    [Count(1, nameof(LimitOptions.MaxListLength))]
    public required NumberLists Inputs { get; init; }

    /// <summary>Name of a regressor or a forecaster; the only one when left out, a regressor first.</summary>
    public string? Model { get; init; }

    /// <summary>Hugging Face's hub options, which change nothing here.</summary>
    public HubOptions? Options { get; init; }
}

/// <summary>Numbers that answer a sequence.</summary>
internal sealed record Prediction
{
    /// <summary>A regressor's: a list for the sequence, or one for each step where the model answers every step.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<float[]>? Values { get; init; }

    /// <summary>A forecaster's: the steps that follow the last, each as many numbers as the model reads.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<float[]>? Forecast { get; init; }
}
