using System.Text;
using RnnService.AspNetCore.Models;
using RnnService.Engine.Generation;
using RnnService.Server.Options;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints.OpenAi;

/// <summary>Continues chats as OpenAI's chat completions do, for the clients that know nothing else.</summary>
internal sealed class ChatEndpoint(OpenAiGeneration generation, OpenAiModels models, LimitOptions limits) : IChoiceForm
{
    private const string Example = """
        {"messages": [{"role": "user", "content": "ROMEO:"}], "max_tokens": 60, "temperature": 0.6, "seed": 7}
        """;

    private const string ExampleAnswer = """
        {"id": "chatcmpl-3f2d7c1b9a604e5f8d7c6b5a49382716", "object": "chat.completion", "created": 1795812195, "model": "shakespeare",
          "system_fingerprint": "fp_ec5212fd63df",
          "choices": [{"index": 0, "message": {"role": "assistant", "content": "\nI will thank you, with the present prayers for mine,\nAnd th"},
            "logprobs": null, "finish_reason": "length"}],
          "usage": {"prompt_tokens": 6, "completion_tokens": 60, "total_tokens": 66}}
        """;

    /// <summary>The number that stands for a probability of 0, as OpenAI's service writes it.</summary>
    private const float Impossible = -9999;

    public string IdPrefix => "chatcmpl-";

    public RouteHandlerBuilder Map(IEndpointRouteBuilder routes, string prefix, string suffix) =>
        routes.MapInference(prefix + "/chat/completions", AnswerAsync, endsWithRequest: true)
            .WithName("createChatCompletion" + suffix)
            .WithSummary("Continue a chat, as OpenAI's chat completions")
            .WithDescription("The messages become one text, by the chat_template of the model's folder, or joined by line breaks; the model goes on with it. "
                + "Answers with the whole message, or with server-sent events when stream is true, the last of which is [DONE].")
            .Accepts<ChatRequest>("application/json")
            .Produces<ChatAnswer>()
            .WithMetadata(new RequestExample(Example), new AnswerExample(ExampleAnswer), new StreamsEvents(typeof(ChatChunk)));

    object IChoiceForm.Answer(AnswerHead head, IReadOnlyList<AnsweredChoice> choices, TokenUsage usage) => new ChatAnswer
    {
        Id = head.Id,
        Created = head.Created,
        Model = head.Model,
        SystemFingerprint = head.Fingerprint,
        Choices =
        [
            .. choices.Select(choice => new ChatChoice
            {
                Index = choice.Index,
                Message = new ChatMessage { Role = ChatMessage.Assistant, Content = choice.Text },
                Logprobs = LogprobsOf(choice.Tokens),
                FinishReason = choice.End.Reason,
            }),
        ],
        Usage = usage,
    };

    IEnumerable<object> IChoiceForm.Events(AnswerHead head, int index, Growth growth, bool isFirst, ChoiceEnd? end)
    {
        if (isFirst) yield return Event(new ChatMessage { Role = ChatMessage.Assistant, Content = "" }, [], null);
        if (growth.Text.Length > 0) yield return Event(new ChatMessage { Content = growth.Text }, growth.Tokens, null);
        if (end is not null) yield return Event(new ChatMessage(), [], end.Reason);

        ChatChunk Event(ChatMessage delta, IReadOnlyList<PlacedToken> tokens, string? reason) =>
            Chunk(head, [new ChatChunkChoice { Index = index, Delta = delta, Logprobs = LogprobsOf(tokens), FinishReason = reason }], null);
    }

    object IChoiceForm.Event(AnswerHead head, TokenUsage usage) => Chunk(head, [], usage);

    private async Task<IResult> AnswerAsync(InferenceCall call)
    {
        ChatRequest request = await call.ReadAsync<ChatRequest>();
        bool logprobs = request.Logprobs ?? false;
        if (request.TopLogprobs > 0 && !logprobs)
            throw RequestProblem.Of(ProblemKind.Validation, "top_logprobs", $"is {request.TopLogprobs}; expected none without logprobs");
        ServedLanguageModel served = await call.ModelAsync<ServedLanguageModel>(models.Named(request.Model));
        GenerationOptions options = request.Over(
            served.Model, request.MaxCompletionTokens ?? request.MaxTokens, request.TopLogprobs, false, limits);
        string prompt = ChatPrompt.Of(request.Messages, served.Model.Config.ChatTemplate);
        if (CodePoints.Count(prompt) is var length && length > limits.MaxTextLength)
            throw RequestProblem.Of(ProblemKind.Validation, "messages", $"have {length} characters together; at most {limits.MaxTextLength} are allowed");
        int n = (int)(request.N ?? 1);
        return await generation.AnswerAsync(call, served, new ChoicesAsked([new GenerationInput(prompt, options, "messages")], n, n)
        {
            Logprobs = logprobs,
            Stream = request.Stream ?? false,
            IncludeUsage = request.StreamOptions?.IncludeUsage ?? false,
        }, this);
    }

    private static ChatLogprobs? LogprobsOf(IReadOnlyList<PlacedToken> tokens) => tokens.Count == 0 ? null : new()
    {
        Content =
        [
            .. tokens.Select(token => new ChatToken
            {
                Token = token.Token.Text,
                Logprob = Finite(token.Token.LogProbability),
                Bytes = BytesOf(token.Token.Text),
                TopLogprobs = [.. token.Token.Alternatives.Select(one => new ChatAlternative
                {
                    Token = one.Text,
                    Logprob = Finite(one.LogProbability),
                    Bytes = BytesOf(one.Text),
                })],
            }),
        ],
    };

    private static float Finite(float logProbability) => float.IsFinite(logProbability) ? logProbability : Impossible;

    private static int[] BytesOf(string token) => [.. Encoding.UTF8.GetBytes(token).Select(one => (int)one)];

    private static ChatChunk Chunk(AnswerHead head, IReadOnlyList<ChatChunkChoice> choices, TokenUsage? usage) => new()
    {
        Id = head.Id,
        Created = head.Created,
        Model = head.Model,
        SystemFingerprint = head.Fingerprint,
        Choices = choices,
        Usage = usage,
    };
}
