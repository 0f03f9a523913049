using RnnService.AspNetCore.Models;
using RnnService.AspNetCore.Scheduling;
using RnnService.Engine.Generation;
using RnnService.Engine.Text;
using RnnService.Server.Options;
using RnnService.Server.Requests;
using RnnService.Server.Sessions;

namespace RnnService.Server.Endpoints.OpenAi;

/// <summary>What a completion or a chat asks for.</summary>
/// <param name="Prompts">The texts to be continued, each with the seed of its first choice, or with none.</param>
/// <param name="N">How many texts of each are answered.</param>
/// <param name="BestOf">How many of each are generated.</param>
internal sealed record ChoicesAsked(IReadOnlyList<GenerationInput> Prompts, int N, int BestOf)
{
    /// <summary>Whether a text begins with its prompt.</summary>
    public bool Echo { get; init; }

    /// <summary>Whether tokens are reported.</summary>
    public bool Logprobs { get; init; }

    public bool Stream { get; init; }

    /// <summary>Whether a stream ends with the number of tokens.</summary>
    public bool IncludeUsage { get; init; }

    /// <summary>What the only text belongs to; null for no session.</summary>
    public GenerationSession? Session { get; init; }
}

/// <summary>What every answer and every event of a stream begins with.</summary>
internal sealed record AnswerHead(string Id, long Created, string Model, string Fingerprint, bool HasAlternatives);

/// <summary>How a text ends.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Session">Where its session stands, where it has one.</param>
internal sealed record ChoiceEnd(string Reason, SessionAnswer? Session);

/// <summary>An answered text.</summary>
internal sealed record AnsweredChoice(int Index, string Text, IReadOnlyList<PlacedToken> Tokens, ChoiceEnd End);

/// <summary>How completions or chats are written.</summary>
internal interface IChoiceForm
{
    /// <summary>What the ids of answers begin with.</summary>
    string IdPrefix { get; }

    /// <summary>The whole answer.</summary>
    object Answer(AnswerHead head, IReadOnlyList<AnsweredChoice> choices, TokenUsage usage);

    /// <summary>The events of what a text of a stream grew by.</summary>
    /// <param name="head">What each begins with.</param>
    /// <param name="index">The text's place among the choices.</param>
    /// <param name="growth">What it grew by.</param>
    /// <param name="isFirst">Whether nothing of it has been written.</param>
    /// <param name="end">How it ends with this; null when it goes on.</param>
    IEnumerable<object> Events(AnswerHead head, int index, Growth growth, bool isFirst, ChoiceEnd? end);

    /// <summary>The event that tells the number of tokens.</summary>
    object Event(AnswerHead head, TokenUsage usage);
}

/// <summary>Answers completions and chats: several texts, streamed or whole. Thread-safe.</summary>
internal sealed class OpenAiGeneration(GenerationPath path, LimitOptions limits, TimeProvider time)
{
    /// <summary>About the bytes of a token in an answer with log-probabilities.</summary>
    private const int BytesOfToken = 100;

    /// <exception cref="RequestProblem">More texts are asked for than one request may have, or a model can read nothing of one.</exception>
    public async Task<IResult> AnswerAsync(InferenceCall call, ServedLanguageModel served, ChoicesAsked asked, IChoiceForm form)
    {
        Check(asked);
        GenerationInput[] inputs =
        [
            .. from prompt in asked.Prompts
               from choice in Enumerable.Range(0, asked.BestOf)
               select prompt with { Options = prompt.Options with { Seed = unchecked(prompt.Options.Seed + (ulong)choice) } },
        ];
        GenerationOptions options = inputs[0].Options;
        if (!asked.Stream && asked.Logprobs)
        {
            long sent = asked.Echo ? inputs.Sum(input => Math.Max((long)input.Prompt.Length, input.Tokens?.Count ?? 0)) : 0;
            await call.HoldAnswerAsync((inputs.Length * (long)options.MaxNewTokens + sent) * (1 + options.TopNTokens) * BytesOfToken);
        }

        var head = new AnswerHead(
            form.IdPrefix + Guid.NewGuid().ToString("N"), time.GetUtcNow().ToUnixTimeSeconds(), served.Name, "fp_" + served.Loaded.Sha256[..12],
            options.TopNTokens > 0);
        IReadOnlyList<GenerationJob> jobs = path.Start(call, served, inputs, asked.Stream);
        if (asked.Stream) return await StreamAsync(call, served, asked, form, head, inputs, jobs);

        IReadOnlyList<GenerationStream> ended = await path.EndedAsync(call, jobs);
        SessionAnswer? session = asked.Session is null ? null : await asked.Session.SaveAsync(ended[0]);
        AnsweredChoice[] all = [.. ended.Select((stream, index) => Whole(served, asked, inputs[index], stream, session))];
        IEnumerable<AnsweredChoice> best = ended.Zip(all).Chunk(asked.BestOf)
            .SelectMany(choices => choices.OrderByDescending(choice => MeanLogProbability(choice.First)).Take(asked.N).Select(choice => choice.Second));
        return Json.Answer(form.Answer(
            head, [.. (asked.BestOf > asked.N ? best : all).Select((choice, index) => choice with { Index = index })], Usage(ended, asked)));
    }

