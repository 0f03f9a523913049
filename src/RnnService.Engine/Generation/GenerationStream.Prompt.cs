using RnnService.Engine.Text;

namespace RnnService.Engine.Generation;

/// <summary>A stream's prompt: its tokens' log-probabilities where they are asked for, and beginning it where another has been already.</summary>
public sealed partial class GenerationStream
{
    private readonly List<ScoredToken> _scoredPrompt = [];
    private readonly List<IReadOnlyList<ScoredToken>> _promptAlternatives = [];
    private readonly bool _scoresPrompt;
    private PartialCharacter _scored; // what the part of the prompt that was scored holds back

    /// <summary>The prompt's tokens with their log-probabilities, when <see cref="GenerationOptions.ScorePrompt"/> asked for them.</summary>
    public IReadOnlyList<ScoredToken> Prompt => _scoredPrompt;

    /// <summary>
    /// The likeliest tokens at each place of <see cref="Prompt"/>, as many as <see cref="GenerationOptions.TopNTokens"/>; none at a text's first.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<ScoredToken>> PromptAlternatives => _promptAlternatives;

    /// <summary>Whether logits are needed after every token of the prompt.</summary>
    internal bool IsScoringPrompt => _scoresPrompt && _read < _end;

    /// <summary>The prompt's ids while its reading may begin with a <see cref="PromptPrefix"/>, and else none.</summary>
    internal ReadOnlyMemory<int> PromptIds => _read == 0 && _carried == 0 && !_scoresPrompt && Source is null ? _prompt.AsMemory(0, _end) : default;

    /// <summary>Number of the prompt's tokens that have been read or skipped.</summary>
    internal int PromptRead => _read;

    /// <summary>A number of the prompt's tokens after which a step ends, for whoever wants the state there.</summary>
    internal int PromptStop { get; set; } = int.MaxValue;

    /// <summary>What the network keeps of the prompt as far as it has been read, which is not to its end.</summary>
    internal PromptPrefix SavePrompt() => new(_read, Batch?.StateOf(this) ?? State ?? Network.NewState(1));

    /// <summary>Begins after the tokens that another stream with the same <see cref="PromptIds"/> up to there has read.</summary>
    internal void SkipPrompt(PromptPrefix prefix)
    {
        (State, _read) = (prefix.State, prefix.Tokens);
        foreach (int id in _prompt.AsSpan(0, _read)) _sampler.Read(id);
    }

    private void ScorePrompt(int position, ReadOnlySpan<float> logits, DrawScratch scratch)
    {
        if (position + 1 == _prompt.Length || position + 1 < _carried) return;
        int next = _prompt[position + 1];
        float logSum = LogSumExp(logits, scratch.Values(logits.Length));
        AddScored(next, logits[next] - logSum, Likeliest(logits, logSum, scratch.Ranking, _scored));
    }

    private void AddScored(int id, float logProbability, ScoredToken[]? likeliest)
    {
        _scoredPrompt.Add(ScoredToken.Of(_tokenizer, id, logProbability, _scored));
        _tokenizer.Decode(id, ref _scored);
        _promptAlternatives.Add(likeliest ?? []);
    }
}
