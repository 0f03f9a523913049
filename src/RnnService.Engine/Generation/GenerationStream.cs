using System.Text;
using RnnService.Engine.Generation.Grammars;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Generation;

/// <summary>
/// One text being continued, or written from a source: its state, its draws and what came of them. Not thread-safe; a <see cref="GenerationBatch"/>
/// moves it on.
/// </summary>
public sealed partial class GenerationStream
{
    private readonly GenerationOptions _options;
    private readonly Tokenizer _tokenizer;
    private readonly Tokenizer _reader; // of the source, where there is one
    private readonly Sampler _sampler;
    private readonly int[] _prompt; // what a state left to be read, then the prompt's own
    private readonly int _carried; // tokens that a state left to be read
    private readonly long _start; // tokens of the text before the prompt
    private readonly string _tail; // the end of what was generated before
    private readonly GeneratedTokens _tokens;
    private readonly StringBuilder _text = new();
    private readonly int[] _last = new int[1];
    private int _read; // tokens of _prompt read so far
    private readonly int _end; // tokens of _prompt to be read
    private readonly int _begun; // tokens that the start of an empty prompt has generated
    private readonly TokenMasks? _grammar;
    private long _grammarState;
    private TokenMask? _mask; // what may follow there, once somebody has asked
    private PartialCharacter _partial; // what the generated text holds back

    /// <summary>Prepares to continue a text; see <see cref="Continue(ILanguageNetwork, Tokenizer, string, GenerationOptions, StreamState?)"/>.</summary>
    private GenerationStream(
        ILanguageNetwork network, Tokenizer tokenizer, int[] prompt, IReadOnlyList<string> unknown, GenerationOptions options, StreamState? state,
        Tokenizer? reader = null)
    {
        options.Validate();
        foreach (int id in options.LogitBias.Keys)
        {
            if (id < 0 || id >= tokenizer.Vocabulary.Count)
                throw new ArgumentException($"logit_bias has token {id}; expected 0 to {tokenizer.Vocabulary.Count - 1}", nameof(options));
        }

        (Network, _tokenizer, _reader, _options, UnknownTokens) = (network, tokenizer, reader ?? tokenizer, options, unknown);
        // Of 53 bits, so that a client whose numbers are doubles can send it back as it was.
        Seed = options.Seed ?? state?.Seed ?? (ulong)Random.Shared.NextInt64(1L << 53);
        _sampler = new Sampler(
            options,
            state is not null && state.Seed == Seed ? RandomSource.At(state.Place) : new RandomSource(Seed),
            state?.Counts is { } counts ? new TokenCounts(counts) : null);
        if (state is not null)
        {
            (State, _start, _carried) = (state.Recurrent, state.Position, state.Pending.Length);
            _scored = _partial = state.Partial;
            prompt = [.. state.Pending, .. prompt];
        }

        _partial = tokenizer.PartialAfter(prompt.AsSpan(_carried), _partial);
        _tokens = new GeneratedTokens(tokenizer, _partial);

        if (options.Grammar is { } grammar)
        {
            _grammar = GrammarCache.Get(grammar, tokenizer);
            _grammarState = _grammar.Start;
            if (grammar.Begins is { } begins && prompt.Length > _carried)
            {
                string sent = tokenizer.Decode(prompt[_carried..]);
                _grammarState = _grammar.After(sent[Math.Max(0, sent.LastIndexOf(begins, StringComparison.Ordinal))..]);
            }

            // Another prompt begins the text anew.
            if (prompt.Length == _carried && state?.Grammar is { } stood && stood.Key == grammar.Key && _grammar.Has(stood.State)) _grammarState = stood.State;
        }

        // Between what was generated before and what is now stands the prompt.
        bool isAlone = prompt.Length == _carried;
        _tail = isAlone && state is not null ? state.Tail : "";
        _scoresPrompt = options.ScorePrompt && !isAlone;
        if (prompt.Length == 0) (prompt, _begun) = ([Begin()], _tokens.Count);
        _prompt = prompt;
        // With nothing to be generated the last token is left to whoever goes on: its logits are what the first draw needs.
        _end = options.MaxNewTokens > 0 ? prompt.Length : prompt.Length - 1;
        if (_scoresPrompt && _carried == 0) AddScored(prompt[0], float.NaN, null);
        EndPrompt();
    }

