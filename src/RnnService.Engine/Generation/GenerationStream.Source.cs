using RnnService.Engine.Layers;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;

namespace RnnService.Engine.Generation;

/// <summary>What a stream has beside its text that is written from a source: what it reads first, and the rows of a search.</summary>
public sealed partial class GenerationStream
{
    private BeamSearch? _search;
    private List<float[]>? _attention; // of each token, where nothing is searched
    private IReadOnlyList<Hypothesis>? _hypotheses;
    private string? _sourceText;
    private string[]? _sourceTokens; // once somebody has asked

    /// <summary>Prepares to write a text from a source.</summary>
    /// <param name="network">What writes it.</param>
    /// <param name="reader">How the source is read.</param>
    /// <param name="writer">How the text is written.</param>
    /// <param name="text">The source.</param>
    /// <param name="options">How.</param>
    /// <param name="mostSourceTokens">Most tokens of the source.</param>
    /// <param name="searches">Whether to search, with a single beam too.</param>
    /// <exception cref="ArgumentException">The source holds nothing that the model reads or too much, or an option is out of its bounds.</exception>
    internal static GenerationStream Translate(
        ITranslatorNetwork network, Tokenizer reader, Tokenizer writer, string text, GenerationOptions options, int mostSourceTokens, bool searches)
    {
        int[] ids = reader.Encode(text, out IReadOnlyList<string> unknown);
        if (ids.Length == 0)
            throw new ArgumentException($"the text holds none of the {reader.Vocabulary.Count} {reader.Unit}s that the model knows; expected one or more", nameof(text));
        if (ids.Length > mostSourceTokens)
            throw new ArgumentException($"the text holds {ids.Length} {reader.Unit}s; expected at most {mostSourceTokens}", nameof(text));
        options.Validate();
        // A text that never ends is cut where no translation is so long.
        int most = Math.Min(options.MaxNewTokens, 2 * ids.Length + 20);
        var stream = new GenerationStream(
            network, writer, [writer.Vocabulary.EndId], unknown, options with { MaxNewTokens = most, ScorePrompt = false }, state: null, reader)
        {
            Source = [.. ids, reader.Vocabulary.EndId],
            _sourceText = text,
        };
        if (most == 0) return stream;
        if (searches) stream._search = new BeamSearch(options, writer.Vocabulary, most);
        else stream._attention = [];
        return stream;
    }

    /// <summary>The ids of a source, the end token's last; null where there is none.</summary>
    internal int[]? Source { get; private init; }

    /// <summary>The tokens of the source in the order of <see cref="Hypothesis.Attention"/>'s columns, the end token's last; none where there is no source.</summary>
    public IReadOnlyList<string> SourceTokens => _sourceText is null ? []
        : _sourceTokens ??= [.. _reader.Read(_sourceText).Tokens.Select(token => token.Text), _reader.Vocabulary[_reader.Vocabulary.EndId]];

    /// <summary>The texts written from a source, best first, once they are there: <see cref="GenerationOptions.Best"/> of a search, and else the one.</summary>
    public IReadOnlyList<Hypothesis> Hypotheses => Source is null || Finished is not { } reason ? [] : _hypotheses ??= [Written(reason)];

    /// <summary>Rows that it takes of a batch.</summary>
    internal int Rows => _search?.Rows ?? 1;

    /// <summary>The network's state of each row, while no batch holds it; null is zero.</summary>
    internal RecurrentState?[] States { get; set; } = new RecurrentState?[1];

    /// <summary>Ends a step of all its rows.</summary>
    /// <returns>For every row of the next step the row whose state it goes on from; null where they stay as they are.</returns>
    internal int[]? EndStep()
    {
        if (_search is null || Failure is not null) return null;
        try
        {
            if (_search.Choose() is not { } rows) return null;
            if (rows.Length == 0) End(_search);
            else States = new RecurrentState?[rows.Length];
            return rows;
        }
        catch (Exception exception)
        {
            Failure = exception;
            return null;
        }
    }

    private void End(BeamSearch search)
    {
        _hypotheses = [.. search.Best(_tokenizer)];
        if (_hypotheses.Count == 0) throw new NetworkException("it gives no token that stands for a text");
        foreach (ScoredToken token in _hypotheses[0].Tokens) _tokens.Add(token.Id, token.LogProbability, _options.TopNTokens == 0 ? null : []);
        _text.Append(_hypotheses[0].Text);
        Finished = _hypotheses[0].Finished;
    }

    private Hypothesis Written(FinishReason reason)
    {
        double sum = _tokens.Sum(token => (double)token.LogProbability);
        return new Hypothesis(
            Text, [.. _tokens.Select(token => token.Token)], sum,
            _tokens.Count == 0 ? 0 : Hypothesis.ScoreOf(sum, _tokens.Count, _attention ?? [], _options), reason, _attention ?? []);
    }

    private static ArgumentException NoBeams(GenerationOptions options) =>
        new($"beams is {options.Beams}; expected 1 but for a translator", nameof(options));
}
