using System.Collections.Frozen;
using System.Text.Json.Serialization;
using RnnService.Engine.Generation.Grammars;
using RnnService.Engine.Text;

namespace RnnService.Engine.Generation;

/// <summary>
/// How a text is continued. What an initialiser leaves out is the model's own choice where the model has one
/// (<see cref="Over"/>), and else the value that each property names.
/// </summary>
public sealed record GenerationOptions
{
    private readonly int? _maxNewTokens, _topK, _topNTokens, _beams, _best;
    private readonly float? _temperature, _topP, _typicalP, _repetitionPenalty, _frequencyPenalty, _presencePenalty, _lengthPenalty, _coveragePenalty;
    private readonly bool? _doSample, _scorePrompt;
    private readonly IReadOnlyList<string>? _stop;
    private readonly IReadOnlyDictionary<int, float>? _logitBias;

    /// <summary>Everything left out.</summary>
    public GenerationOptions()
    {
    }

    /// <summary>For readers of JSON, which know the defaults of parameters, but not those of properties.</summary>
    [JsonConstructor]
    internal GenerationOptions(
        int maxNewTokens = 200, float temperature = 1, float topP = 1, float typicalP = 1, float repetitionPenalty = 1, bool doSample = true,
        IReadOnlyList<string>? stop = null, int beams = 1, int best = 1, float lengthPenalty = 1)
    {
        (MaxNewTokens, Temperature, TopP, TypicalP, RepetitionPenalty) = (maxNewTokens, temperature, topP, typicalP, repetitionPenalty);
        (DoSample, Stop, Beams, Best, LengthPenalty) = (doSample, stop ?? [], beams, best, lengthPenalty);
    }

    /// <summary>Most tokens to add; 200. With 0 the prompt is read, and scored if asked for, and nothing else.</summary>
    public int MaxNewTokens { get => _maxNewTokens ?? 200; init => _maxNewTokens = value; }

    /// <summary>Logits are divided by it before sampling; 0 takes the likeliest token. Not negative; 1.</summary>
    public float Temperature { get => _temperature ?? 1; init => _temperature = value; }

    /// <summary>Only the k likeliest tokens are drawn from; 0 means all.</summary>
    public int TopK { get => _topK ?? 0; init => _topK = value; }

    /// <summary>Only the likeliest tokens that together reach this probability are drawn from; above 0, 1 means all.</summary>
    public float TopP { get => _topP ?? 1; init => _topP = value; }

    /// <summary>
    /// Of those, only the tokens are drawn from whose information is nearest to the expected one, as many as together reach this probability (Meister
    /// et al. 2022, "Locally Typical Sampling"); above 0, 1 means all.
    /// </summary>
    public float TypicalP { get => _typicalP ?? 1; init => _typicalP = value; }

    /// <summary>
    /// Logits of tokens already seen are divided by it when positive and multiplied when negative (Keskar et al. 2019); above 0, 1 means off.
    /// </summary>
    public float RepetitionPenalty { get => _repetitionPenalty ?? 1; init => _repetitionPenalty = value; }

    /// <summary>Subtracted from a token's logit each time that it was generated; 0 means off, below 0 it makes them likelier.</summary>
    public float FrequencyPenalty { get => _frequencyPenalty ?? 0; init => _frequencyPenalty = value; }

    /// <summary>Subtracted once from the logit of every token that was generated; 0 means off, below 0 it makes them likelier.</summary>
    public float PresencePenalty { get => _presencePenalty ?? 0; init => _presencePenalty = value; }

    /// <summary>Added to the logits of these tokens, by their ids, before all but the penalties; none.</summary>
    [JsonIgnore]
    public IReadOnlyDictionary<int, float> LogitBias { get => _logitBias ?? FrozenDictionary<int, float>.Empty; init => _logitBias = value; }

    /// <summary>False takes the likeliest token at every step, whatever the temperature; true.</summary>
    public bool DoSample { get => _doSample ?? true; init => _doSample = value; }

    /// <summary>
    /// How many unfinished texts a translator follows at a time (beam search); 1, which takes one token after the other. With more nothing is drawn: of
    /// what is above only <see cref="MaxNewTokens"/> acts.
    /// </summary>
    public int Beams { get => _beams ?? 1; init => _beams = value; }

    /// <summary>How many texts a beam search gives, best first; at most <see cref="Beams"/>; 1.</summary>
    public int Best { get => _best ?? 1; init => _best = value; }

    /// <summary>
    /// The texts of a beam search are compared by log P / length^this, as Hugging Face does it: 1, the mean of a token, is usual; 0 compares log P; more
    /// favours longer ones. Length counts the end token.
    /// </summary>
    public float LengthPenalty { get => _lengthPenalty ?? 1; init => _lengthPenalty = value; }

    /// <summary>
    /// β of β·Σ ln min(1, Σ attention), added to that for every token of the source, so that none is left out (Wu et al. 2016); not negative; 0.
    /// </summary>
    public float CoveragePenalty { get => _coveragePenalty ?? 0; init => _coveragePenalty = value; }

    /// <summary>Generation ends once the new text ends with one of these; the text keeps it.</summary>
    public IReadOnlyList<string> Stop { get => _stop ?? []; init => _stop = value; }

    /// <summary>What the new text may be; null holds it to nothing.</summary>
    [JsonIgnore]
    public Grammar? Grammar { get; init; }