    /// <summary>
    /// Prepares to continue <paramref name="prompt"/>. An empty one goes on from the state; without one it begins a text: after a line break (or the
    /// end of a text before it) where the vocabulary has one, and else with a token drawn from all alike, which is the first one generated.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// The prompt holds nothing that the model reads, or an option is out of its bounds. A model with an unknown token reads whatever it does
    /// not know as that: <see cref="KnowsPrompt"/>.
    /// </exception>
    /// <param name="network">What continues it.</param>
    /// <param name="tokenizer">How it reads and writes text.</param>
    /// <param name="prompt">The text.</param>
    /// <param name="options">How.</param>
    /// <param name="state">The text before it, of the same model; null for none.</param>
    internal static GenerationStream Continue(
        ILanguageNetwork network, Tokenizer tokenizer, string prompt, GenerationOptions options, StreamState? state)
    {
        int[] ids = tokenizer.Encode(prompt, out IReadOnlyList<string> unknown);
        if (options.Beams > 1) throw NoBeams(options);
        if (ids.Length == 0 && prompt.Length > 0) throw new ArgumentException(
            $"the prompt holds none of the {tokenizer.Vocabulary.Count} {tokenizer.Unit}s that the model knows; expected one or more, or no prompt", nameof(prompt));
        return new GenerationStream(network, tokenizer, ids, unknown, options, state);
    }

    /// <summary>The same with a prompt that is tokens already.</summary>
    /// <exception cref="ArgumentException">A token is none of the model's, or an option is out of its bounds.</exception>
    internal static GenerationStream Continue(
        ILanguageNetwork network, Tokenizer tokenizer, IReadOnlyList<int> prompt, GenerationOptions options, StreamState? state)
    {
        if (options.Beams > 1) throw NoBeams(options);
        int[] ids = [.. prompt];
        int wrong = Array.FindIndex(ids, id => id < 0 || id >= tokenizer.Vocabulary.Count);
        if (wrong >= 0)
            throw new ArgumentException($"token {wrong} of the prompt is {ids[wrong]}; expected 0 to {tokenizer.Vocabulary.Count - 1}", nameof(prompt));
        return new GenerationStream(network, tokenizer, ids, [], options, state);
    }

    /// <summary>What keeps the prompt from being read as it stands, in a sentence; null where nothing does. It quotes the prompt.</summary>
    public string? Warning => UnknownText.Sentence(_reader, UnknownTokens);

    /// <summary>What continues it.</summary>
    internal ILanguageNetwork Network { get; }

    /// <summary>The batch that holds its state, which knows where; null while it is in none.</summary>
    internal GenerationBatch? Batch { get; set; }

    /// <summary>Number of the prompt's, or the source's, tokens.</summary>
    public int PromptTokens => Source?.Length ?? _prompt.Length - _carried;

    /// <summary>Number of tokens of the whole text: those before the prompt where a state has them, the prompt's and those generated.</summary>
    public long Position => _start + PromptTokens + _tokens.Count - _begun;

    /// <summary>
    /// What of the prompt the vocabulary does not have, each once: it is read as unknown, or left out where the model has no unknown token.
    /// </summary>
    public IReadOnlyList<string> UnknownTokens { get; }

    /// <summary>Whether the model knows any of the prompt's tokens, or there is no prompt; else what follows has nothing to do with it.</summary>
    public bool KnowsPrompt => _reader.Vocabulary.UnknownId < 0 || PromptTokens == 0
        || (Source is null ? _prompt.AsSpan(_carried) : Source.AsSpan(0, Source.Length - 1)).ContainsAnyExcept(_reader.Vocabulary.UnknownId);

