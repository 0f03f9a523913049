using System.Text.Json;
using System.Text.Json.Serialization;
using RnnService.Server.Options;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints.OpenAi;

/// <summary>A chat to be continued, as OpenAI's clients send it. The model reads it as one text, made by its folder's chat_template.</summary>
internal sealed record ChatRequest : SamplingRequest
{
    /// <summary>What was said so far.</summary>
    [Count(1, nameof(LimitOptions.MaxListLength))]
    public required IReadOnlyList<ChatMessageRequest> Messages { get; init; }

    /// <summary>Most tokens to add; as many as the model's folder says when left out.</summary>
    [Value(1, nameof(LimitOptions.MaxNewTokens))]
    public long? MaxTokens { get; init; }

    /// <summary>The newer name of max_tokens.</summary>
    [Value(1, nameof(LimitOptions.MaxNewTokens))]
    public long? MaxCompletionTokens { get; init; }

    /// <summary>Whether to report the log-probabilities of the tokens.</summary>
    public bool? Logprobs { get; init; }

    /// <summary>How many of the likeliest tokens to report beside each; needs logprobs.</summary>
    [Value(0, nameof(LimitOptions.MaxTopNTokens))]
    public long? TopLogprobs { get; init; }

    /// <summary>These models call no tools; accepted when empty.</summary>
    [OneOf("[]", Extra = true)]
    public JsonElement? Tools { get; init; }

    /// <summary>These models call no tools; accepted when none or auto.</summary>
    [OneOf("\"none\"", "\"auto\"", Extra = true)]
    public JsonElement? ToolChoice { get; init; }

    /// <summary>Taken either way: these models call no tools.</summary>
    public bool? ParallelToolCalls { get; init; }

    /// <summary>These models call no functions; accepted when empty.</summary>
    [OneOf("[]", Extra = true)]
    public JsonElement? Functions { get; init; }

    /// <summary>These models call no functions; accepted when none or auto.</summary>
    [OneOf("\"none\"", "\"auto\"", Extra = true)]
    public JsonElement? FunctionCall { get; init; }

    /// <summary>The answer is text.</summary>
    [OneOf("{\"type\": \"text\"}", Extra = true)]
    public JsonElement? ResponseFormat { get; init; }

    /// <summary>The answer is text.</summary>
    [OneOf("[\"text\"]", Extra = true)]
    public JsonElement? Modalities { get; init; }

    /// <summary>Not supported; accepted when null.</summary>
    [OneOf(Extra = true)]
    public JsonElement? Audio { get; init; }

    /// <summary>Not supported; accepted when null.</summary>
    [OneOf(Extra = true)]
    public JsonElement? Prediction { get; init; }

    /// <summary>Not supported; accepted when null.</summary>
    [OneOf(Extra = true)]
    public JsonElement? WebSearchOptions { get; init; }

    /// <summary>Taken and passed over: these models do not reason.</summary>
    public string? ReasoningEffort { get; init; }

    /// <summary>Taken and passed over.</summary>
    public string? Verbosity { get; init; }

    /// <summary>Taken and passed over.</summary>
    public string? ServiceTier { get; init; }

    /// <summary>Taken and passed over.</summary>
    public string? SafetyIdentifier { get; init; }

    /// <summary>Taken and passed over.</summary>
    public string? PromptCacheKey { get; init; }

    /// <summary>Taken either way: nothing is stored.</summary>
    public bool? Store { get; init; }
}

/// <summary>A message of a chat.</summary>
internal sealed record ChatMessageRequest
{
    /// <summary>Who says it.</summary>
    [OneOf("\"system\"", "\"developer\"", "\"user\"", "\"assistant\"")]
    public required string Role { get; init; }

    /// <summary>What is said: a text, or a list of parts of type text.</summary>
    [Count(0, nameof(LimitOptions.MaxListLength)), Length(0, nameof(LimitOptions.MaxTextLength))]
    public ChatContent? Content { get; init; }

    /// <summary>Taken and passed over.</summary>
    public string? Name { get; init; }

    /// <summary>Taken when null.</summary>
    [OneOf(Extra = true)]
    public string? Refusal { get; init; }

    /// <summary>These models call no tools; accepted when empty.</summary>
    [OneOf("[]", Extra = true)]
    public JsonElement? ToolCalls { get; init; }
}

/// <summary>A chat's next messages.</summary>
internal sealed record ChatAnswer : OpenAiAnswer
{
    protected override string Kind => "chat.completion";

    /// <summary>As many as n.</summary>
    public required IReadOnlyList<ChatChoice> Choices { get; init; }
}

/// <summary>A chat's next message.</summary>
internal sealed record ChatChoice
{
    /// <summary>Its place among the choices.</summary>
    public required int Index { get; init; }

    /// <summary>The message.</summary>
    public required ChatMessage Message { get; init; }

    /// <summary>Its tokens, when logprobs asks for them.</summary>
    public required ChatLogprobs? Logprobs { get; init; }

    /// <summary>length, or stop where the model or a stop string ended it.</summary>
    public required string FinishReason { get; init; }
}

/// <summary>A message, or of a stream what it grew by.</summary>
internal sealed record ChatMessage
{
    public const string Assistant = "assistant";

    /// <summary>assistant; of a stream only at first.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Role { get; init; }

    /// <summary>The text.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Content { get; init; }
}

/// <summary>An event of a chat's stream.</summary>
internal sealed record ChatChunk : OpenAiAnswer
{
    protected override string Kind => "chat.completion.chunk";

    /// <summary>The message that grows; none in the event that include_usage asks for.</summary>
    public required IReadOnlyList<ChatChunkChoice> Choices { get; init; }
}

/// <summary>What a message of a stream grew by.</summary>
internal sealed record ChatChunkChoice
{
    /// <summary>Its place among the choices.</summary>
    public required int Index { get; init; }

    /// <summary>The role at first, then text, at last nothing.</summary>
    public required ChatMessage Delta { get; init; }

    /// <summary>Its tokens, when logprobs asks for them.</summary>
    public required ChatLogprobs? Logprobs { get; init; }

    /// <summary>Null as long as the message goes on.</summary>
    public required string? FinishReason { get; init; }
}

/// <summary>The tokens of a message.</summary>
internal sealed record ChatLogprobs
{
    /// <summary>One after the other.</summary>
    public required IReadOnlyList<ChatToken> Content { get; init; }
}

/// <summary>A token and what the model thought of it.</summary>
internal record ChatAlternative
{
    /// <summary>What it adds to the text.</summary>
    public required string Token { get; init; }

    /// <summary>Natural logarithm of its probability; the least number there is where it is 0.</summary>
    public required float Logprob { get; init; }

    /// <summary>The token in UTF-8.</summary>
    public required IReadOnlyList<int> Bytes { get; init; }
}

/// <summary>A token of a message.</summary>
internal sealed record ChatToken : ChatAlternative
{
    /// <summary>The likeliest tokens at its place.</summary>
    public required IReadOnlyList<ChatAlternative> TopLogprobs { get; init; }
}
