using System.Numerics.Tensors;
using System.Text;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Text;

namespace RnnService.Engine.Tasks;

/// <summary>
/// One text being continued: its state, its draws and what came of them. Not thread-safe; <see cref="LanguageModel.Advance"/> moves it on.
/// </summary>
public sealed class Generation
{
    private readonly GenerationOptions _options;
    private readonly TextCodec _codec;
    private readonly Sampler _sampler;
    private readonly int[] _prompt;
    private readonly List<ScoredToken> _scoredPrompt = [];
    private readonly List<GeneratedToken> _tokens = [];
    private readonly StringBuilder _text = new();
    private readonly int[] _last = new int[1];
    private readonly float[] _scratch;
    private int _read; // prompt tokens read so far

    /// <summary>Prepares to continue <paramref name="prompt"/>.</summary>
    /// <exception cref="ArgumentException">The prompt is empty or an option is out of its bounds.</exception>
    public Generation(LanguageModel model, string prompt, GenerationOptions options)
    {
        options.Validate();
        _options = options;
        _codec = model.Codec;
        _prompt = _codec.Encode(prompt);
        if (_prompt.Length == 0) throw new ArgumentException("the prompt is empty: at least one token wanted", nameof(prompt));
        Seed = options.Seed ?? (ulong)Random.Shared.NextInt64();
        _sampler = new Sampler(options, Seed);
        State = model.NewState(1);
        _scratch = new float[_codec.Vocabulary.Count];
    }

    /// <summary>Number of the prompt's tokens.</summary>
    public int PromptTokens => _prompt.Length;

    /// <summary>The seed in use, given or drawn.</summary>
    public ulong Seed { get; }

    /// <summary>The tokens generated so far.</summary>
    public IReadOnlyList<GeneratedToken> Tokens => _tokens;

    /// <summary>The prompt's tokens with their log-probabilities, when <see cref="GenerationOptions.ScorePrompt"/> asked for them.</summary>
    public IReadOnlyList<ScoredToken> Prompt => _scoredPrompt;

    /// <summary>The token that the last step added; null while the prompt is still being read.</summary>
    public GeneratedToken? Newest { get; private set; }

    /// <summary>The generated text so far.</summary>
    public string Text => _text.ToString();

    /// <summary>Why it ended; null while it goes on.</summary>
    public FinishReason? Finished { get; private set; }

    /// <summary>The network's state after all tokens read.</summary>
    internal RecurrentState State { get; }

    /// <summary>Whether logits are wanted after every token of the prompt.</summary>
    internal bool IsScoringPrompt => _options.ScorePrompt && _read < _prompt.Length;

    /// <summary>The tokens to read next.</summary>
    internal ReadOnlyMemory<int> Pending(int promptChunk)
    {
        if (Finished is not null) throw new InvalidOperationException("the generation has finished");
        return _read < _prompt.Length ? _prompt.AsMemory(_read, Math.Min(promptChunk, _prompt.Length - _read)) : _last;
    }

    /// <summary>Takes the logits [V] after a token read: the last one of a step, or each in turn while the prompt is scored.</summary>
    /// <param name="step">Index of the token among those read in this step.</param>
    /// <param name="read">Tokens read in this step.</param>
    /// <param name="logits">The logits.</param>
    internal void Accept(int step, int read, ReadOnlySpan<float> logits)
    {
        Newest = null;
        if (_read < _prompt.Length)
        {
            if (_options.ScorePrompt) ScorePrompt(_read + step, logits);
            if (step < read - 1) return;
            for (int i = 0; i < read; i++) _sampler.See(_prompt[_read + i]);
            _read += read;
            if (_read < _prompt.Length) return;
        }

        float logSum = Activations.LogSumExp(logits, _scratch);
        logits.CopyTo(_scratch);
        // What stands for no text cannot be said.
        if (_codec.Vocabulary.UnknownId >= 0) _scratch[_codec.Vocabulary.UnknownId] = float.NegativeInfinity;
        if (_codec.Vocabulary.PaddingId >= 0) _scratch[_codec.Vocabulary.PaddingId] = float.NegativeInfinity;
        int id = _sampler.Draw(_scratch);
        _sampler.See(id);
        _last[0] = id;

        ScoredToken token = Scored(id, logits[id] - logSum);
        Newest = new GeneratedToken(token, Likeliest(logits, logSum));
        _tokens.Add(Newest.Value);
        if (id == _codec.Vocabulary.EndId)
        {
            Finished = FinishReason.EndOfText;
            return;
        }

        _text.Append(token.Text);
        if (EndsWithStop()) Finished = FinishReason.StopSequence;
        else if (_tokens.Count >= _options.MaxNewTokens) Finished = FinishReason.Length;
    }

    private void ScorePrompt(int position, ReadOnlySpan<float> logits)
    {
        if (position == 0) _scoredPrompt.Add(Scored(_prompt[0], float.NaN));
        if (position + 1 == _prompt.Length) return;
        int next = _prompt[position + 1];
        _scoredPrompt.Add(Scored(next, logits[next] - Activations.LogSumExp(logits, _scratch)));
    }

    private ScoredToken[] Likeliest(ReadOnlySpan<float> logits, float logSum)
    {
        if (_options.TopNTokens == 0) return [];
        int[] ids = new int[logits.Length];
        for (int i = 0; i < ids.Length; i++) ids[i] = i;
        float[] falling = new float[logits.Length];
        TensorPrimitives.Negate(logits, falling);
        Array.Sort(falling, ids);
        return [.. ids.Take(_options.TopNTokens).Select((id, rank) => Scored(id, -falling[rank] - logSum))];
    }

    private ScoredToken Scored(int id, float logProbability) =>
        new(id, _codec.Decode(id), logProbability, _codec.Vocabulary.IsSpecial(id));

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
