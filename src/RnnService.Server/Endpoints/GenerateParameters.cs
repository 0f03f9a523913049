using RnnService.Engine.Generation;
using RnnService.Engine.Models;
using RnnService.Server.Options;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints;

/// <summary>How a text is continued.</summary>
internal record GenerateParameters
{
    /// <summary>Most beams: each takes a row of the batch.</summary>
    private const int MostBeams = 16;

    /// <summary>Most tokens to add. None, or -1: as many as the model's folder says.</summary>
    [Value(1, nameof(LimitOptions.MaxNewTokens), Unset = true)]
    public long? MaxNewTokens { get; init; }

    /// <summary>Below 1 the likely tokens become likelier, above 1 the unlikely ones. 0 always takes the likeliest token.</summary>
    [Value(0, 100)]
    public double? Temperature { get; init; }

    /// <summary>Draw from the k likeliest tokens only; 0, or -1, means all.</summary>
    [Value(0, 1_000_000, Unset = true)]
    public long? TopK { get; init; }

    /// <summary>Draw from the likeliest tokens that together have this probability; 1 means all.</summary>
    [Value(0, 1, Above = true)]
    public double? TopP { get; init; }

    /// <summary>
    /// Draw from the tokens whose information is nearest to the expected one and that together have this probability (locally typical sampling); 1 means
    /// all.
    /// </summary>
    [Value(0, 1, Above = true)]
    public double? TypicalP { get; init; }

    /// <summary>Above 1, tokens that occurred become less likely; 1 means off.</summary>
    [Value(.01, 100)]
    public double? RepetitionPenalty { get; init; }

    /// <summary>Above 0, tokens become less likely each time that they are added; 0 means off.</summary>
    [Value(-2, 2)]
    public double? FrequencyPenalty { get; init; }

    /// <summary>Above 0, tokens that were added once become less likely; 0 means off.</summary>
    [Value(-2, 2)]
    public double? PresencePenalty { get; init; }

    /// <summary>What is added to the logits of tokens, by their ids in vocab.json: -100 rules a token out, 100 leaves hardly another.</summary>
    [Value(-100, 100)]
    public IReadOnlyDictionary<string, double>? LogitBias { get; init; }

    /// <summary>The same seed gives the same text. None, or -1: one is drawn and reported in details.</summary>
    [Value(0, ulong.MaxValue, Unset = true)]
    public ulong? Seed { get; init; }

    /// <summary>The text ends once it ends with one of these, or with the only one; it keeps it.</summary>
    [Count(0, nameof(LimitOptions.MaxStopStrings)), Length(1, nameof(LimitOptions.MaxStopLength))]
    public IReadOnlyList<string>? Stop { get; init; }

    /// <summary>False always takes the likeliest token.</summary>
    public bool? DoSample { get; init; }

    /// <summary>Whether generated_text begins with the text that was sent.</summary>
    public bool? ReturnFullText { get; init; }

    /// <summary>Whether to answer with details.</summary>
    public bool? Details { get; init; }

    /// <summary>Whether details hold the log-probability of each token of the text that was sent.</summary>
    public bool? DecoderInputDetails { get; init; }

    /// <summary>How many of the likeliest tokens to report with each token.</summary>
    [Value(0, nameof(LimitOptions.MaxTopNTokens))]
    public long? TopNTokens { get; init; }

    /// <summary>
    /// What of a layer to report, once the text has ended, for each token read: those of the text that was sent and then those added. Details are
    /// answered then.
    /// </summary>
    public ActivationParameters? Activations { get; init; }

    /// <summary>Not supported; accepted when 1.</summary>
    [OneOf("1", Extra = true)]
    public long? BestOf { get; init; }

    /// <summary>Taken and passed over: a text of any length is read as a whole.</summary>
    [Value(0, int.MaxValue, Unset = true)]
    public long? Truncate { get; init; }

    /// <summary>
    /// How many unfinished texts a translator follows at a time (beam search); 1 takes the likeliest token after the other, or draws where do_sample says
    /// so. More cannot be streamed.
    /// </summary>
    [Value(1, MostBeams)]
    public long? NumBeams { get; init; }

    /// <summary>How many texts of a beam search to answer with, in details.best_of_sequences; where the answer is a list, in that.</summary>
    [Value(1, MostBeams)]
    public long? NumReturnSequences { get; init; }

    /// <summary>The texts of a beam search are compared by their log-probability over their length to this power; 1, the mean, is usual.</summary>
    [Value(-10, 10)]
    public double? LengthPenalty { get; init; }

    /// <summary>Above 0, texts of a beam search that leave tokens of the source out are compared as less likely; 0 means off.</summary>
    [Value(0, 100)]
    public double? CoveragePenalty { get; init; }

    /// <summary>Not supported, as the header X-Request-Deadline-Ms does it; accepted when null.</summary>
    [OneOf(Extra = true)]
    public double? MaxTime { get; init; }

    /// <summary>Not supported; accepted when false.</summary>
    [OneOf("false", Extra = true)]
    public bool? Watermark { get; init; }

