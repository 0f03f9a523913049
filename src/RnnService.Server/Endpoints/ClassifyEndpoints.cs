using System.Text.Json.Serialization;
using RnnService.AspNetCore.Models;
using RnnService.AspNetCore.Scheduling;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;
using RnnService.Server.Options;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints;

/// <summary>Texts to be classified.</summary>
internal sealed record ClassifyRequest
{
    /// <summary>A text or a list of texts.</summary>
    [Count(1, nameof(LimitOptions.MaxListLength)), Length(0, nameof(LimitOptions.MaxTextLength)), OrNumbers]
    public required Texts Inputs { get; init; }

    /// <summary>Name of a classifier; the default one when left out.</summary>
    public string? Model { get; init; }

    /// <summary>How to answer.</summary>
    public ClassifyParameters? Parameters { get; init; }

    /// <summary>Hugging Face's hub options, which change nothing here.</summary>
    public HubOptions? Options { get; init; }
}

/// <summary>How classified texts are answered.</summary>
internal sealed record ClassifyParameters
{
    public const string Softmax = "softmax";
    public const string Sigmoid = "sigmoid";
    public const string None = "none";

    /// <summary>How many labels to answer with; all when left out or -1.</summary>
    [Value(1, 1_000_000, Unset = true)]
    public long? TopK { get; init; }

    /// <summary>
    /// Only labels with at least this score are answered, and an empty list says that none of the labels fits. Left out: as the model's folder says, of a
    /// model that gives a text several labels for each label by itself, or all labels.
    /// </summary>
    [Value(0, 1)]
    public double? Threshold { get; init; }

    /// <summary>
    /// What the scores are: softmax gives probabilities that sum to 1, sigmoid a probability of each label by itself, none the network's own
    /// numbers. Left out: softmax, or sigmoid of a model that gives a text several labels.
    /// </summary>
    [OneOf($"\"{Softmax}\"", $"\"{Sigmoid}\"", $"\"{None}\"")]
    public string? FunctionToApply { get; init; }

    /// <summary>
    /// Whether to tell why: what the text said token by token, and each token's share in it. Each text is answered with an object then.
    /// </summary>
    public bool? Explain { get; init; }

    /// <summary>Taken either way: all labels are answered unless top_k says otherwise.</summary>
    public bool? ReturnAllScores { get; init; }
}

/// <summary>A label and its score.</summary>
internal sealed record LabelScore
{
    /// <summary>The label.</summary>
    public required string Label { get; init; }

    /// <summary>
    /// Its probability, or what function_to_apply asks for. The probabilities of a model that gives a text several labels do not sum to 1.
    /// </summary>
    public required float Score { get; init; }

    /// <summary>With a text's best label, why the answer says little or nothing about the text, such as one of unknown words; else left out.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Warning { get; init; }

    /// <summary>With a text's best label, 0 where the model knows no token of the text; else left out.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? KnownTokens { get; init; }
}

/// <summary>Gives texts labels.</summary>
internal static class ClassifyEndpoints
{
    /// <summary>About the bytes of a label and of an explained token in the answer.</summary>
    public const int BytesOfLabel = 60, BytesOfToken = 90;

    private const string Example = """{"inputs": ["a lovely film", "two hours I will never get back"]}""";

    private const string Answer = """
        [[{"label": "positive", "score": 0.99623954}, {"label": "negative", "score": 0.003760491}],
         [{"label": "negative", "score": 0.8373962}, {"label": "positive", "score": 0.16260378}]]
        """;

    private const string ExplainExample = """{"inputs": "a lovely film", "parameters": {"explain": true}}""";

