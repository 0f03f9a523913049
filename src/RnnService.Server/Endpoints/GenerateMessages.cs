using System.Text.Json.Serialization;
using RnnService.Engine.Generation;
using RnnService.Server.Options;
using RnnService.Server.Requests;
using RnnService.Server.Sessions;

namespace RnnService.Server.Endpoints;

/// <summary>A text to be continued.</summary>
internal sealed record GenerateRequest
{
    /// <summary>The text to continue, or the source of a translator; it may be empty where the session has one.</summary>
    [Length(0, nameof(LimitOptions.MaxTextLength))]
    public required string Inputs { get; init; }

    /// <summary>Name of a language model or a translator; the default language model when left out.</summary>
    public string? Model { get; init; }

    /// <summary>How to continue it. What is left out is as the model's folder says.</summary>
    public GenerateParameters? Parameters { get; init; }

    /// <summary>Whether to send the tokens as they come, as /generate_stream does.</summary>
    public bool? Stream { get; init; }

    /// <summary>What comes before the text, and whether more may follow.</summary>
    public SessionParameters? Session { get; init; }

    /// <summary>Hugging Face's hub options, which change nothing here.</summary>
    public HubOptions? Options { get; init; }
}

/// <summary>Options of Hugging Face's hub, which change nothing here.</summary>
internal sealed record HubOptions
{
    /// <summary>Taken either way: answers are never kept.</summary>
    public bool? UseCache { get; init; }

    /// <summary>Taken either way: a request waits while models are loaded.</summary>
    public bool? WaitForModel { get; init; }

    /// <summary>There is none.</summary>
    [OneOf("false", Extra = true)]
    public bool? UseGpu { get; init; }
}

/// <summary>One event of a stream.</summary>
internal sealed record StreamEvent
{
    /// <summary>Position of the token, from 1.</summary>
    public required int Index { get; init; }

    /// <summary>The token.</summary>
    public required TokenMessage Token { get; init; }

    /// <summary>The likeliest tokens beside it; only when top_n_tokens asks for them.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<TokenMessage>? TopTokens { get; init; }

    /// <summary>The whole new text in the last event, null before.</summary>
    public required string? GeneratedText { get; init; }

    /// <summary>In the last event, null before.</summary>
    public required StreamDetails? Details { get; init; }

    /// <summary>Where the session stands, in the last event, where the request has one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SessionAnswer? Session { get; init; }
}

/// <summary>How a streamed text came about.</summary>
internal sealed record StreamDetails
{
    /// <summary>length, eos_token or stop_sequence.</summary>
    public required string FinishReason { get; init; }

    /// <summary>Number of tokens added.</summary>
    public required int GeneratedTokens { get; init; }

    /// <summary>Number of tokens of the text that was sent.</summary>
    public required int InputLength { get; init; }

    /// <summary>The seed; sending it again gives the same text.</summary>
    public required ulong Seed { get; init; }

    /// <summary>What of the text that was sent the model could not read, where there is something; also in the header X-Rnn-Warning.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Warning { get; init; }

    /// <summary>0 where the model knows no token of the text that was sent, so that what follows has nothing to do with it; else left out.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? KnownTokens { get; init; }

    /// <summary>What activations asks for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public StepActivations? Activations { get; init; }

    /// <summary>The tokens of the source as a translator reads them, when details asks for them.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? SourceTokens { get; init; }

    /// <summary>For each token added the weights of the source's, when details asks for them; only of a translator that attends.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<float[]>? Attention { get; init; }

    public static StreamDetails Of(GenerationStream generation, StepActivations? activations, bool looks = false) => new()
    {
        FinishReason = ReasonOf(generation),
        GeneratedTokens = generation.Tokens.Count,
        InputLength = generation.PromptTokens,
        Seed = generation.Seed,
        Warning = generation.Warning,
        KnownTokens = generation.KnowsPrompt ? null : 0,
        Activations = activations,
        SourceTokens = looks && generation.SourceTokens.Count > 0 ? generation.SourceTokens : null,
        Attention = looks && generation.Hypotheses.Count > 0 ? SequenceDetails.AttentionOf(generation.Hypotheses[0]) : null,
    };

    public static string ReasonOf(GenerationStream generation) => ReasonOf(generation.Finished);

    public static string ReasonOf(FinishReason? finished) => finished switch
    {
        Engine.Generation.FinishReason.EndOfText => "eos_token",
        Engine.Generation.FinishReason.StopSequence => "stop_sequence",
        _ => "length",
    };
}
