using System.Text;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Generation;

/// <summary>
/// One text being continued: its state, its draws and what came of them. Not thread-safe; a <see cref="GenerationBatch"/> moves it on.
/// </summary>
public sealed class GenerationStream
{
    private readonly GenerationOptions _options;
    private readonly Tokenizer _tokenizer;
    private readonly Sampler _sampler;
    private readonly int[] _prompt;
    private readonly List<ScoredToken> _scoredPrompt = [];
    private readonly GeneratedTokens _tokens;
    private readonly StringBuilder _text = new();
    private readonly int[] _last = new int[1];
    private int _read; // prompt tokens read so far
    private readonly bool _scoresPrompt;
    private readonly int _begun; // tokens that the start of an empty prompt has generated

    /// <summary>
    /// Prepares to continue <paramref name="prompt"/>. An empty one begins a text: after a line break (or the end of a text before it) where
    /// the vocabulary has one, and else with a token drawn from all alike, which is the first one generated.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// The prompt holds nothing that the model reads, or an option is out of its bounds. A model with an unknown token reads whatever it does
    /// not know as that: <see cref="KnowsPrompt"/>.
    /// </exception>
    /// <param name="network">What continues it.</param>
    /// <param name="tokenizer">How it reads and writes text.</param>
    /// <param name="prompt">The text.</param>
    /// <param name="options">How.</param>
    public GenerationStream(ILanguageNetwork network, Tokenizer tokenizer, string prompt, GenerationOptions options)
    {
        options.Validate();
        _options = options;
        Network = network;
        _tokenizer = tokenizer;
        _tokens = new GeneratedTokens(_tokenizer);
        Seed = options.Seed ?? (ulong)Random.Shared.NextInt64();
        _sampler = new Sampler(options, Seed);
        _prompt = _tokenizer.Encode(prompt, out IReadOnlyList<string> unknown);
        UnknownTokens = unknown;
        _scoresPrompt = options.ScorePrompt && prompt.Length > 0;
        if (prompt.Length == 0) (_prompt, _begun) = ([Begin()], _tokens.Count);
        else if (_prompt.Length == 0) throw new ArgumentException(
            $"the prompt holds none of the {_tokenizer.Vocabulary.Count} {_tokenizer.Unit}s that the model knows; expected one or more, or no prompt", nameof(prompt));
    }

    /// <summary>What keeps the prompt from being read as it stands, in a sentence; null where nothing does. It quotes the prompt.</summary>
    public string? Warning => UnknownText.Sentence(_tokenizer, UnknownTokens);

    /// <summary>What continues it.</summary>
    internal ILanguageNetwork Network { get; }

    /// <summary>The batch that holds its state, which knows where; null while it is in none.</summary>
    internal GenerationBatch? Batch { get; set; }

    /// <summary>Number of the prompt's tokens.</summary>
    public int PromptTokens => _prompt.Length;

    /// <summary>
    /// What of the prompt the vocabulary does not have, each once: it is read as unknown, or left out where the model has no unknown token.
    /// </summary>
    public IReadOnlyList<string> UnknownTokens { get; }

    /// <summary>Whether the model knows any of the prompt's tokens, or there is no prompt; else what follows has nothing to do with it.</summary>
    public bool KnowsPrompt => _tokenizer.Vocabulary.UnknownId < 0 || _prompt.AsSpan().ContainsAnyExcept(_tokenizer.Vocabulary.UnknownId);

    /// <summary>The ids of all tokens so far: the prompt's, then those generated.</summary>
    public IReadOnlyList<int> TokenIds => [.. _prompt, .. _tokens.Skip(_begun).Select(generated => generated.Token.Id)];

    /// <summary>Number of the prompt's tokens that have not been read yet.</summary>
    public int PromptLeft => _prompt.Length - _read;

    /// <summary>The seed in use, given or drawn.</summary>
    public ulong Seed { get; }

    /// <summary>The tokens generated so far.</summary>
    public IReadOnlyList<GeneratedToken> Tokens => _tokens;

    /// <summary>The prompt's tokens with their log-probabilities, when <see cref="GenerationOptions.ScorePrompt"/> asked for them.</summary>
    public IReadOnlyList<ScoredToken> Prompt => _scoredPrompt;

    /// <summary>The token that the last step added; null while the prompt is still being read.</summary>
    public GeneratedToken? Newest => _tokens.Count > 0 ? _tokens[_tokens.Count - 1] : null;

    /// <summary>The generated text so far.</summary>
    public string Text => _text.ToString();

    /// <summary>Why it ended; null while it goes on.</summary>
    public FinishReason? Finished { get; private set; }

    /// <summary>What keeps it from going on; null as long as nothing does.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>The network's state after all tokens read, while no batch holds it; null is zero.</summary>
    internal RecurrentState? State { get; set; }

    /// <summary>Whether logits are needed after every token of the prompt.</summary>
    internal bool IsScoringPrompt => _scoresPrompt && _read < _prompt.Length;

    /// <summary>The tokens to read next.</summary>
    internal ReadOnlyMemory<int> Pending(int promptChunk) =>
        _read < _prompt.Length ? _prompt.AsMemory(_read, Math.Min(promptChunk, _prompt.Length - _read)) : _last;

