using System.Text.Json;
using System.Text.Json.Serialization;
using RnnService.Engine.Generation;
using RnnService.Engine.Models;
using RnnService.Server.Options;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints.OpenAi;

/// <summary>What completions and chats have in common: how a text is drawn and sent.</summary>
internal abstract record SamplingRequest
{
    /// <summary>Name of a language model. None, tgi, dummy or a URL: the default one, or the one whose address this is.</summary>
    public string? Model { get; init; }

    /// <summary>Below 1 the likely tokens become likelier, above 1 the unlikely ones. 0 always takes the likeliest token.</summary>
    [Value(0, 100)]
    public double? Temperature { get; init; }

    /// <summary>Draw from the likeliest tokens that together have this probability; 1 means all.</summary>
    [Value(0, 1)]
    public double? TopP { get; init; }

    /// <summary>Draw from the k likeliest tokens only; 0, or -1, means all.</summary>
    [Value(0, 1_000_000, Unset = true)]
    public long? TopK { get; init; }

    /// <summary>Above 1, tokens that occurred become less likely; 1 means off.</summary>
    [Value(.01, 100)]
    public double? RepetitionPenalty { get; init; }

    /// <summary>
    /// Draw from the tokens whose information is nearest to the expected one and that together have this probability (locally typical sampling); 1 means
    /// all.
    /// </summary>
    [Value(0, 1, Above = true)]
    public double? TypicalP { get; init; }

    /// <summary>Above 0, tokens become less likely each time that they are added; 0 means off.</summary>
    [Value(-2, 2)]
    public double? FrequencyPenalty { get; init; }

    /// <summary>Above 0, tokens that were added once become less likely; 0 means off.</summary>
    [Value(-2, 2)]
    public double? PresencePenalty { get; init; }

    /// <summary>What is added to the logits of tokens, by their ids in vocab.json: -100 rules a token out, 100 leaves hardly another.</summary>
    [Value(-100, 100)]
    public IReadOnlyDictionary<string, double>? LogitBias { get; init; }

    /// <summary>How many texts to answer with; 1 when left out. They are drawn with seeds of their own, the first with the seed that is sent.</summary>
    [Value(1, nameof(LimitOptions.MaxChoices))]
    public long? N { get; init; }

    /// <summary>The text ends before one of these, or before the only one.</summary>
    [Count(0, nameof(LimitOptions.MaxStopStrings)), Length(1, nameof(LimitOptions.MaxStopLength))]
    public IReadOnlyList<string>? Stop { get; init; }

    /// <summary>The same seed, sent to a model of the same system_fingerprint, gives the same text. None, or -1: one is drawn.</summary>
    [Value(0, ulong.MaxValue, Unset = true)]
    public ulong? Seed { get; init; }

    /// <summary>Whether to send the text as it grows.</summary>
    public bool? Stream { get; init; }

    /// <summary>What a stream holds beside the text.</summary>
    public StreamOptions? StreamOptions { get; init; }

    /// <summary>Taken and passed over.</summary>
    public string? User { get; init; }

    /// <summary>Taken and passed over.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary>What the engine is asked for: what the request says, otherwise what the model's folder says.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tokens">Most tokens to add; null as the folder says.</param>
    /// <param name="alternatives">How many of the likeliest tokens to report with each.</param>
    /// <param name="scoresPrompt">Whether to report the log-probabilities of the prompt's tokens.</param>
    /// <param name="limits">What a request may ask for.</param>
    /// <param name="before">The seed of the text that is gone on with.</param>
    /// <exception cref="RequestProblem">A bias is for a token that the model does not have.</exception>
    public GenerationOptions Over(LanguageModel model, long? tokens, long? alternatives, bool scoresPrompt, LimitOptions limits, ulong? before = null)
    {
        GenerationOptions options = GenerateParameters.Over(model, new GenerateParameters
        {
            MaxNewTokens = tokens,
            Temperature = Temperature,
            TopP = TopP,
            TopK = TopK,
            TypicalP = TypicalP,
            RepetitionPenalty = RepetitionPenalty,
            FrequencyPenalty = FrequencyPenalty,
            PresencePenalty = PresencePenalty,
            Seed = Seed,
            Stop = Stop,
            TopNTokens = alternatives,
            DecoderInputDetails = scoresPrompt,
        }, limits, before);
        return LogitBias is null ? options : options with { LogitBias = LogitBiases.Of(LogitBias, model, "logit_bias") };
    }
}

/// <summary>What a stream holds beside the text.</summary>
internal sealed record StreamOptions
{
    /// <summary>Whether one event more tells how many tokens were read and written.</summary>
    public bool? IncludeUsage { get; init; }

    /// <summary>Taken and passed over: nothing is hidden.</summary>
    public bool? IncludeObfuscation { get; init; }
}

/// <summary>How many tokens were read and written.</summary>
internal sealed record TokenUsage
{
    /// <summary>Tokens of the texts sent.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Tokens generated, of texts that best_of passed over too.</summary>
    public required int CompletionTokens { get; init; }

    /// <summary>All of them.</summary>
    public required int TotalTokens { get; init; }
}

/// <summary>What every answer begins with.</summary>
internal abstract record OpenAiAnswer
{
    /// <summary>The answer's own name.</summary>
    [JsonPropertyOrder(-5)]
    public required string Id { get; init; }

    /// <summary>What it is.</summary>
    [JsonPropertyOrder(-4)]
    public string Object => Kind;

    /// <summary>When it was asked for, in seconds since 1970.</summary>
    [JsonPropertyOrder(-3)]
    public required long Created { get; init; }

    /// <summary>Name of the model that answers.</summary>
    [JsonPropertyOrder(-2)]
    public required string Model { get; init; }

    /// <summary>The same as long as the model's weights are the same.</summary>
    [JsonPropertyOrder(-1)]
    public required string SystemFingerprint { get; init; }

    /// <summary>How many tokens were read and written; of a stream only in the event that include_usage asks for.</summary>
    [JsonPropertyOrder(1), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TokenUsage? Usage { get; init; }

    protected abstract string Kind { get; }
}
