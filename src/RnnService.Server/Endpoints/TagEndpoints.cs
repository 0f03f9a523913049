using System.Text.Json.Serialization;
using RnnService.AspNetCore.Models;
using RnnService.AspNetCore.Scheduling;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;
using RnnService.Server.Options;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints;

/// <summary>Texts to be tagged: either inputs or tokens.</summary>
internal sealed record TagRequest
{
    /// <summary>A text or a list of texts.</summary>
    [Count(1, nameof(LimitOptions.MaxListLength)), Length(0, nameof(LimitOptions.MaxTextLength)), OrNumbers]
    public Texts? Inputs { get; init; }

    /// <summary>Sentences that are split into words already. Offsets in the answer count the words joined by single spaces, of a model over characters the characters one after the other.</summary>
    [Count(1, nameof(LimitOptions.MaxListLength)), Length(1, nameof(LimitOptions.MaxTextLength))]
    public IReadOnlyList<IReadOnlyList<string>>? Tokens { get; init; }

    /// <summary>Name of a tagger; the default one when left out.</summary>
    public string? Model { get; init; }

    /// <summary>How to answer.</summary>
    public TagParameters? Parameters { get; init; }

    /// <summary>Hugging Face's hub options, which change nothing here.</summary>
    public HubOptions? Options { get; init; }
}

/// <summary>How tagged texts are answered.</summary>
internal record TagParameters
{
    public const string Simple = "simple";
    public const string None = "none";

    /// <summary>
    /// simple joins words into the spans that labels mark (BIO, IO, BIOES, BMES, BILOU) and leaves out O; none answers with every word.
    /// first, average and max are simple, as a token is a word here. Left out: simple for inputs, none for tokens.
    /// </summary>
    [OneOf($"\"{Simple}\"", $"\"{None}\"", "\"first\"", "\"average\"", "\"max\"")]
    public string? AggregationStrategy { get; init; }

    /// <summary>Labels to leave out: of spans without their mark with simple, as they are with none. Left out: only O, with simple.</summary>
    [Count(0, nameof(LimitOptions.MaxListLength)), Length(1, nameof(LimitOptions.MaxTextLength))]
    public IReadOnlyList<string>? IgnoreLabels { get; init; }

    /// <summary>
    /// How many other labels to report with each piece, the likeliest first. Of a span each stands without its mark, with what its marks have
    /// together, the mean over the words; none when left out.
    /// </summary>
    [Value(0, nameof(LimitOptions.MaxAlternatives))]
    public long? Alternatives { get; init; }

    /// <summary>Taken and passed over: a text of any length is read as a whole.</summary>
    [Value(0, int.MaxValue, Unset = true)]
    public long? Stride { get; init; }
}

/// <summary>A labelled piece of a text.</summary>
internal sealed record TaggedText
{
    /// <summary>The label without its mark (B-, I-, …); with strategy simple.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? EntityGroup { get; init; }

    /// <summary>The label; with strategy none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Entity { get; init; }

    /// <summary>Its probability; for a span the mean of its words'.</summary>
    public required float Score { get; init; }

    /// <summary>Position of the word, from 1; with strategy none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Index { get; init; }

    /// <summary>The piece as it stands in the text.</summary>
    public required string Word { get; init; }

    /// <summary>Offset of its first character in Unicode code points.</summary>
    public required int Start { get; init; }

    /// <summary>Offset past its last character in Unicode code points.</summary>
    public required int End { get; init; }

    /// <summary>Other labels it could have, the likeliest first; only when alternatives asks for them.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<LabelScore>? Alternatives { get; init; }

    public static TaggedText OfSpan(TaggedSpan span) => Of(span) with { EntityGroup = span.Label };

    public static TaggedText OfWord(TaggedSpan word, int index) => Of(word) with { Entity = word.Label, Index = index + 1 };

    private static TaggedText Of(TaggedSpan span) =>
        new() { Score = span.Score, Word = span.Text, Start = span.CodePointStart, End = span.CodePointEnd };
}

/// <summary>Gives words labels.</summary>
internal static class TagEndpoints
{
    /// <summary>About the bytes of a word in the answer, and of a character of one.</summary>
    private const int BytesOfWord = 170, BytesOfCharacter = 40;