    /// <summary>The ids of all tokens so far: the prompt's, then those generated.</summary>
    public IReadOnlyList<int> TokenIds => [.. _prompt.AsSpan(_carried), .. _tokens.Skip(_begun).Select(generated => generated.Token.Id)];

    /// <summary>Number of the prompt's tokens that have not been read yet.</summary>
    public int PromptLeft => _end - _read;

    /// <summary>The seed in use, given or drawn.</summary>
    public ulong Seed { get; }

    /// <summary>The tokens generated so far.</summary>
    public IReadOnlyList<GeneratedToken> Tokens => _tokens;

    /// <summary>The token that the last step added; null while the prompt is still being read.</summary>
    public GeneratedToken? Newest => _tokens.Count > 0 ? _tokens[_tokens.Count - 1] : null;

    /// <summary>The generated text so far.</summary>
    public string Text => _text.ToString();

    /// <summary>Why it ended; null while it goes on.</summary>
    public FinishReason? Finished { get; private set; }

    /// <summary>What keeps it from going on; null as long as nothing does.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>The network's state after all tokens read, while no batch holds it; null is zero.</summary>
    internal RecurrentState? State { get => States[0]; set => States[0] = value; }

    /// <summary>The tokens that one of its rows reads next.</summary>
    internal ReadOnlyMemory<int> Pending(int row, int promptChunk) =>
        _search is not null ? _search.Pending(row) : _read < _end ? _prompt.AsMemory(_read, Math.Min(promptChunk, (PromptStop > _read ? Math.Min(_end, PromptStop) : _end) - _read)) : _last;

    /// <summary>
    /// Everything that the text's continuation depends on, after any step and at its end. Not while a step is taken, and not by two threads at once.
    /// </summary>
    /// <exception cref="InvalidOperationException">The generation has failed.</exception>
    public StreamState SaveState()
    {
        if (Failure is not null) throw new InvalidOperationException("the generation has failed", Failure);
        if (Source is not null) throw new InvalidOperationException("a translation is not gone on with");
        return new StreamState(Batch?.StateOf(this) ?? State ?? Network.NewState(1))
        {
            Position = Position,
            Seed = Seed,
            Place = _sampler.Place,
            Pending = _read < _prompt.Length ? _prompt[_read..] : [_last[0]],
            Tail = Tail(),
            Partial = _partial,
            Grammar = _grammar is null ? null : (_options.Grammar!.Key, _grammarState),
            Counts = _sampler.Counts?.Order(),
        };
    }

