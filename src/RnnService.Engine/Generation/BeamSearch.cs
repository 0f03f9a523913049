using RnnService.Engine.Text;

namespace RnnService.Engine.Generation;

/// <summary>
/// The likeliest texts, followed several at a time. After every step the likeliest continuations of all that run, as many as there are beams, are kept; one that
/// ends takes its beam with it (Sutskever et al. 2014), so that a single beam takes the likeliest token until that is the end. It is over when no beam
/// is left, or when nothing that runs can come before what has ended. Rows are accepted by any threads, all else is for one at a time.
/// </summary>
/// <param name="options">How many beams, and what texts are compared by.</param>
/// <param name="vocabulary">The tokens.</param>
/// <param name="most">Most tokens of a text.</param>
internal sealed class BeamSearch(GenerationOptions options, Vocabulary vocabulary, int most)
{
    private readonly List<BeamToken> _ended = [], _cut = [];
    private BeamToken[] _running = [new BeamToken(null, vocabulary.EndId, 0, 0, 0, [])];
    private BeamToken[]?[] _candidates = new BeamToken[]?[1]; // of each row, the likeliest first
    private int _beams = options.Beams;

    /// <summary>Texts that are followed now, a row each.</summary>
    public int Rows => _running.Length;

    /// <summary>The token that a row reads next.</summary>
    public ReadOnlyMemory<int> Pending(int row) => _running[row].Token;

    /// <summary>Takes what the network says after a row's token.</summary>
    public void Accept(int row, ReadOnlySpan<float> logits, ReadOnlySpan<float> attention, DrawScratch scratch)
    {
        Span<float> values = GenerationStream.Sayable(logits, vocabulary, scratch, out float logSum);
        scratch.Ranking.Rank(values);
        scratch.Ranking.Keep(_beams);
        BeamToken from = _running[row];
        float[] looked = attention.ToArray();
        var likeliest = new List<BeamToken>(scratch.Ranking.Count);
        for (int rank = 0; rank < scratch.Ranking.Count && !float.IsNegativeInfinity(values[scratch.Ranking[rank]]); rank++)
        {
            int id = scratch.Ranking[rank];
            float logProbability = logits[id] - logSum;
            likeliest.Add(new BeamToken(from, id, logProbability, from.Sum + logProbability, from.Length + 1, looked));
        }

        _candidates[row] = [.. likeliest];
    }

    /// <summary>Ends a step.</summary>
    /// <returns>For every row of the next step the row that it goes on from, none when the search is over; null where no row took the step.</returns>
    /// <exception cref="InvalidOperationException">Some rows took the step, and others did not.</exception>
    public int[]? Choose()
    {
        int taken = _candidates.Count(candidates => candidates is not null);
        if (taken == 0) return null;
        if (taken < Rows) throw new InvalidOperationException("some beams took a step that others did not");
        // Ties go to the row that was likelier before, then to the smaller id: the order is stable.
        (BeamToken Token, int Row)[] kept = [.. _candidates.SelectMany((tokens, row) => tokens!.Select(token => (Token: token, Row: row)))
            .OrderByDescending(candidate => candidate.Token.Sum).Take(_beams)];
        (BeamToken Token, int Row)[] next = [.. kept.Where(candidate => candidate.Token.Id != vocabulary.EndId && candidate.Token.Length < most)];
        foreach ((BeamToken token, _) in kept)
        {
            if (token.Id == vocabulary.EndId) _ended.Add(token);
            else if (token.Length == most) _cut.Add(token);
        }

        _beams = options.Beams - _ended.Count;
        if (next.Length > 0 && IsDecided(next)) next = [];
        _running = [.. next.Select(candidate => candidate.Token)];
        _candidates = new BeamToken[]?[_running.Length];
        return [.. next.Select(candidate => candidate.Row)];
    }

    /// <summary>The texts, best first: those that ended by themselves, then those that reached the limit.</summary>
    public IEnumerable<Hypothesis> Best(Tokenizer tokenizer) => _ended.OrderByDescending(ScoreOf).Concat(_cut.OrderByDescending(ScoreOf))
        .Take(options.Best).Select(token => token.ToHypothesis(tokenizer, ScoreOf(token)));

    /// <summary>Whether as many as are asked for have ended, none of which anything that runs can overtake: a sum only falls.</summary>
    private bool IsDecided((BeamToken Token, int Row)[] running)
    {
        if (_ended.Count < options.Best) return false;
        double worst = _ended.Select(ScoreOf).OrderDescending().ElementAt(options.Best - 1);
        return running.All(one => worst >= one.Token.Sum / Math.Pow(options.LengthPenalty >= 0 ? most : one.Token.Length + 1, options.LengthPenalty));
    }

    private double ScoreOf(BeamToken token) => Hypothesis.ScoreOf(token.Sum, token.Length, options.CoveragePenalty == 0 ? [] : token.Path().Select(one => one.Attention), options);

    /// <summary>A token of a text, after those before it.</summary>
    /// <param name="Before">The token before; null at the start, which is no token of the text.</param>
    /// <param name="Id">Its id.</param>
    /// <param name="LogProbability">Its own.</param>
    /// <param name="Sum">That of the text up to here.</param>
    /// <param name="Length">Tokens up to here.</param>
    /// <param name="Attention">Where the decoder looked for it.</param>
    private sealed record BeamToken(BeamToken? Before, int Id, float LogProbability, double Sum, int Length, float[] Attention)
    {
        public int[] Token { get; } = [Id];

        public BeamToken[] Path()
        {
            var path = new BeamToken[Length];
            for (BeamToken token = this; token.Before is not null; token = token.Before) path[token.Length - 1] = token;
            return path;
        }

        public Hypothesis ToHypothesis(Tokenizer tokenizer, double score)
        {
            BeamToken[] path = Path();
            bool hasEnd = Id == tokenizer.Vocabulary.EndId;
            var tokens = new GeneratedTokens(tokenizer, default);
            foreach (BeamToken token in path) tokens.Add(token.Id, token.LogProbability, null);
            return new Hypothesis(
                tokenizer.Decode(path.Take(path.Length - (hasEnd ? 1 : 0)).Select(token => token.Id)), [.. tokens.Select(token => token.Token)], Sum, score,
                hasEnd ? FinishReason.EndOfText : FinishReason.Length, [.. path.Select(token => token.Attention)]);
        }
    }
}