    private async Task<IResult> StreamAsync(
        InferenceCall call, ServedLanguageModel served, ChoicesAsked asked, IChoiceForm form, AnswerHead head, GenerationInput[] inputs,
        IReadOnlyList<GenerationJob> jobs)
    {
        GrowingText?[] texts = new GrowingText?[jobs.Count];
        return await path.StreamAsync(call, jobs, async (events, frame) =>
        {
            bool isFirst = texts[frame.Job] is null;
            GrowingText text = texts[frame.Job] ??= new GrowingText(inputs[frame.Job].Options.Stop, asked.Logprobs);
            if (isFirst && asked.Echo)
            {
                Write(events, frame.Job, Echo(text, served, asked, inputs[frame.Job], frame.Stream), isFirst, null);
                isFirst = false;
            }

            FinishReason? finished = frame.IsLast ? frame.Stream.Finished : null;
            SessionAnswer? session = frame.IsLast && asked.Session is { } of ? await of.SaveAsync(frame.Stream) : null;
            Write(events, frame.Job, text.Add(frame.Token, finished), isFirst, finished is { } reason ? new ChoiceEnd(ReasonOf(reason), session) : null);
        }, (events, isWhole) =>
        {
            if (!isWhole)
            {
                // Whoever goes on does so after all that was generated.
                foreach ((int index, GrowingText? text) in texts.Index()) Write(events, index, text?.Rest() ?? Growth.None, false, null);
                return;
            }

            if (asked.IncludeUsage) events.Write(form.Event(head, Usage([.. jobs.Select(job => job.Stream)], asked)));
            events.WriteWord("[DONE]"u8);
        }, asked.Session);

        void Write(ServerSentEvents events, int index, Growth growth, bool isFirst, ChoiceEnd? end)
        {
            foreach (object one in form.Events(head, index, growth, isFirst, end)) events.Write(one);
        }
    }

    private void Check(ChoicesAsked asked)
    {
        if (asked.BestOf < asked.N)
            throw RequestProblem.Of(ProblemKind.Validation, "best_of", $"is {asked.BestOf}; expected at least n, which is {asked.N}");
        if (asked.Stream && asked.BestOf > asked.N)
            throw RequestProblem.Of(ProblemKind.Validation, "best_of", $"is {asked.BestOf}; expected n, which is {asked.N}, with stream: what is sent cannot be chosen from");
        int texts = asked.Prompts.Count * asked.BestOf;
        if (texts > limits.MaxChoices)
            throw RequestProblem.Of(ProblemKind.Validation, asked.BestOf > asked.N ? "best_of" : "n",
                $"is {asked.BestOf}, for each of {asked.Prompts.Count} prompts; expected at most {limits.MaxChoices} texts in one request");
        if (asked.Session is not null && texts > 1)
            throw RequestProblem.Of(ProblemKind.Validation, "session", $"stands beside {texts} texts; expected one prompt, n 1 and best_of 1");
        if (asked.Stream && asked.Prompts[0].Options.MaxNewTokens == 0)
            throw RequestProblem.Of(ProblemKind.Validation, "stream", "is true; expected false with max_tokens 0");
    }

    private static AnsweredChoice Whole(ServedLanguageModel served, ChoicesAsked asked, GenerationInput input, GenerationStream stream, SessionAnswer? session)
    {
        var text = new GrowingText(input.Options.Stop, asked.Logprobs);
        List<Growth> grown = [asked.Echo ? Echo(text, served, asked, input, stream) : Growth.None];
        grown.AddRange(stream.Tokens.Select((token, index) => text.Add(token, index == stream.Tokens.Count - 1 ? stream.Finished : null)));
        return new AnsweredChoice(0, string.Concat(grown.Select(one => one.Text)),
            [.. grown.SelectMany(one => one.Tokens)], new ChoiceEnd(ReasonOf(stream.Finished!.Value), session));
    }

    private static Growth Echo(GrowingText text, ServedLanguageModel served, ChoicesAsked asked, GenerationInput input, GenerationStream stream)
    {
        string prompt = input.Tokens is { } ids ? served.Model.Tokenizer.Decode(ids) : input.Prompt;
        if (!asked.Logprobs) return text.Echo(prompt, [], []);
        IReadOnlyList<Token> tokens = served.Model.Read(prompt).Tokens;
        int at = 0;
        // What the vocabulary does not have may be left out: then nothing tells where the others stood.
        IEnumerable<int> offsets = tokens.Count == stream.Prompt.Count ? tokens.Select(token => token.CodePointStart)
            : stream.Prompt.Select(token => (at += CodePoints.Count(token.Text)) - CodePoints.Count(token.Text));
        return text.Echo(prompt, [.. stream.Prompt.Zip(stream.PromptAlternatives, (token, likeliest) => new GeneratedToken(token, likeliest))], [.. offsets]);
    }

    private static double MeanLogProbability(GenerationStream stream) =>
        stream.Tokens.Select(token => (double)token.LogProbability).DefaultIfEmpty(0).Average();

    private static TokenUsage Usage(IReadOnlyList<GenerationStream> streams, ChoicesAsked asked)
    {
        // Each text was sent once, however often it is continued.
        int sent = streams.Where((_, index) => index % asked.BestOf == 0).Sum(stream => stream.PromptTokens);
        int generated = streams.Sum(stream => stream.Tokens.Count);
        return new TokenUsage { PromptTokens = sent, CompletionTokens = generated, TotalTokens = sent + generated };
    }

    private static string ReasonOf(FinishReason reason) => reason == FinishReason.Length ? "length" : "stop";
}
