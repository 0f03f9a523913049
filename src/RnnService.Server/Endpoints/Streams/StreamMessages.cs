using System.Text.Json.Serialization;
using RnnService.Engine.Networks;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints.Streams;

/// <summary>A message of a stream's client: steps, or the end.</summary>
internal sealed record StreamRequest
{
    /// <summary>The next steps, each a list of as many numbers as the model reads.</summary>
    [JsonConverter(typeof(StepsConverter))]
    public NumberSequence? Values { get; init; }

    /// <summary>True after the last step: what is left is computed, the last answer has "final": true, and the stream is closed.</summary>
    public bool? End { get; init; }
}

/// <summary>What the model says after the steps so far. Which fields there are is a matter of its task.</summary>
internal sealed record StreamAnswer
{
    /// <summary>Number of steps that it has read.</summary>
    public required long Steps { get; init; }

    /// <summary>True in the last answer: nothing comes after it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Final { get; init; }

    /// <summary>A classifier's: the labels of the sequence so far, the best first.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<LabelScore>? Labels { get; init; }

    /// <summary>A tagger's: the label of each new step.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<TaggedSteps>? Tags { get; init; }

    /// <summary>A regressor's: the values of the sequence so far, or of each new step.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<float[]>? Values { get; init; }

    /// <summary>A forecaster's: the next steps.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<float[]>? Forecast { get; init; }

    /// <summary>
    /// A forecaster's: how far each new step was from its forecast one step before, the root of the mean square over its numbers; null for the first step
    /// of the stream. Large ones are odd steps.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<float?>? Errors { get; init; }

    /// <summary>A transcriber's: the text so far.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Text { get; init; }

    /// <summary>A transcriber's: the symbols that are new.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<TranscribedSymbol>? Symbols { get; init; }
}

/// <summary>Why a stream ends before its client ended it: its last message.</summary>
internal sealed record StreamFault
{
    /// <summary>What happened, in a sentence.</summary>
    public required string Error { get; init; }

    /// <summary>The kind of problem in one word.</summary>
    public required string ErrorType { get; init; }

    /// <summary>The HTTP status of such a problem.</summary>
    public required int Status { get; init; }

    public static StreamFault Of(RequestProblem problem) =>
        new() { Error = problem.Message, ErrorType = problem.Kind.ErrorType, Status = problem.Kind.Status };
}
