using RnnService.Engine.Kernels;

namespace RnnService.Engine.Generation;

/// <summary>
/// The likeliest of the strings that a search over prefixes keeps (Hannun et al. 2014, without a language model), of outputs [T,K] that may come in
/// pieces: of each the probabilities of all ways that end in a blank and of all that do not are added up. Ties are kept in the order in which strings
/// were found. Not thread-safe.
/// </summary>
/// <param name="symbols">K.</param>
/// <param name="beams">Prefixes kept from step to step.</param>
internal sealed class CtcBeamSearch(int symbols, int beams)
{
    private readonly double[] _step = new double[symbols];
    private readonly Prefix _root = new(null, default);
    private Prefix[] _kept = [];
    private long _steps;

    /// <summary>How many prefixes are in memory: those that are kept, their beginnings, and what is a symbol longer than either.</summary>
    public int Prefixes
    {
        get
        {
            int count = 0;
            var left = new Stack<Prefix>([_root]);
            for (; left.TryPop(out Prefix? prefix); count++)
            {
                foreach (Prefix longer in prefix.Longer) left.Push(longer);
            }

            return count;
        }
    }

    /// <summary>Reads the next steps.</summary>
    /// <param name="logits">[T,K].</param>
    public void Read(ReadOnlySpan<float> logits)
    {
        if (_kept.Length == 0) Keep([_root]);
        for (; !logits.IsEmpty; logits = logits[symbols..], _steps++)
        {
            CtcLoss.LogSoftmax(logits[..symbols], _step);
            List<Prefix> next = Next();
            foreach (Prefix prefix in next) prefix.Advance();
            Keep([.. next.OrderByDescending(prefix => prefix.Total).Take(beams)]);
        }
    }

    /// <summary>The likeliest string of all steps read.</summary>
    public CtcSymbol[] Best() => _kept.Length == 0 ? [] : [.. _kept[0].Path().Reverse()];

    /// <summary>All prefixes that a step makes of those that are kept.</summary>
    private List<Prefix> Next()
    {
        var next = new List<Prefix>(_kept.Length * symbols);
        foreach (Prefix prefix in _kept)
        {
            int last = prefix.Last.Symbol;
            prefix.AddNext(next, blank: prefix.Total + _step[CtcLoss.Blank], symbol: double.NegativeInfinity);
            if (last != CtcLoss.Blank) prefix.AddNext(next, blank: double.NegativeInfinity, symbol: prefix.Symbol + _step[last]);
            for (int k = 1; k < symbols; k++)
            {
                // The same symbol again only after a blank.
                double before = k == last ? prefix.Blank : prefix.Total;
                if (!double.IsNegativeInfinity(before))
                    prefix.With(new CtcSymbol(k, _steps, (float)_step[k])).AddNext(next, double.NegativeInfinity, before + _step[k]);
            }
        }

        return next;
    }

    private void Keep(Prefix[] best)
    {
        foreach (Prefix prefix in best) prefix.Hold();
        foreach (Prefix prefix in _kept) prefix.Release();
        _kept = best;
    }

    /// <summary>A beginning of a string; each is one object, whichever way it was reached.</summary>
    private sealed class Prefix(Prefix? parent, CtcSymbol last)
    {
        private readonly Prefix? _parent = parent;
        private Dictionary<int, Prefix>? _longer; // only while it is held
        private double _nextBlank = double.NegativeInfinity, _nextSymbol = double.NegativeInfinity;
        private int _holds; // by being kept, and by each longer one that is held
        private bool _isListed;

        /// <summary>Its last symbol, where it is likeliest to be written since it was last made.</summary>
        public CtcSymbol Last { get; private set; } = last;

        /// <summary>Log-probability of all ways that end in a blank.</summary>
        public double Blank { get; private set; } = parent is null ? 0 : double.NegativeInfinity;

        /// <summary>Log-probability of all ways that end in the last symbol.</summary>
        public double Symbol { get; private set; } = double.NegativeInfinity;

        public double Total => CtcLoss.LogSum(Blank, Symbol);

        /// <summary>Those that are a symbol longer.</summary>
        public IEnumerable<Prefix> Longer => _longer?.Values ?? Enumerable.Empty<Prefix>();

        /// <summary>This with a symbol more; it is held.</summary>
        public Prefix With(CtcSymbol symbol)
        {
            _longer ??= [];
            if (!_longer.TryGetValue(symbol.Symbol, out Prefix? longer)) _longer.Add(symbol.Symbol, longer = new Prefix(this, symbol));
            else if (symbol.LogProbability > longer.Last.LogProbability) longer.Last = symbol;
            return longer;
        }

        /// <summary>Adds ways of the next step.</summary>
        public void AddNext(List<Prefix> next, double blank, double symbol)
        {
            (_nextBlank, _nextSymbol) = (CtcLoss.LogSum(_nextBlank, blank), CtcLoss.LogSum(_nextSymbol, symbol));
            if (!_isListed) next.Add(this);
            _isListed = true;
        }

        /// <summary>Makes the next step this one.</summary>
        public void Advance()
        {
            (Blank, Symbol, _isListed) = (_nextBlank, _nextSymbol, false);
            _nextBlank = _nextSymbol = double.NegativeInfinity;
        }

        /// <summary>Keeps it and its beginnings.</summary>
        public void Hold()
        {
            for (Prefix? prefix = this; prefix is not null && prefix._holds++ == 0;) prefix = prefix._parent;
        }

        /// <summary>Lets go of what is longer, and of its beginnings', where nothing that is kept needs it any more.</summary>
        public void Release()
        {
            for (Prefix? prefix = this; prefix is not null && --prefix._holds == 0; prefix = prefix._parent) prefix._longer = null;
        }

        /// <summary>Its symbols, the last first.</summary>
        public IEnumerable<CtcSymbol> Path()
        {
            for (Prefix prefix = this; prefix._parent is { } shorter; prefix = shorter) yield return prefix.Last;
        }
    }
}
