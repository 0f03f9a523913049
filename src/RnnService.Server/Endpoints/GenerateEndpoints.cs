using RnnService.AspNetCore.Models;
using RnnService.AspNetCore.Scheduling;
using RnnService.Engine.Generation;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;
using RnnService.Server.Options;
using RnnService.Server.Requests;
using RnnService.Server.Sessions;

namespace RnnService.Server.Endpoints;

/// <summary>Continues a text: whole, or token by token.</summary>
internal static class GenerateEndpoints
{
    /// <summary>About the bytes of a token in an answer with details.</summary>
    private const int BytesOfToken = 70;

    /// <summary>A request and its answer, which other addresses give too.</summary>
    public const string Example = """{"inputs": "ROMEO:", "parameters": {"max_new_tokens": 60, "temperature": 0.6, "seed": 7}}""";
    public const string Answer = """{"generated_text": "\nI will thank you, with the present prayers for mine,\nAnd th"}""";
    private const string TranslateExample = """{"inputs": "Où est la gare ?", "model": "translate-fr-en"}""";
    private const string TranslateAnswer = """{"generated_text": "Where's the station?"}""";
    private const string TuneExample = """{"inputs": "X:1\nM:6/8\nL:1/8\nK:G\n", "model": "music", "parameters": {"grammar": {"type": "abc"}, "seed": 7}}""";
    private const string TuneAnswer = """{"generated_text": "d/c/|BGG dBG|Bcd cAG|BdB AGA|BGG G2c/d/|\nedc BAG|FDF G2A|BGG ABc|BGG G2:|\n|:B|\nd2d dBd|d2g gdB|G2B dcB|c2d efg|\nded dcB|cec Bcd|g2a gag|fdd d2:|\n\n"}""";
    private const string StreamExample = """{"inputs": "ROMEO:", "parameters": {"max_new_tokens": 3, "temperature": 0.6, "seed": 7}}""";
    private const string StreamAnswer = """
        data:{"index":1,"token":{"id":12,"text":"\n","logprob":-0.002448082,"special":false},"generated_text":null,"details":null}

        data:{"index":2,"token":{"id":23,"text":"I","logprob":-1.9867,"special":false},"generated_text":null,"details":null}

        data:{"index":3,"token":{"id":2,"text":" ","logprob":-0.47488403,"special":false},"generated_text":"\nI ","details":{"finish_reason":"length","generated_tokens":3,"input_length":6,"seed":7}}


        """;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var tools = routes.ServiceProvider.GetRequiredService<GenerateTools>();
        routes.MapInference("/generate", call => AnswerAsync(call, tools, false), endsWithRequest: true)
            .WithName("generate")
            .WithSummary("Continue a text")
            .WithDescription("Answers with the whole text, or with a stream of tokens when stream is true.")
            .WithTags("Text")
            .MayAnswer(ProblemKind.OfSessions)
            .Accepts<GenerateRequest>("application/json")
            .Produces<GenerateAnswer>()
            .WithMetadata(new RequestExample(Example, "continued"), new AnswerExample(Answer, Name: "continued"))
            .WithMetadata(new RequestExample(TranslateExample, "translated"), new AnswerExample(TranslateAnswer, Name: "translated"))
            .WithMetadata(new RequestExample(TuneExample, "tune"), new AnswerExample(TuneAnswer, Name: "tune"))
            .WithMetadata(new StreamsEvents(typeof(StreamEvent)));
        routes.MapInference("/generate_stream", call => AnswerAsync(call, tools, true), endsWithRequest: true)
            .WithName("generateStream")
            .WithSummary("Continue a text, token by token")
            .WithDescription("One server-sent event a token, the last with generated_text and details. Comments keep the connection open.")
            .WithTags("Text")
            .MayAnswer(ProblemKind.OfSessions)
            .Accepts<GenerateRequest>("application/json")
            .Produces<string>(StatusCodes.Status200OK, ServerSentEvents.ContentType)
            .WithMetadata(new StreamsEvents(typeof(StreamEvent)))
            .WithMetadata(new RequestExample(StreamExample), new AnswerExample(StreamAnswer, IsJson: false));
    }

    /// <param name="call">The request.</param>
    /// <param name="tools">What it is answered with.</param>
    /// <param name="stream">Whether the answer is a stream though the request does not say so.</param>
    /// <param name="asList">Whether an answer that is no stream stands in a list, as Hugging Face's services have it.</param>
    public static async Task<IResult> AnswerAsync(InferenceCall call, GenerateTools tools, bool stream, bool asList = false)
    {
        GenerateRequest request = await call.ReadAsync<GenerateRequest>();
        ServedGenerator served = await call.GeneratorAsync(request.Model);
        await using GenerationSession? session = served is ServedLanguageModel language
            ? await tools.Sessions.BeginAsync(request.Session, RequestFacts.Of(call.Context).Owner, language) : NoSession(request);
        if (request.Inputs.Length == 0 && session?.State is null) throw RequestProblem.Of(ProblemKind.Validation, "inputs", "is empty; expected a text");
        stream |= request.Stream ?? false;
        GenerationOptions options = GenerateParameters.Over(served.Model, request.Parameters, tools.Limits, session?.State?.Seed, stream);
        InspectionOptions? asked = await AskedAsync(call, request, options, served, tools.Rules, session);
        bool details = (request.Parameters?.Details ?? false) || asked is not null || (options.Best > 1 && !asList);

        if (details && (!stream || served is ServedTranslator))
        {
            long tokens = options.MaxNewTokens * (long)options.Best * (1L + options.TopNTokens) + (options.ScorePrompt ? request.Inputs.Length : 0);
            long weights = served is ServedTranslator ? Math.Min(options.MaxNewTokens, 2L * request.Inputs.Length + 20) * options.Best * request.Inputs.Length : 0;
            await call.HoldAnswerAsync(tokens * BytesOfToken + weights * InspectEndpoints.BytesOfNumber);
        }

        GenerationInput input = new(request.Inputs, options) { State = session?.State, Check = asked is null ? null : text => ThrowIfTooLong(text, options, tools.Limits) };
        GenerationJob job = tools.Path.Start(call, served, input, stream);
        string before = request.Parameters?.ReturnFullText ?? false ? request.Inputs : "";
        if (stream)
        {
            int index = 0;
            return await tools.Path.StreamAsync(call, [job], async (events, frame) => events.Write(new StreamEvent
            {
                Index = ++index,
                Token = TokenMessage.Of(frame.Token.Token),
                TopTokens = frame.Token.Alternatives.Count == 0 ? null : TokenMessage.Of(frame.Token.Alternatives),
                GeneratedText = frame.IsLast ? before + frame.Stream.Text : null,
                Details = frame.IsLast ? StreamDetails.Of(frame.Stream, await ActivationsAsync(call, served, request.Inputs, frame.Stream, asked), details) : null,
                Session = frame.IsLast && session is not null ? await session.SaveAsync(frame.Stream) : null,
            }), session: session);
        }

        GenerationStream generation = await call.Deadline.WaitAsync(job.Ended);
        var answer = new GenerateAnswer
        {
            GeneratedText = before + generation.Text,
            Details = details ? GenerateDetails.Of(generation, await ActivationsAsync(call, served, request.Inputs, generation, asked)) : null,
            Session = session is null ? null : await session.SaveAsync(generation),
        };
        if (!asList) return Json.Answer(answer);
        return served is ServedLanguageModel ? Json.Answer<GenerateAnswer[]>([answer]) : Json.Answer<GenerateAnswer[]>(
            [.. generation.Hypotheses.Select((text, place) => new GenerateAnswer
            {
                GeneratedText = text.Text,
                TranslationText = text.Text,
                SummaryText = text.Text,
                Details = place == 0 ? answer.Details : null,
            })]);
    }

    /// <summary>Nothing; refuses what a translator has no use for.</summary>
    private static GenerationSession? NoSession(GenerateRequest request)
    {
        if (request.Session is not null)
            throw RequestProblem.Of(ProblemKind.Validation, "session", "is given; expected none with a translator, whose texts are not gone on with");
        if (request.Parameters?.ReturnFullText == true)
            throw RequestProblem.Of(ProblemKind.Validation, "parameters.return_full_text", "is true; expected false with a translator, whose texts do not go on from inputs");
        return null;
    }

    /// <summary>What to look at, once the text has ended; null for nothing.</summary>
    private static async ValueTask<InspectionOptions?> AskedAsync(
        InferenceCall call, GenerateRequest request, GenerationOptions generation, ServedGenerator served, InspectionRules rules,
        GenerationSession? session)
    {
        const string field = "parameters.activations";
        if (request.Parameters?.Activations is not { } activations) return null;
        if (session?.State is not null)
            throw RequestProblem.Of(ProblemKind.Validation, field, "is asked for a text that goes on; expected a text from its beginning, or no activations");
        rules.Of(served.Inspector, served, field, "an object");
        InspectionOptions options = rules.Options(activations, served.Model, field);
        int units = Math.Min(options.Units, served.Model.Config.HiddenSize);
        long steps = Math.Min(rules.Limits.MaxActivationSteps, request.Inputs.Length + (long)generation.MaxNewTokens);
        await call.HoldAnswerAsync(steps * (InspectEndpoints.BytesOfToken + units * InspectEndpoints.BytesOfNumber));
        return options;
    }

    private static async ValueTask<StepActivations?> ActivationsAsync(
        InferenceCall call, ServedGenerator served, string prompt, GenerationStream generation, InspectionOptions? asked)
    {
        if (asked is null) return null;
        // What the model does not know of the prompt stands as it was written.
        TokenizedText text = served.Model.Tokenizer.Read(generation.TokenIds);
        IReadOnlyList<Token> sent = served.Model.Read(prompt).Tokens;
        text = text with { Tokens = [.. sent, .. text.Tokens.Skip(sent.Count)] };
        TextAnswers<Inspection> found = await call.ComputeAsync(served.Inspector!, () => [new InspectionInput(text, asked)]);
        if (found.Failures.TryGetValue(0, out NetworkException? failure)) throw failure;
        return new StepActivations
        {
            Layer = asked.Layer,
            Direction = InspectionRules.Forward,
            Of = SnakeCase.Of(asked.Kind),
            FirstUnit = asked.FirstUnit,
            Steps = [.. text.Tokens.Zip(InspectEndpoints.Finite(found.Outputs[0].Activations), (token, values) =>
                new ActivationStep { Text = token.Text, Values = values })],
        };
    }

    private static void ThrowIfTooLong(GenerationStream stream, GenerationOptions options, LimitOptions limits)
    {
        if (stream.PromptTokens + options.MaxNewTokens <= limits.MaxActivationSteps) return;
        throw RequestProblem.Of(ProblemKind.Validation, "parameters.activations",
            $"asks for {stream.PromptTokens} tokens of inputs and {options.MaxNewTokens} new ones; expected at most "
            + $"{limits.MaxActivationSteps} together: a smaller max_new_tokens or shorter inputs");
    }
}

/// <summary>What the generating routes work with.</summary>
internal sealed record GenerateTools(GenerationPath Path, GenerationSessions Sessions, LimitOptions Limits, InspectionRules Rules);