    /// <summary>Not supported; accepted when null.</summary>
    [OneOf(Extra = true)]
    public string? AdapterId { get; init; }

    /// <summary>What the new text may be; none when left out. max_new_tokens may cut it. Not with beams.</summary>
    public GrammarParameters? Grammar { get; init; }

    /// <summary>What the engine is asked for: what the request says, otherwise what the model's folder says.</summary>
    /// <param name="model">The model.</param>
    /// <param name="asked">The request's.</param>
    /// <param name="limits">What a request may ask for.</param>
    /// <param name="before">The seed of the text that is gone on with: its draws go on too, unless the request has another.</param>
    /// <param name="streams">Whether the tokens are sent as they come.</param>
    /// <exception cref="RequestProblem">A bias is for a token that the model does not have, the grammar is none, or beams for a model or an answer that has none.</exception>
    public static GenerationOptions Over(GenerativeModel model, GenerateParameters? asked, LimitOptions limits, ulong? before = null, bool streams = false)
    {
        // Colder than this is the likeliest token for all purposes, and dividing by it would leave the range of a float.
        const double coldest = .001;
        const float leastProbability = 1e-6f;
        GenerationOptions usual = model.DefaultOptions;
        asked ??= new GenerateParameters();
        usual = BeamsOver(usual, model, asked, streams);
        return usual with
        {
            MaxNewTokens = asked.MaxNewTokens is { } tokens and not ValueAttribute.NotSet
                ? (int)tokens : Math.Min(usual.MaxNewTokens, limits.MaxNewTokens),
            Temperature = asked.Temperature is { } temperature ? temperature < coldest ? 0 : (float)temperature : usual.Temperature,
            TopK = asked.TopK is { } topK ? (int)Math.Max(topK, 0) : usual.TopK,
            TopP = asked.TopP is { } topP ? Math.Max((float)topP, leastProbability) : usual.TopP,
            TypicalP = asked.TypicalP is { } typicalP ? Math.Max((float)typicalP, leastProbability) : usual.TypicalP,
            RepetitionPenalty = (float?)asked.RepetitionPenalty ?? usual.RepetitionPenalty,
            FrequencyPenalty = (float?)asked.FrequencyPenalty ?? usual.FrequencyPenalty,
            PresencePenalty = (float?)asked.PresencePenalty ?? usual.PresencePenalty,
            Grammar = asked.Grammar?.ToGrammar("parameters.grammar") ?? usual.Grammar,
            LogitBias = asked.LogitBias is { } biases ? LogitBiases.Of(biases, model, "parameters.logit_bias") : usual.LogitBias,
            Seed = asked.Seed ?? before ?? usual.Seed,
            Stop = asked.Stop ?? usual.Stop,
            // To ask a translator for a temperature is to ask it for draws.
            DoSample = asked.DoSample ?? (usual.DoSample || (model is Translator && asked.Temperature > 0)),
            TopNTokens = (int?)asked.TopNTokens ?? 0,
            ScorePrompt = asked.DecoderInputDetails ?? false,
        };
    }

    /// <summary>The beams of what the model's folder says, or of the request; none where texts are drawn or streamed.</summary>
    private static GenerationOptions BeamsOver(GenerationOptions usual, GenerativeModel model, GenerateParameters asked, bool streams)
    {
        int most = model is not Translator || streams ? 1 : MostBeams;
        bool draws = asked.Grammar is not null || (asked.DoSample ?? asked.Temperature > 0);
        if (asked.NumBeams > most)
        {
            throw Wrong("num_beams", asked.NumBeams.Value, model is Translator
                ? "1 where tokens are streamed: a beam search knows its text at the end" : "1 but for a translator");
        }

        if (asked.NumBeams > 1 && asked.DoSample == true)
            throw RequestProblem.Of(ProblemKind.Validation, "parameters.do_sample", "is true; expected false or nothing with num_beams above 1");
        if (asked.NumBeams > 1 && asked.Grammar is not null)
            throw RequestProblem.Of(ProblemKind.Validation, "parameters.grammar", "is given; expected none with num_beams above 1");
        int beams = (int?)asked.NumBeams ?? (draws ? 1 : Math.Min(usual.Beams, most));
        if (asked.NumReturnSequences > beams)
            throw Wrong("num_return_sequences", asked.NumReturnSequences.Value, beams == 1 ? "1, or num_beams of at least as many" : $"1 to {beams}, the beams");
        return usual with
        {
            Beams = beams,
            Best = (int?)asked.NumReturnSequences ?? Math.Min(usual.Best, beams),
            LengthPenalty = (float?)asked.LengthPenalty ?? usual.LengthPenalty,
            CoveragePenalty = (float?)asked.CoveragePenalty ?? usual.CoveragePenalty,
        };

        static RequestProblem Wrong(string name, long found, string expected) =>
            RequestProblem.Of(ProblemKind.Validation, $"parameters.{name}", $"is {found}; expected {expected}");
    }
}