    private const string ExplainAnswer = """
        [{"labels": [{"label": "positive", "score": 0.99623954}, {"label": "negative", "score": 0.003760491}],
          "explanation": {"label": "positive", "method": "integrated_gradients", "baseline": 0.088416174, "value": 5.579438,
            "completeness_gap": 0.010627467, "steps": 13,
            "tokens": [
              {"text": "a", "start": 0, "end": 1, "known": true, "scores": [0.7069961, 0.29300392], "contribution": 0.878268},
              {"text": "lovely", "start": 2, "end": 8, "known": true, "scores": [0.9931631, 0.006836943], "contribution": 3.531689},
              {"text": "film", "start": 9, "end": 13, "known": true, "scores": [0.99623954, 0.003760491], "contribution": 1.0916923}]}}]
        """;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var rules = routes.ServiceProvider.GetRequiredService<InspectionRules>();
        routes.MapInference("/classify", call => AnswerAsync(call, rules))
            .WithName("classify")
            .WithSummary("Classify texts")
            .WithDescription(
                "Answers with a list for each text, the best label first; for a single text with a list of one list. Labels below the threshold are left out: an "
                + "empty list says that none fits. A model that gives a text several labels answers those that reach their own thresholds, each with a probability "
                + "by itself. With explain it is an "
                + "object for each text. For a model that reads numbers inputs is {\"values\": [[…], …]}, a list of numbers for each step, or a list of those; or the body is a "
                + "WAV file as audio/wav, with ?model=. A text of a list that the model cannot compute has an object with error, error_type and status in its "
                + "place; when there is no other text, it is 422.")
            .WithTags("Text")
            .Accepts<ClassifyRequest>("application/json", NumberQuestion.SoundTypes)
            .Produces<List<List<LabelScore>>>()
            .WithMetadata(new RequestExample(Example, "labels"), new AnswerExample(Answer, Name: "labels"))
            .WithMetadata(new RequestExample(NumberExample.Classify, "numbers"), new AnswerExample(NumberExample.Classified, Name: "numbers"))
            .WithMetadata(new RequestExample(ExplainExample, "explained"), new AnswerExample(ExplainAnswer, Name: "explained"))
            .WithMetadata(new AnswersTexts(typeof(List<LabelScore>), OrOne: false, typeof(ExplainedText)));
    }

    public static async Task<IResult> AnswerAsync(InferenceCall call, InspectionRules rules)
    {
        if (NumberQuestion.IsSound(call.Context.Request))
            return await AnswerAsync(call, await NumberQuestion.ReadSoundAsync<ClassifyNumbersRequest>(call, rules.Limits), rules.Limits);
        (ClassifyRequest? texts, ClassifyNumbersRequest? numbers) = await call.ReadEitherAsync<ClassifyRequest, ClassifyNumbersRequest>(NumberLists.AreIn);
        return numbers is not null
            ? await AnswerAsync(call, new NumberQuestion<ClassifyNumbersRequest>(numbers, null, numbers.Model), rules.Limits)
            : Json.Answer(await AnswersAsync(call, await call.ModelAsync<ServedClassifier>(texts!.Model), texts, rules));
    }

    /// <summary>Answers numbers or a sound, always with a list of lists.</summary>
    private static async Task<IResult> AnswerAsync(InferenceCall call, NumberQuestion<ClassifyNumbersRequest> question, LimitOptions limits)
    {
        ClassifyParameters? parameters = question.Json?.Parameters;
        if (parameters?.Explain ?? false) throw RequestProblem.Of(ProblemKind.Validation, "parameters.explain", "is true; expected false or none, since tokens of texts alone are explained");
        var served = (ServedNumbers)await call.EitherAsync<ServedNumberClassifier, ServedTranscriber>(question.Name);
        var form = new LabelForm(served.NumberModel.Config, parameters);
        TextAnswers<float[]> logits = await question.ComputeAsync(call, served, limits, (count, _) => count * form.Most * BytesOfLabel);
        // Which one symbol a transcriber hears: the logarithms of its strings' probabilities are what a classifier's logits are.
        return Json.Answer(ListAnswer.Of(logits, "inputs", (one, _) => form.Ranked(served is ServedTranscriber heard ? heard.Model.OneSymbolLogits(one) : one, default)));
    }

    /// <summary>The answer to each text: labels, an <see cref="ExplainedText"/> or a <see cref="FailedText"/>.</summary>
    public static async Task<object[]> AnswersAsync(InferenceCall call, ServedClassifier served, ClassifyRequest request, InspectionRules rules)
    {
        Classifier model = served.Model;
        IReadOnlyList<string> texts = request.Inputs.Items;
        var form = new LabelForm(model.Config, request.Parameters);
        var notes = new TextNote[texts.Count];
        object[] answers;
        if (request.Parameters?.Explain ?? false)
        {
            var read = new TokenizedText[texts.Count];
            TextBatcher<int[], Explanation> explainer = rules.Of(served.Explainer, served, "parameters.explain", "true");
            long tokens = Math.Min(texts.Sum(text => text.Length + 1L), rules.Limits.MaxExplainTokens);
            await call.HoldAnswerAsync(texts.Count * form.Most * BytesOfLabel + tokens * (BytesOfToken + form.Most * InspectEndpoints.BytesOfNumber));
            TextAnswers<Explanation> found = await call.ComputeAsync(
                explainer, () => Encode(index => (read[index] = model.Read(texts[index])).Ids, rules.Limits.MaxExplainTokens));
            answers = ListAnswer.Of(found, "inputs", (one, index) => form.Explained(one, read[index], model.Vocabulary.Tokens.UnknownId, notes[index]));
        }
        else
        {
            await call.HoldAnswerAsync((long)texts.Count * form.Most * BytesOfLabel);
            TextAnswers<float[]> logits = await call.ComputeAsync(served.Batcher, () => Encode(index => model.Encode(texts[index]), int.MaxValue));
            answers = ListAnswer.Of(logits, "inputs", (one, index) => form.Ranked(one, notes[index]));
        }

        return answers;

        int[][] Encode(Func<int, int[]> encode, int longest)
        {
            var most = new TokenLimit(Math.Min(longest, rules.Limits.MaxRequestTokens), "inputs");
            int[][] ids = new int[texts.Count][];
            for (int i = 0; i < ids.Length; i++)
            {
                ids[i] = encode(i);
                if (ids[i].Length > longest)
                    throw RequestProblem.Of(ProblemKind.Validation, request.Inputs.IsList ? $"inputs[{i}]" : "inputs",
                        $"has {ids[i].Length} tokens; at most {longest} can be explained: send it in parts, or leave explain out");
                most.Add(ids[i].Length);
                notes[i] = new TextNote(model.Warning(texts[i], ids[i]), model.IsUnknown(ids[i]));
            }

            TextWarnings.Write(call.Context.Response, "inputs", request.Inputs.IsList, [.. notes.Select(note => note.Warning)]);
            return ids;
        }
    }
}
