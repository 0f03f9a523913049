using System.Text.Json.Serialization;
using RnnService.Engine.Generation;
using RnnService.Engine.Models;
using RnnService.Server.Options;
using RnnService.Server.Requests;
using RnnService.Server.Sessions;

namespace RnnService.Server.Endpoints;

/// <summary>A text to be continued.</summary>
internal sealed record GenerateRequest
{
    /// <summary>The text to continue; it may be empty where the session has one.</summary>
    [Length(0, nameof(LimitOptions.MaxTextLength))]
    public required string Inputs { get; init; }

    /// <summary>Name of a language model; the default one when left out.</summary>
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

/// <summary>How a text is continued.</summary>
internal record GenerateParameters
{
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

    /// <summary>Not supported; accepted when 1.</summary>
    [OneOf("1", Extra = true)]
    public long? NumReturnSequences { get; init; }

    /// <summary>Not supported, as the header X-Request-Deadline-Ms does it; accepted when null.</summary>
    [OneOf(Extra = true)]
    public double? MaxTime { get; init; }

    /// <summary>Not supported; accepted when false.</summary>
    [OneOf("false", Extra = true)]
    public bool? Watermark { get; init; }

    /// <summary>Not supported; accepted when null.</summary>
    [OneOf(Extra = true)]
    public string? AdapterId { get; init; }

    /// <summary>What the new text may be; none when left out. max_new_tokens may cut it.</summary>
    public GrammarParameters? Grammar { get; init; }

    /// <summary>What the engine is asked for: what the request says, otherwise what the model's folder says.</summary>
    /// <param name="model">The model.</param>
    /// <param name="asked">The request's.</param>
    /// <param name="limits">What a request may ask for.</param>
    /// <param name="before">The seed of the text that is gone on with: its draws go on too, unless the request has another.</param>
    /// <exception cref="RequestProblem">A bias is for a token that the model does not have, or the grammar is none.</exception>
    public static GenerationOptions Over(LanguageModel model, GenerateParameters? asked, LimitOptions limits, ulong? before = null)
    {
        // Colder than this is the likeliest token for all purposes, and dividing by it would leave the range of a float.
        const double coldest = .001;
        const float leastProbability = 1e-6f;
        GenerationOptions usual = model.DefaultOptions;
        asked ??= new GenerateParameters();
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
            LogitBias = asked.LogitBias is { } biases ? LogitBiases.Of(biases, model, "parameters.logit_bias") : usual.LogitBias,
            Grammar = asked.Grammar?.ToGrammar("parameters.grammar") ?? usual.Grammar,
            Seed = asked.Seed ?? before ?? usual.Seed,
            Stop = asked.Stop ?? usual.Stop,
            DoSample = asked.DoSample ?? usual.DoSample,
            TopNTokens = (int?)asked.TopNTokens ?? 0,
            ScorePrompt = asked.DecoderInputDetails ?? false,
        };
    }
}

/// <summary>A token and what the model thought of it.</summary>
internal sealed record TokenMessage
{
    /// <summary>Its id in the model's vocabulary.</summary>
    public required int Id { get; init; }

    /// <summary>What it adds to the text.</summary>
    public required string Text { get; init; }

    /// <summary>Natural logarithm of its probability; null for a text's first token.</summary>
    public required float? Logprob { get; init; }

    /// <summary>Whether it stands for no text of its own.</summary>
    public required bool Special { get; init; }

    public static TokenMessage Of(ScoredToken token) => new()
    {
        Id = token.Id,
        Text = token.Text,
        Logprob = float.IsFinite(token.LogProbability) ? token.LogProbability : null,
        Special = token.IsSpecial,
    };

    public static List<TokenMessage> Of(IEnumerable<ScoredToken> tokens) => [.. tokens.Select(Of)];
}

/// <summary>A continued text.</summary>
internal sealed record GenerateAnswer
{
    /// <summary>The new text, after the text that was sent when return_full_text asks for it.</summary>
    public required string GeneratedText { get; init; }

    /// <summary>Only when asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public GenerateDetails? Details { get; init; }

    /// <summary>Where the session stands, where the request has one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SessionAnswer? Session { get; init; }
}

/// <summary>How a text came about.</summary>
internal sealed record GenerateDetails
{
    /// <summary>length, eos_token or stop_sequence.</summary>
    public required string FinishReason { get; init; }

    /// <summary>Number of tokens added.</summary>
    public required int GeneratedTokens { get; init; }

    /// <summary>The seed; sending it again gives the same text.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The tokens of the text that was sent, when decoder_input_details asks for them.</summary>
    public required IReadOnlyList<TokenMessage> Prefill { get; init; }

    /// <summary>The tokens added.</summary>
    public required IReadOnlyList<TokenMessage> Tokens { get; init; }

    /// <summary>The likeliest tokens beside each token added, when top_n_tokens asks for them.</summary>
    public required IReadOnlyList<IReadOnlyList<TokenMessage>> TopTokens { get; init; }

    /// <summary>What of the text that was sent the model could not read, where there is something; also in the header X-Rnn-Warning.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Warning { get; init; }

    /// <summary>0 where the model knows no token of the text that was sent, so that what follows has nothing to do with it; else left out.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? KnownTokens { get; init; }

    /// <summary>What activations asks for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public StepActivations? Activations { get; init; }

    public static GenerateDetails Of(GenerationStream generation, StepActivations? activations) => new()
    {
        FinishReason = StreamDetails.ReasonOf(generation),
        GeneratedTokens = generation.Tokens.Count,
        Seed = generation.Seed,
        Prefill = TokenMessage.Of(generation.Prompt),
        Tokens = TokenMessage.Of(generation.Tokens.Select(token => token.Token)),
        TopTokens = [.. generation.Tokens.Where(token => token.Alternatives.Count > 0)
            .Select(token => TokenMessage.Of(token.Alternatives))],
        Warning = generation.Warning,
        KnownTokens = generation.KnowsPrompt ? null : 0,
        Activations = activations,
    };
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

    public static StreamDetails Of(GenerationStream generation, StepActivations? activations) => new()
    {
        FinishReason = ReasonOf(generation),
        GeneratedTokens = generation.Tokens.Count,
        InputLength = generation.PromptTokens,
        Seed = generation.Seed,
        Warning = generation.Warning,
        KnownTokens = generation.KnowsPrompt ? null : 0,
        Activations = activations,
    };

    public static string ReasonOf(GenerationStream generation) => generation.Finished switch
    {
        Engine.Generation.FinishReason.EndOfText => "eos_token",
        Engine.Generation.FinishReason.StopSequence => "stop_sequence",
        _ => "length",
    };
}