    /// <summary>Seed of the draws; none draws one.</summary>
    public ulong? Seed { get; init; }

    /// <summary>How many of the likeliest alternatives to report with each token; 0.</summary>
    public int TopNTokens { get => _topNTokens ?? 0; init => _topNTokens = value; }

    /// <summary>Whether to report the log-probability of each prompt token; false.</summary>
    public bool ScorePrompt { get => _scorePrompt ?? false; init => _scorePrompt = value; }

    /// <summary>These options, and what they leave out from others.</summary>
    /// <param name="others">Such as a model's own; null leaves all as it is.</param>
    public GenerationOptions Over(GenerationOptions? others) => others is null ? this : others with
    {
        MaxNewTokens = _maxNewTokens ?? others.MaxNewTokens,
        Temperature = _temperature ?? others.Temperature,
        TopK = _topK ?? others.TopK,
        TopP = _topP ?? others.TopP,
        TypicalP = _typicalP ?? others.TypicalP,
        RepetitionPenalty = _repetitionPenalty ?? others.RepetitionPenalty,
        FrequencyPenalty = _frequencyPenalty ?? others.FrequencyPenalty,
        PresencePenalty = _presencePenalty ?? others.PresencePenalty,
        LogitBias = _logitBias ?? others.LogitBias,
        DoSample = _doSample ?? others.DoSample,
        Beams = _beams ?? others.Beams,
        Best = _best ?? others.Best,
        LengthPenalty = _lengthPenalty ?? others.LengthPenalty,
        CoveragePenalty = _coveragePenalty ?? others.CoveragePenalty,
        Stop = _stop ?? others.Stop,
        Grammar = Grammar ?? others.Grammar,
        Seed = Seed ?? others.Seed,
        TopNTokens = _topNTokens ?? others.TopNTokens,
        ScorePrompt = _scorePrompt ?? others.ScorePrompt,
    };

    /// <summary>Checks every bound.</summary>
    /// <exception cref="ArgumentException">A value is out of its bounds; the message names it, the value found and the one expected.</exception>
    public void Validate()
    {
        if (MaxNewTokens < 0) throw Wrong("max_new_tokens", MaxNewTokens, "0 or more");
        if (!(Temperature >= 0 && float.IsFinite(Temperature))) throw Wrong("temperature", Temperature, "0 or more");
        if (TopK < 0) throw Wrong("top_k", TopK, "0 (off) or more");
        if (!(TopP > 0 && TopP <= 1)) throw Wrong("top_p", TopP, "above 0, at most 1");
        if (!(TypicalP > 0 && TypicalP <= 1)) throw Wrong("typical_p", TypicalP, "above 0, at most 1");
        if (!(RepetitionPenalty > 0 && float.IsFinite(RepetitionPenalty))) throw Wrong("repetition_penalty", RepetitionPenalty, "above 0");
        if (!float.IsFinite(FrequencyPenalty)) throw Wrong("frequency_penalty", FrequencyPenalty, "a finite number");
        if (!float.IsFinite(PresencePenalty)) throw Wrong("presence_penalty", PresencePenalty, "a finite number");
        foreach ((int id, float bias) in LogitBias)
        {
            if (!float.IsFinite(bias)) throw Wrong($"logit_bias of token {id}", bias, "a finite number");
        }

        if (Beams < 1) throw Wrong("beams", Beams, "1 or more");
        if (Best < 1 || Best > Beams) throw Wrong("best", Best, $"1 to {Beams} (beams)");
        if (!float.IsFinite(LengthPenalty)) throw Wrong("length_penalty", LengthPenalty, "a finite number");
        if (!(CoveragePenalty >= 0 && float.IsFinite(CoveragePenalty))) throw Wrong("coverage_penalty", CoveragePenalty, "0 or more");
        if (TopNTokens < 0) throw Wrong("top_n_tokens", TopNTokens, "0 or more");
        if (Stop.Any(string.IsNullOrEmpty)) throw new ArgumentException("stop holds an empty string; expected a character or more in each");

        static ArgumentException Wrong(string name, object found, string expected) =>
            new(FormattableString.Invariant($"{name} is {found}; expected {expected}"));
    }
}

/// <summary>Why a generation ended.</summary>
public enum FinishReason
{
    /// <summary>It reached <see cref="GenerationOptions.MaxNewTokens"/>.</summary>
    Length,

    /// <summary>The model drew its end token, or a grammar ends the text.</summary>
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
    /// <param name="tokenizer">What knows the token.</param>
    /// <param name="id">The token.</param>
    /// <param name="logProbability">Its log-probability.</param>
    /// <param name="partial">The character that the text before it has begun.</param>
    internal static ScoredToken Of(Tokenizer tokenizer, int id, float logProbability, PartialCharacter partial) =>
        new(id, tokenizer.Decode(id, ref partial), logProbability, tokenizer.Vocabulary.IsSpecial(id));
}

/// <summary>A drawn token with the likeliest alternatives.</summary>
/// <param name="Token">The token drawn.</param>
/// <param name="Alternatives">The likeliest tokens at this step, best first; empty unless asked for.</param>
public readonly record struct GeneratedToken(ScoredToken Token, IReadOnlyList<ScoredToken> Alternatives)
{
    /// <summary>What it adds to the text; empty where it ends a text.</summary>
    public string Text => Token.Text;

    /// <summary>Natural logarithm of its probability under the untouched model.</summary>
    public float LogProbability => Token.LogProbability;
}
