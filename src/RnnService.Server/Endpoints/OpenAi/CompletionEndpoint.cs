using RnnService.AspNetCore.Models;
using RnnService.Engine.Generation;
using RnnService.Server.Options;
using RnnService.Server.Requests;
using RnnService.Server.Sessions;

namespace RnnService.Server.Endpoints.OpenAi;

/// <summary>Continues texts as OpenAI's completions do.</summary>
internal sealed class CompletionEndpoint(OpenAiGeneration generation, OpenAiModels models, GenerationSessions sessions, LimitOptions limits) : IChoiceForm
{
    private const string Example = """{"prompt": "ROMEO:", "max_tokens": 60, "temperature": 0.6, "seed": 7}""";

    private const string ExampleAnswer = """
        {"id": "cmpl-3f2d7c1b9a604e5f8d7c6b5a49382716", "object": "text_completion", "created": 1795812195, "model": "shakespeare",
          "system_fingerprint": "fp_ec5212fd63df",
          "choices": [{"index": 0, "text": "\nI will thank you, with the present prayers for mine,\nAnd th", "logprobs": null, "finish_reason": "length"}],
          "usage": {"prompt_tokens": 6, "completion_tokens": 60, "total_tokens": 66}}
        """;

    public string IdPrefix => "cmpl-";

    public RouteHandlerBuilder Map(IEndpointRouteBuilder routes, string prefix, string suffix) =>
        routes.MapInference(prefix + "/completions", AnswerAsync, endsWithRequest: true)
            .WithName("createCompletion" + suffix)
            .WithSummary("Continue texts, as OpenAI's completions")
            .WithDescription("Answers with the whole texts, or with server-sent events when stream is true, the last of which is [DONE].")
            .MayAnswer(ProblemKind.OfSessions)
            .Accepts<CompletionRequest>("application/json")
            .Produces<CompletionAnswer>()
            .WithMetadata(new RequestExample(Example), new AnswerExample(ExampleAnswer), new StreamsEvents(typeof(CompletionAnswer)));

    object IChoiceForm.Answer(AnswerHead head, IReadOnlyList<AnsweredChoice> choices, TokenUsage usage) => Answer(
        head, [.. choices.Select(choice => Choice(head, choice.Index, choice.Text, choice.Tokens, choice.End))], usage, choices[0].End);

    IEnumerable<object> IChoiceForm.Events(AnswerHead head, int index, Growth growth, bool isFirst, ChoiceEnd? end) =>
        growth.Text.Length == 0 && end is null ? [] : [Answer(head, [Choice(head, index, growth.Text, growth.Tokens, end)], null, end)];

    object IChoiceForm.Event(AnswerHead head, TokenUsage usage) => Answer(head, [], usage, null);

    private async Task<IResult> AnswerAsync(InferenceCall call)
    {
        CompletionRequest request = await call.ReadAsync<CompletionRequest>();
        ServedLanguageModel served = await call.ModelAsync<ServedLanguageModel>(models.Named(request.Model));
        await using GenerationSession? session = await sessions.BeginAsync(request.Session, RequestFacts.Of(call.Context).Owner, served);
        bool echo = request.Echo ?? false, logprobs = request.Logprobs is not null;
        GenerationOptions options = request.Over(
            served.Model, request.MaxTokens ?? CompletionRequest.UsualTokens, request.Logprobs, echo && logprobs, limits, session?.State?.Seed);
        Prompts prompts = request.Prompt ?? new Prompts([new Prompt("")], false);
        int n = (int)(request.N ?? 1);
        return await generation.AnswerAsync(call, served, new ChoicesAsked(Inputs(prompts, options, served, session?.State), n, (int)(request.BestOf ?? n))
        {
            Echo = echo,
            Logprobs = logprobs,
            Stream = request.Stream ?? false,
            IncludeUsage = request.StreamOptions?.IncludeUsage ?? false,
            Session = session,
        }, this);
    }

    private static List<GenerationInput> Inputs(Prompts prompts, GenerationOptions options, ServedLanguageModel served, StreamState? state)
    {
        var inputs = new List<GenerationInput>(prompts.Items.Count);
        int most = served.Model.Vocabulary.Tokens.Count - 1;
        foreach ((int index, Prompt prompt) in prompts.Items.Index())
        {
            string field = prompts.IsList ? $"prompt[{index}]" : "prompt";
            foreach ((int at, int id) in (prompt.Tokens ?? []).Index())
            {
                if (id > most) throw RequestProblem.Of(ProblemKind.Validation, $"{field}[{at}]", $"is {id}; expected a token id of this model, from 0 to {most}");
            }

            inputs.Add(new GenerationInput(prompt.Text, options, field) { Tokens = prompt.Tokens, State = state });
        }

        return inputs;
    }

    private CompletionChoice Choice(AnswerHead head, int index, string text, IReadOnlyList<PlacedToken> tokens, ChoiceEnd? end) =>
        new() { Index = index, Text = text, Logprobs = LogprobsOf(tokens, head.HasAlternatives), FinishReason = end?.Reason };

    private static CompletionLogprobs? LogprobsOf(IReadOnlyList<PlacedToken> tokens, bool hasAlternatives) => tokens.Count == 0 ? null : new()
    {
        Tokens = [.. tokens.Select(token => token.Token.Text)],
        TokenLogprobs = [.. tokens.Select(token => Finite(token.Token.LogProbability))],
        TopLogprobs = hasAlternatives ? [.. tokens.Select(token => Likeliest(token.Token))] : null,
        TextOffset = [.. tokens.Select(token => token.Offset)],
    };

    private static Dictionary<string, float>? Likeliest(GeneratedToken token)
    {
        if (token.Alternatives.Count == 0) return null;
        var likeliest = new Dictionary<string, float>(StringComparer.Ordinal);
        // Tokens of the same text, such as two that stand for none, share a place: the likelier has it.
        foreach (ScoredToken one in token.Alternatives.Append(token.Token))
        {
            if (float.IsFinite(one.LogProbability)) likeliest.TryAdd(one.Text, one.LogProbability);
        }

        return likeliest;
    }

    private static float? Finite(float logProbability) => float.IsFinite(logProbability) ? logProbability : null;

    private static CompletionAnswer Answer(AnswerHead head, IReadOnlyList<CompletionChoice> choices, TokenUsage? usage, ChoiceEnd? end) => new()
    {
        Id = head.Id,
        Created = head.Created,
        Model = head.Model,
        SystemFingerprint = head.Fingerprint,
        Choices = choices,
        Usage = usage,
        Session = end?.Session,
    };
}
