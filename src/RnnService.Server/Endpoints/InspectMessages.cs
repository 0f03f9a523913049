using System.Text.Json.Serialization;
using RnnService.Engine.Models;
using RnnService.Server.Options;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints;

/// <summary>What of a network to look at while it reads.</summary>
internal record ActivationParameters
{
    /// <summary>The layer, from 0; the first when left out.</summary>
    [Value(0, ModelConfig.MaxLayers - 1)]
    public long? Layer { get; init; }

    /// <summary>
    /// What of its units: hidden, the state, of every cell; cell, input, forget, candidate and output of an LSTM; reset, update and candidate of a
    /// GRU. Left out: hidden.
    /// </summary>
    [OneOf("\"hidden\"", "\"cell\"", "\"input\"", "\"forget\"", "\"candidate\"", "\"output\"", "\"reset\"", "\"update\"")]
    public string? Of { get; init; }

    /// <summary>The first unit, from 0; also when left out.</summary>
    [Value(0, ModelConfig.MaxHiddenSize - 1)]
    public long? FirstUnit { get; init; }

    /// <summary>Most units from the first on, fewer where the layer ends before; as many as are allowed when left out.</summary>
    [Value(1, nameof(LimitOptions.MaxActivationUnits))]
    public long? Units { get; init; }
}

/// <summary>What of a network to look at while it reads a text.</summary>
internal sealed record InspectParameters : ActivationParameters
{
    /// <summary>Whether to look at the direction that reads from the end, of a model that reads both ways.</summary>
    public bool? Reverse { get; init; }

    /// <summary>Whether to tell also how far back the answer looks.</summary>
    public bool? Gradients { get; init; }

    /// <summary>The token whose answer that is, from 0; the last when left out. A classifier has none, as it answers once for the text.</summary>
    [Value(0, int.MaxValue)]
    public long? At { get; init; }
}

/// <summary>A text that a model of any task reads while it is looked at.</summary>
internal sealed record InspectRequest
{
    /// <summary>The text.</summary>
    [Length(1, nameof(LimitOptions.MaxTextLength))]
    public required string Inputs { get; init; }

    /// <summary>Name of a model of any task.</summary>
    public required string Model { get; init; }

    /// <summary>What to look at.</summary>
    public InspectParameters? Parameters { get; init; }
}

/// <summary>A model, and what its network did while it read a text.</summary>
internal sealed record InspectAnswer
{
    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary>language_model, classifier or tagger.</summary>
    public required string Task { get; init; }

    /// <summary>The recurrence: tanh, relu, gru, gru_before, lstm or sum.</summary>
    public required string Cell { get; init; }

    /// <summary>Number of stacked layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Which ways they read: forward, reverse or both.</summary>
    public required IReadOnlyList<string> Directions { get; init; }

    /// <summary>Number of units of a layer in a direction.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>What of a unit can be looked at.</summary>
    public required IReadOnlyList<string> Kinds { get; init; }

    /// <summary>The tokens of the text that the model reads.</summary>
    public required IReadOnlyList<ReadToken> Tokens { get; init; }

    /// <summary>What was asked for.</summary>
    public required ActivationValues Activations { get; init; }

    /// <summary>How far back the answer looks; only when gradients asks for it, and of a text with tokens.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public AnswerGradients? Gradients { get; init; }
}

/// <summary>A token of a text.</summary>
internal sealed record ReadToken
{
    /// <summary>The token as it stands in the text.</summary>
    public required string Text { get; init; }

    /// <summary>Offset of its first character in Unicode code points.</summary>
    public required int Start { get; init; }

    /// <summary>Offset past its last character in Unicode code points.</summary>
    public required int End { get; init; }

    /// <summary>Whether the model's vocabulary has it.</summary>
    public required bool Known { get; init; }
}

/// <summary>What some units showed after each token.</summary>
internal sealed record ActivationValues
{
    /// <summary>The layer, from 0.</summary>
    public required int Layer { get; init; }

    /// <summary>forward or reverse.</summary>
    public required string Direction { get; init; }

    /// <summary>What of the units.</summary>
    public required string Of { get; init; }

    /// <summary>The first of them.</summary>
    public required int FirstUnit { get; init; }

    /// <summary>A list a token, of a number a unit.</summary>
    public required IReadOnlyList<float[]> Values { get; init; }
}

/// <summary>What some units showed after each token of a text that was continued.</summary>
internal sealed record StepActivations
{
    /// <summary>The layer, from 0.</summary>
    public required int Layer { get; init; }

    /// <summary>forward, as every language model reads.</summary>
    public required string Direction { get; init; }

    /// <summary>What of the units.</summary>
    public required string Of { get; init; }

    /// <summary>The first of them.</summary>
    public required int FirstUnit { get; init; }

    /// <summary>The tokens read, those of the text that was sent first.</summary>
    public required IReadOnlyList<ActivationStep> Steps { get; init; }
}

/// <summary>A token, and what the units showed after it.</summary>
internal sealed record ActivationStep
{
    /// <summary>What the token adds to the text.</summary>
    public required string Text { get; init; }

    /// <summary>A number a unit.</summary>
    public required IReadOnlyList<float> Values { get; init; }
}

/// <summary>How far back an answer looks: norms of the gradient of the answer.</summary>
internal sealed record AnswerGradients
{
    /// <summary>The token whose answer it is; null for a classifier.</summary>
    public required int? At { get; init; }

    /// <summary>
    /// The answer: the likeliest label, whose margin it is (its logit less the mean of the others'), or the likeliest next token, whose
    /// log-probability it is.
    /// </summary>
    public required string Answer { get; init; }

    /// <summary>With respect to the embedding of each token.</summary>
    public required IReadOnlyList<float> Inputs { get; init; }

    /// <summary>With respect to the state of each layer and direction after each token.</summary>
    public required IReadOnlyList<StateGradients> States { get; init; }
}

/// <summary>Norms of gradients with respect to the states of a layer.</summary>
internal sealed record StateGradients
{
    /// <summary>The layer, from 0.</summary>
    public required int Layer { get; init; }

    /// <summary>forward or reverse.</summary>
    public required string Direction { get; init; }

    /// <summary>A norm a token.</summary>
    public required IReadOnlyList<float> Values { get; init; }
}