    /// <summary>The bytes of a label of a word while alternatives are looked for.</summary>
    private const int BytesOfTag = 8;

    private const string Example = """{"inputs": "Marie Curie worked in Paris."}""";

    private const string Answer = """
        [{"entity_group": "PROPN", "score": 0.9999546, "word": "Marie", "start": 0, "end": 5},
         {"entity_group": "PROPN", "score": 0.99724483, "word": "Curie", "start": 6, "end": 11},
         {"entity_group": "VERB", "score": 0.99852955, "word": "worked", "start": 12, "end": 18},
         {"entity_group": "ADP", "score": 0.9997676, "word": "in", "start": 19, "end": 21},
         {"entity_group": "PROPN", "score": 0.9999553, "word": "Paris", "start": 22, "end": 27},
         {"entity_group": "PUNCT", "score": 0.99998534, "word": ".", "start": 27, "end": 28}]
        """;

    public static void Map(IEndpointRouteBuilder routes)
    {
        LimitOptions limits = routes.ServiceProvider.GetRequiredService<LimitOptions>();
        routes.MapInference("/tag", call => AnswerAsync(call, limits))
            .WithName("tag")
            .WithSummary("Tag words")
            .WithDescription(
                "A text is answered with a list, a list of texts or of split sentences with a list of lists. For a model that reads numbers inputs is "
                + "{\"values\": [[…], …]}, a list of numbers for each step, or a list of those; steps in a row with one label are answered with label, score, start and end. A text of a list that the model "
                + "cannot compute has an object with error, error_type and status in its place; when there is no other text, it is 422.")
            .WithTags("Text")
            .Accepts<TagRequest>("application/json")
            .Produces<List<TaggedText>>()
            .WithMetadata(new RequestExample(Example, "words"), new AnswerExample(Answer, Name: "words"))
            .WithMetadata(new RequestExample(NumberExample.Tag, "numbers"), new AnswerExample(NumberExample.Tagged, Name: "numbers"))
            .WithMetadata(new AnswersTexts(typeof(List<TaggedText>), OrOne: true, typeof(List<TaggedSteps>)));
    }

    public static async Task<IResult> AnswerAsync(InferenceCall call, LimitOptions limits)
    {
        (TagRequest? request, TagNumbersRequest? numbers) = await call.ReadEitherAsync<TagRequest, TagNumbersRequest>(NumberLists.AreIn);
        if (numbers is not null) return await AnswerAsync(call, new NumberQuestion<TagNumbersRequest>(numbers, null, numbers.Model), limits);
        return await AnswerAsync(call, request!, limits);
    }

    private static async Task<IResult> AnswerAsync(InferenceCall call, NumberQuestion<TagNumbersRequest> question, LimitOptions limits)
    {
        var served = await call.ModelAsync<ServedNumberTagger>(question.Name);
        bool joins = question.Json?.Parameters?.AggregationStrategy != TagParameters.None;
        TextAnswers<float[]> outputs = await question.ComputeAsync(call, served, limits, (_, steps) => steps * NumberAnswers.BytesOfStep);
        return question.Answer(outputs, (found, _) => NumberAnswers.Tags(served.Model, found, 0, joins));
    }

    private static async Task<IResult> AnswerAsync(InferenceCall call, TagRequest request, LimitOptions limits)
    {
        if (request.Inputs is null == request.Tokens is null)
        {
            throw RequestProblem.Of(ProblemKind.Validation, "inputs",
                request.Inputs is null ? "is required, or else tokens" : "and tokens exclude each other");
        }

        object[] answers = await AnswersAsync(call, await call.ModelAsync<ServedTagger>(request.Model), request, limits);
        return request.Inputs is { IsList: false } ? Json.Answer(answers[0]) : Json.Answer(answers);
    }

