using System.Text.Json.Serialization;
using RnnService.Server.Options;
using RnnService.Server.Requests;
using RnnService.Server.Sessions;

namespace RnnService.Server.Endpoints.OpenAi;

/// <summary>Texts to be continued, as OpenAI's clients send them.</summary>
internal sealed record CompletionRequest : SamplingRequest
{
    /// <summary>Tokens to add when a request says nothing, as OpenAI's service has it.</summary>
    public const int UsualTokens = 16;

    /// <summary>A text, a list of texts, the ids of a text's tokens, or a list of those. None begins a text.</summary>
    [Count(1, nameof(LimitOptions.MaxChoices)), Length(0, nameof(LimitOptions.MaxTextLength))]
    public Prompts? Prompt { get; init; }

    /// <summary>Most tokens to add; 16 when left out. 0 with echo and logprobs scores the text that was sent.</summary>
    [Value(0, nameof(LimitOptions.MaxNewTokens))]
    public long? MaxTokens { get; init; }

    /// <summary>How many texts to generate, of which the n likeliest are answered; n when left out.</summary>
    [Value(1, nameof(LimitOptions.MaxChoices))]
    public long? BestOf { get; init; }

    /// <summary>Whether each text begins with the text that was sent.</summary>
    public bool? Echo { get; init; }

    /// <summary>Whether to report the log-probabilities of the tokens, with this many of the likeliest beside each.</summary>
    [Value(0, nameof(LimitOptions.MaxTopNTokens))]
    public long? Logprobs { get; init; }

    /// <summary>Not supported; accepted when empty.</summary>
    [OneOf("\"\"", Extra = true)]
    public string? Suffix { get; init; }

    /// <summary>What comes before the only text, and whether more may follow.</summary>
    public SessionParameters? Session { get; init; }
}

/// <summary>Continued texts.</summary>
internal sealed record CompletionAnswer : OpenAiAnswer
{
    protected override string Kind => "text_completion";

    /// <summary>The texts: of each prompt in turn as many as n; of a stream the one that grows, and none in its last event.</summary>
    public required IReadOnlyList<CompletionChoice> Choices { get; init; }

    /// <summary>Where the session stands, where the request has one; of a stream in the event that ends the text.</summary>
    [JsonPropertyOrder(2), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SessionAnswer? Session { get; init; }
}

/// <summary>A continued text, or a piece of one.</summary>
internal sealed record CompletionChoice
{
    /// <summary>Its place among the texts.</summary>
    public required int Index { get; init; }

    /// <summary>The text; of a stream what it grew by.</summary>
    public required string Text { get; init; }

    /// <summary>Its tokens, when logprobs asks for them.</summary>
    public required CompletionLogprobs? Logprobs { get; init; }

    /// <summary>length, or stop where the model or a stop string ended it; null as long as a stream goes on.</summary>
    public required string? FinishReason { get; init; }
}

/// <summary>The tokens of a text, each at the same place in every list.</summary>
internal sealed record CompletionLogprobs
{
    /// <summary>What each adds to the text.</summary>
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary>Natural logarithm of its probability; null for the first of an echoed text.</summary>
    public required IReadOnlyList<float?> TokenLogprobs { get; init; }

    /// <summary>The likeliest tokens at its place, itself among them, with their log-probabilities; null when logprobs is 0.</summary>
    public required IReadOnlyList<IReadOnlyDictionary<string, float>?>? TopLogprobs { get; init; }

    /// <summary>Where it begins in the text, in Unicode code points.</summary>
    public required IReadOnlyList<int> TextOffset { get; init; }
}
