using System.Text.Json.Serialization;
using RnnService.Engine.Text;

namespace RnnService.Engine.Generation;

/// <summary>How a text is continued.</summary>
public sealed record GenerationOptions
{
    /// <summary>What is not asked for. Generated JSON readers know the defaults of parameters, but not those of properties.</summary>
    [JsonConstructor]
    public GenerationOptions(
        int maxNewTokens = 200, float temperature = 1, float topP = 1, float repetitionPenalty = 1, bool doSample = true,
        IReadOnlyList<string>? stop = null)
    {
        (MaxNewTokens, Temperature, TopP, RepetitionPenalty) = (maxNewTokens, temperature, topP, repetitionPenalty);
        (DoSample, Stop) = (doSample, stop ?? []);
    }

    /// <summary>Most tokens to add, at least 1.</summary>
    public int MaxNewTokens { get; init; }

    /// <summary>Logits are divided by it before sampling; 0 takes the likeliest token. Not negative.</summary>
    public float Temperature { get; init; }

    /// <summary>Only the k likeliest tokens are drawn from; 0 means all.</summary>
    public int TopK { get; init; }

    /// <summary>Only the likeliest tokens that together reach this probability are drawn from; above 0, 1 means all.</summary>
    public float TopP { get; init; }

    /// <summary>
    /// Logits of tokens already seen are divided by it when positive and multiplied when negative (Keskar et al. 2019); above 0, 1 means off.
    /// </summary>
    public float RepetitionPenalty { get; init; }

    /// <summary>False takes the likeliest token at every step, whatever the temperature.</summary>
    public bool DoSample { get; init; }

    /// <summary>Generation ends once the new text ends with one of these; the text keeps it.</summary>
    public IReadOnlyList<string> Stop { get; init; }

    /// <summary>Seed of the draws; none draws one.</summary>
    public ulong? Seed { get; init; }

    /// <summary>How many of the likeliest alternatives to report with each token.</summary>
    public int TopNTokens { get; init; }

    /// <summary>Whether to report the log-probability of each prompt token.</summary>
    public bool ScorePrompt { get; init; }

    /// <summary>Checks every bound.</summary>
    /// <exception cref="ArgumentException">A value is out of its bounds; the message names it, the value found and the one wanted.</exception>
    public void Validate()
    {
        if (MaxNewTokens < 1) throw Wrong("max_new_tokens", MaxNewTokens, "1 or more");
        if (!(Temperature >= 0 && float.IsFinite(Temperature))) throw Wrong("temperature", Temperature, "0 or more");
        if (TopK < 0) throw Wrong("top_k", TopK, "0 (off) or more");
        if (!(TopP > 0 && TopP <= 1)) throw Wrong("top_p", TopP, "above 0, at most 1");
        if (!(RepetitionPenalty > 0 && float.IsFinite(RepetitionPenalty))) throw Wrong("repetition_penalty", RepetitionPenalty, "above 0");
        if (TopNTokens < 0) throw Wrong("top_n_tokens", TopNTokens, "0 or more");
        if (Stop.Any(string.IsNullOrEmpty)) throw new ArgumentException("stop holds an empty string: each must have a character");

        static ArgumentException Wrong(string name, object found, string wanted) =>
            new(FormattableString.Invariant($"{name} is {found}: {wanted} wanted"));
    }
}

/// <summary>Why a generation ended.</summary>
public enum FinishReason
{
    /// <summary>It reached <see cref="GenerationOptions.MaxNewTokens"/>.</summary>
    Length,

    /// <summary>The model drew its end token.</summary>
    EndOfText,

    /// <summary>The text ends with one of <see cref="GenerationOptions.Stop"/>.</summary>
    StopSequence,
}

/// <summary>A token and what the model thought of it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Text">What it adds to the text.</param>
/// <param name="LogProbability">Natural logarithm of its probability under the untouched model; NaN for a prompt's first token.</param>
/// <param name="IsSpecial">Whether it stands for no text of its own.</param>
public readonly record struct ScoredToken(int Id, string Text, float LogProbability, bool IsSpecial)
{
    internal static ScoredToken Of(TextCodec codec, int id, float logProbability) =>
        new(id, codec.Decode(id), logProbability, codec.Vocabulary.IsSpecial(id));
}

/// <summary>A drawn token with the likeliest alternatives.</summary>
/// <param name="Token">The token drawn.</param>
/// <param name="Alternatives">The likeliest tokens at this step, best first; empty unless asked for.</param>
public readonly record struct GeneratedToken(ScoredToken Token, IReadOnlyList<ScoredToken> Alternatives);