    /// <summary>Takes the logits [V] after a token read: the last one of a step, or each in turn while the prompt is scored.</summary>
    /// <param name="step">Index of the token among those read in this step.</param>
    /// <param name="read">Tokens read in this step.</param>
    /// <param name="logits">The logits.</param>
    /// <param name="scratch">Memory to choose the next token in.</param>
    internal void Accept(int step, int read, ReadOnlySpan<float> logits, DrawScratch scratch)
    {
        if (Failure is not null) return;
        try
        {
            if (Read(step, read, logits, scratch)) Draw(logits, scratch);
        }
        catch (Exception exception)
        {
            Failure = exception;
        }
    }

    /// <summary>Counts what was read as read.</summary>
    /// <returns>Whether the next token is to be drawn.</returns>
    private bool Read(int step, int read, ReadOnlySpan<float> logits, DrawScratch scratch)
    {
        if (_read == _prompt.Length) return true;
        if (_scoresPrompt) ScorePrompt(_read + step, logits, scratch);
        if (step < read - 1) return false;
        for (int i = 0; i < read; i++) _sampler.See(_prompt[_read + i]);
        _read += read;
        return _read == _prompt.Length;
    }

    private void Draw(ReadOnlySpan<float> logits, DrawScratch scratch)
    {
        Span<float> values = scratch.Values(logits.Length);
        float logSum = LogSumExp(logits, values);
        logits.CopyTo(values);
        // What stands for no text cannot be said.
        if (_tokenizer.Vocabulary.UnknownId >= 0) values[_tokenizer.Vocabulary.UnknownId] = float.NegativeInfinity;
        if (_tokenizer.Vocabulary.PaddingId >= 0) values[_tokenizer.Vocabulary.PaddingId] = float.NegativeInfinity;
        int id = _sampler.Draw(values, scratch.Ranking);
        _sampler.See(id);
        _last[0] = id;

        _tokens.Add(id, logits[id] - logSum, Likeliest(logits, logSum, scratch.Ranking));
        if (id == _tokenizer.Vocabulary.EndId)
        {
            Finished = FinishReason.EndOfText;
            return;
        }

        Append(id);
    }

    /// <summary>The token after which a text begins, or with which it does.</summary>
    private int Begin()
    {
        Vocabulary vocabulary = _tokenizer.Vocabulary;
        if (_tokenizer.Encode("\n") is [var start] && start != vocabulary.UnknownId) return start;
        if (vocabulary.EndId >= 0) return vocabulary.EndId;
        int[] ids = [.. Enumerable.Range(0, vocabulary.Count).Where(id => !vocabulary.IsSpecial(id))];
        if (ids.Length == 0) throw new ArgumentException($"the vocabulary holds no {_tokenizer.Unit}s to begin with; expected one or more");
        int first = ids[new RandomSource(Seed).Below(ids.Length)];
        _tokens.Add(first, -MathF.Log(ids.Length), _options.TopNTokens == 0 ? null : []);
        Append(first);
        return first;
    }

    private void Append(int id)
    {
        _text.Append(_tokenizer.Decode(id));
        if (EndsWithStop()) Finished = FinishReason.StopSequence;
        else if (_tokens.Count >= _options.MaxNewTokens) Finished = FinishReason.Length;
    }

    private void ScorePrompt(int position, ReadOnlySpan<float> logits, DrawScratch scratch)
    {
        if (position == 0) _scoredPrompt.Add(ScoredToken.Of(_tokenizer, _prompt[0], float.NaN));
        if (position + 1 == _prompt.Length) return;
        int next = _prompt[position + 1];
        float logSum = LogSumExp(logits, scratch.Values(logits.Length));
        _scoredPrompt.Add(ScoredToken.Of(_tokenizer, next, logits[next] - logSum));
    }

    /// <exception cref="NetworkException">A logit is too large or no number: then the sum is none either.</exception>
    private static float LogSumExp(ReadOnlySpan<float> logits, Span<float> scratch)
    {
        float sum = Activations.LogSumExp(logits, scratch);
        NetworkException.ThrowIfNotFinite(sum);
        return sum;
    }

    private ScoredToken[]? Likeliest(ReadOnlySpan<float> logits, float logSum, Ranking ranking)
    {
        if (_options.TopNTokens == 0) return null;
        ranking.Rank(logits);
        var likeliest = new ScoredToken[Math.Min(_options.TopNTokens, ranking.Count)];
        for (int rank = 0; rank < likeliest.Length; rank++)
            likeliest[rank] = ScoredToken.Of(_tokenizer, ranking[rank], logits[ranking[rank]] - logSum);
        return likeliest;
    }

    private bool EndsWithStop()
    {
        foreach (string stop in _options.Stop)
        {
            if (_text.Length < stop.Length) continue;
            int from = _text.Length - stop.Length, i = 0;
            while (i < stop.Length && _text[from + i] == stop[i]) i++;
            if (i == stop.Length) return true;
        }

        return false;
    }
}
