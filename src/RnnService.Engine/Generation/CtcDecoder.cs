using System.Numerics.Tensors;
using RnnService.Engine.Kernels;

namespace RnnService.Engine.Generation;

/// <summary>A symbol that was decoded: from 1, at a step, with the logarithm of its probability there.</summary>
internal readonly record struct CtcSymbol(int Symbol, long Step, float LogProbability);

/// <summary>Reads strings out of the outputs [T,K] of a network trained by <see cref="CtcLoss"/>, the blank first.</summary>
internal static class CtcDecoder
{
    /// <summary>The likeliest symbol of every step, runs taken once and blanks left out.</summary>
    /// <param name="logits">[T,K].</param>
    /// <param name="symbols">K.</param>
    /// <param name="last">The likeliest symbol of the step before the first.</param>
    /// <param name="firstStep">The first step's number.</param>
    public static CtcSymbol[] Greedy(ReadOnlySpan<float> logits, int symbols, int last = CtcLoss.Blank, long firstStep = 0)
    {
        var found = new List<CtcSymbol>();
        float[] row = new float[symbols];
        for (int t = 0; t < logits.Length / symbols; t++)
        {
            logits.Slice(t * symbols, symbols).CopyTo(row);
            int best = TensorPrimitives.IndexOfMax<float>(row);
            if (best != CtcLoss.Blank && best != last)
            {
                Activations.Softmax(row);
                found.Add(new CtcSymbol(best, firstStep + t, MathF.Log(row[best])));
            }

            last = best;
        }

        return [.. found];
    }

    /// <summary>
    /// The likeliest of the strings that a search over prefixes keeps (Hannun et al. 2014, without a language model): of each the probabilities of
    /// all ways that end in a blank and of all that do not are added up. Ties are kept in the order in which strings were found.
    /// </summary>
    /// <param name="logits">[T,K].</param>
    /// <param name="symbols">K.</param>
    /// <param name="beams">Prefixes kept from step to step.</param>
    public static CtcSymbol[] Beam(ReadOnlySpan<float> logits, int symbols, int beams)
    {
        double[] log = CtcLoss.LogSoftmax(logits, symbols);
        var root = new Prefix(null, default);
        List<Prefix> kept = [root];
        for (int t = 0; t < logits.Length / symbols; t++)
        {
            ReadOnlySpan<double> step = log.AsSpan(t * symbols, symbols);
            var next = new List<Prefix>(kept.Count * symbols);
            foreach (Prefix prefix in kept)
            {
                int last = prefix.Last.Symbol;
                prefix.AddNext(next, blank: prefix.Total + step[CtcLoss.Blank], symbol: double.NegativeInfinity);
                if (last != CtcLoss.Blank) prefix.AddNext(next, blank: double.NegativeInfinity, symbol: prefix.Symbol + step[last]);
                for (int k = 1; k < symbols; k++)
                {
                    // The same symbol again only after a blank.
                    double before = k == last ? prefix.Blank : prefix.Total;
                    if (!double.IsNegativeInfinity(before))
                        prefix.With(new CtcSymbol(k, t, (float)step[k])).AddNext(next, double.NegativeInfinity, before + step[k]);
                }
            }

            foreach (Prefix prefix in next) prefix.Advance();
            kept = [.. next.OrderByDescending(prefix => prefix.Total).Take(beams)];
        }

        return [.. kept[0].Path().Reverse()];
    }

    /// <summary>A beginning of a string; each is one object, whichever way it was reached.</summary>
    private sealed class Prefix(Prefix? parent, CtcSymbol last)
    {
        private readonly Prefix? _parent = parent;
        private readonly Dictionary<int, Prefix> _longer = [];
        private double _nextBlank = double.NegativeInfinity, _nextSymbol = double.NegativeInfinity;
        private bool _isListed;

        /// <summary>Its last symbol, where it is likeliest to be written.</summary>
        public CtcSymbol Last { get; private set; } = last;

        /// <summary>Log-probability of all ways that end in a blank.</summary>
        public double Blank { get; private set; } = parent is null ? 0 : double.NegativeInfinity;

        /// <summary>Log-probability of all ways that end in the last symbol.</summary>
        public double Symbol { get; private set; } = double.NegativeInfinity;

        public double Total => CtcLoss.LogSum(Blank, Symbol);

        /// <summary>This with a symbol more.</summary>
        public Prefix With(CtcSymbol symbol)
        {
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

        /// <summary>Its symbols, the last first.</summary>
        public IEnumerable<CtcSymbol> Path()
        {
            for (Prefix prefix = this; prefix._parent is { } shorter; prefix = shorter) yield return prefix.Last;
        }
    }
}