    /// <summary>Takes the logits [V] after a token read: the last one of a step, or each in turn while the prompt is scored.</summary>
    /// <param name="row">Which of the stream's rows.</param>
    /// <param name="step">Index of the token among those read in this step.</param>
    /// <param name="read">Tokens read in this step.</param>
    /// <param name="logits">The logits.</param>
    /// <param name="attention">Where a decoder looked meanwhile; empty for others.</param>
    /// <param name="scratch">Memory to choose the next token in.</param>
    internal void Accept(int row, int step, int read, ReadOnlySpan<float> logits, ReadOnlySpan<float> attention, DrawScratch scratch)
    {
        if (Failure is not null) return;
        try
        {
            if (_search is not null)
            {
                _search.Accept(row, logits, attention, scratch);
                return;
            }

            if (!Read(step, read, logits, scratch)) return;
            _attention?.Add(attention.ToArray());
            Draw(logits, scratch);
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
        if (_read == _end) return true;
        if (_scoresPrompt) ScorePrompt(_read + step, logits, scratch);
        if (step < read - 1) return false;
        for (int i = 0; Source is null && i < read; i++) _sampler.Read(_prompt[_read + i]);
        _read += read;
        EndPrompt();
        return _read == _prompt.Length;
    }

    private void EndPrompt()
    {
        if (_options.MaxNewTokens == 0 && _read == _end) Finished = FinishReason.Length;
    }

    private void Draw(ReadOnlySpan<float> logits, DrawScratch scratch)
    {
        Span<float> values = Sayable(logits, _tokenizer.Vocabulary, scratch, out float logSum);
        TokenMask? mask = Mask();
        if (mask is { MayEnd: false }) mask.Apply(values);
        int id = _sampler.Draw(values, scratch);
        // Where the text may end, whatever cannot follow ends it.
        bool ends = mask is { MayEnd: true } && !mask.Allows(id);
        if (ends && _tokenizer.Vocabulary.EndId >= 0) id = _tokenizer.Vocabulary.EndId;
        _sampler.Generated(id);
        _last[0] = id;

        ends |= id == _tokenizer.Vocabulary.EndId;
        _tokens.Add(id, logits[id] - logSum, Likeliest(logits, logSum, scratch.Ranking, _partial), ends);
        if (ends)
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
        int[] ids = [.. Enumerable.Range(0, vocabulary.Count).Where(id => !vocabulary.IsSpecial(id) && Mask()?.Allows(id) != false)];
        if (ids.Length == 0) throw new ArgumentException($"the vocabulary holds no {_tokenizer.Unit}s to begin with; expected one or more");
        int first = ids[new RandomSource(Seed).Below(ids.Length)];
        if (_options.MaxNewTokens == 0) return first;
        _tokens.Add(first, -MathF.Log(ids.Length), _options.TopNTokens == 0 ? null : []);
        _sampler.Generated(first);
        Append(first);
        return first;
    }

    private void Append(int id)
    {
        // A translation begins a text; whatever else there is stands after its prompt.
        string text = _tokenizer.Decode(id, ref _partial, first: Source is not null && _text.Length == 0);
        _text.Append(text);
        if (_grammar is not null) (_grammarState, _mask) = (_grammar.Advance(_grammarState, id), null);
        if (EndsWithStop(text.Length)) Finished = FinishReason.StopSequence;
        else if (Mask()?.Any == false) Finished = FinishReason.EndOfText;
        else if (_tokens.Count >= _options.MaxNewTokens) Finished = FinishReason.Length;
    }

    /// <summary>Which tokens may follow; null where there is no grammar.</summary>
    private TokenMask? Mask() => _mask ??= _grammar?.Of(_grammarState);

    /// <summary>The logits of what can be said: a copy in which all that stands for no text is −∞.</summary>
    /// <param name="logits">Logits [V].</param>
    /// <param name="vocabulary">The tokens.</param>
    /// <param name="scratch">Where the copy stands.</param>
    /// <param name="logSum">ln Σ exp of all logits.</param>
    /// <exception cref="NetworkException">A logit is too large or no number: then the sum is none either.</exception>
    internal static Span<float> Sayable(ReadOnlySpan<float> logits, Vocabulary vocabulary, DrawScratch scratch, out float logSum)
    {
        Span<float> values = scratch.Values(logits.Length);
        logSum = LogSumExp(logits, values);
        logits.CopyTo(values);
        if (vocabulary.UnknownId >= 0) values[vocabulary.UnknownId] = float.NegativeInfinity;
        if (vocabulary.PaddingId >= 0) values[vocabulary.PaddingId] = float.NegativeInfinity;
        return values;
    }

    private static float LogSumExp(ReadOnlySpan<float> logits, Span<float> scratch)
    {
        float sum = Activations.LogSumExp(logits, scratch);
        NetworkException.ThrowIfNotFinite(sum);
        return sum;
    }

    private ScoredToken[]? Likeliest(ReadOnlySpan<float> logits, float logSum, Ranking ranking, PartialCharacter partial)
    {
        if (_options.TopNTokens == 0) return null;
        ranking.Rank(logits);
        var likeliest = new ScoredToken[Math.Min(_options.TopNTokens, ranking.Count)];
        for (int rank = 0; rank < likeliest.Length; rank++)
            likeliest[rank] = ScoredToken.Of(_tokenizer, ranking[rank], logits[ranking[rank]] - logSum, partial);
        return likeliest;
    }
}