    /// <summary>The answer to each text: its labelled pieces or a <see cref="FailedText"/>.</summary>
    public static async Task<object[]> AnswersAsync(InferenceCall call, ServedTagger served, TagRequest request, LimitOptions limits)
    {
        Tagger model = served.Model;
        string field = request.Inputs is null ? "tokens" : "inputs";
        int alternatives = Math.Min((int)(request.Parameters?.Alternatives ?? 0), model.Labels.Count - 1);
        List<Sentence> sentences = [];
        long characters = request.Inputs?.Items.Sum(text => (long)text.Length) ?? request.Tokens!.Sum(words => words.Sum(word => word.Length + 1L));
        long others = alternatives == 0 ? 0 : alternatives * ClassifyEndpoints.BytesOfLabel + model.Labels.Count * BytesOfTag;
        await call.HoldAnswerAsync(Math.Min(characters * (BytesOfCharacter + others / 4), limits.MaxRequestTokens * (BytesOfWord + others)));
        TextAnswers<TagScore[]> tags = await call.ComputeAsync(served.Batcher, () =>
        {
            var most = new TokenLimit(limits.MaxRequestTokens, field);
            IEnumerable<Sentence> asked = request.Inputs is { } texts
                ? texts.Items.Select(text => new Sentence(text, model.Split(text)))
                : request.Tokens!.Select((words, index) => Joined(words, index, model, limits));
            List<TaggerInput> read = [];
            foreach (Sentence sentence in asked)
            {
                TaggerInput input = model.Encode(sentence.Words.Select(word => word.Text), withAlternatives: alternatives > 0);
                most.Add(input.Tokens);
                sentences.Add(sentence);
                read.Add(input);
            }

            TextWarnings.Write(
                call.Context.Response, field, request.Inputs is not { IsList: false },
                [.. sentences.Zip(read, (sentence, words) => model.Warning(sentence.Text, words))]);
            return read;
        });

        bool words = (request.Parameters?.AggregationStrategy ?? (request.Inputs is null ? TagParameters.None : TagParameters.Simple))
            == TagParameters.None;
        HashSet<string> ignored = [.. request.Parameters?.IgnoreLabels ?? []];
        return ListAnswer.Of(tags, field, (found, index) =>
        {
            Sentence sentence = sentences[index];
            List<TaggedText> pieces = words
                ? [.. model.WordsOf(sentence.Words, found).Select((word, at) => TaggedText.OfWord(word, at))]
                : [.. model.SpansOf(sentence.Text, sentence.Words, found).Select(TaggedText.OfSpan)];
            if (alternatives > 0)
            {
                var likeliest = words ? model.WordAlternatives(found, alternatives) : model.SpanAlternatives(found, alternatives);
                for (int i = 0; i < pieces.Count; i++)
                    pieces[i] = pieces[i] with { Alternatives = [.. likeliest[i].Select(label => new LabelScore { Label = label.Label, Score = label.Score })] };
            }

            if (ignored.Count > 0) pieces.RemoveAll(piece => ignored.Contains(piece.EntityGroup ?? piece.Entity!));
            return pieces;
        });
    }

    /// <summary>A split sentence as a text: words joined by spaces, the characters of a model over characters by nothing.</summary>
    private static Sentence Joined(IReadOnlyList<string> words, int index, Tagger model, LimitOptions limits)
    {
        bool characters = model.Tokenizer.Kind == Tokenization.Characters;
        int between = characters ? 0 : 1;
        var tokens = new List<Token>(words.Count);
        int start = 0, at = 0;
        foreach (string word in words)
        {
            int end = start + CodePoints.Count(word);
            if (characters && end > start + 1 && !model.Vocabulary.Tokens.Contains(word))
                throw RequestProblem.Of(ProblemKind.Validation, $"tokens[{index}][{tokens.Count}]",
                    $"has {end - start} characters; this model reads one a token: send the text as inputs, or its characters");
            tokens.Add(new Token(word, at, start, end));
            (start, at) = (end + between, at + word.Length + between);
        }

        int length = Math.Max(0, start - between);
        if (length > limits.MaxTextLength)
            throw RequestProblem.Of(ProblemKind.Validation, $"tokens[{index}]",
                $"has {length} characters; at most {limits.MaxTextLength} are allowed");
        return new Sentence(string.Join(characters ? "" : " ", words), tokens);
    }

    private readonly record struct Sentence(string Text, IReadOnlyList<Token> Words);
}
