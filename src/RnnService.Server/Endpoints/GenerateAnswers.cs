using System.Text.Json.Serialization;
using RnnService.Engine.Generation;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints;

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

    /// <summary>The same at a translator's own address, where Hugging Face's clients for translations look for it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TranslationText { get; init; }

    /// <summary>The same, where its clients for summaries look for it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SummaryText { get; init; }

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

    /// <summary>What a translator's text is compared by: see length_penalty and coverage_penalty.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Score { get; init; }

    /// <summary>The tokens of the source as a translator reads them, the end token's last.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? SourceTokens { get; init; }

    /// <summary>For each of tokens the weights of the source's, which sum to 1; only of a translator that attends.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<float[]>? Attention { get; init; }

    /// <summary>The other texts that num_return_sequences asks for, the better ones first.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<SequenceDetails>? BestOfSequences { get; init; }

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
        Score = generation.Hypotheses.Count > 0 ? generation.Hypotheses[0].Score : null,
        SourceTokens = generation.SourceTokens.Count > 0 ? generation.SourceTokens : null,
        Attention = generation.Hypotheses.Count > 0 ? SequenceDetails.AttentionOf(generation.Hypotheses[0]) : null,
        BestOfSequences = generation.Hypotheses.Count > 1 ? [.. generation.Hypotheses.Skip(1).Select(SequenceDetails.Of)] : null,
    };
}

/// <summary>One of several texts.</summary>
internal sealed record SequenceDetails
{
    /// <summary>The text.</summary>
    public required string GeneratedText { get; init; }

    /// <summary>length or eos_token.</summary>
    public required string FinishReason { get; init; }

    /// <summary>Number of its tokens.</summary>
    public required int GeneratedTokens { get; init; }

    /// <summary>What it is compared by.</summary>
    public required double Score { get; init; }

    /// <summary>Its tokens.</summary>
    public required IReadOnlyList<TokenMessage> Tokens { get; init; }

    /// <summary>For each of them the weights of the source's.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<float[]>? Attention { get; init; }

    public static SequenceDetails Of(Hypothesis text) => new()
    {
        GeneratedText = text.Text,
        FinishReason = StreamDetails.ReasonOf(text.Finished),
        GeneratedTokens = text.Tokens.Count,
        Score = text.Score,
        Tokens = TokenMessage.Of(text.Tokens),
        Attention = AttentionOf(text),
    };

    public static IReadOnlyList<float[]>? AttentionOf(Hypothesis text) => text.Attention.Any(weights => weights.Length > 0) ? text.Attention : null;
}
