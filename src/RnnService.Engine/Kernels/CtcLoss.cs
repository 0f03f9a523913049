namespace RnnService.Engine.Kernels;

/// <summary>
/// Connectionist temporal classification (Graves et al. 2006): the probability of a string of symbols is that of all ways to write it over the
/// steps, one symbol or the blank a step, where a run of one symbol stands for it once and blanks fall away. Computed forward and backward in
/// the logarithmic space, in double precision. The blank is symbol 0.
/// </summary>
internal static class CtcLoss
{
    public const int Blank = 0;

    /// <summary>The fewest steps that a string can be written over: a blank must part two of the same symbol.</summary>
    public static int LeastSteps<TSymbol>(ReadOnlySpan<TSymbol> target)
        where TSymbol : IEquatable<TSymbol>
    {
        int steps = target.Length;
        for (int i = 1; i < target.Length; i++) steps += target[i].Equals(target[i - 1]) ? 1 : 0;
        return steps;
    }

    /// <summary>Returns −log p(target) in nats and replaces the logits by its gradient.</summary>
    /// <param name="logits">[T,K], the blank first.</param>
    /// <param name="symbols">K.</param>
    /// <param name="target">The string, of symbols above 0.</param>
    /// <exception cref="ArgumentException">There are fewer steps than <see cref="LeastSteps{TSymbol}"/>.</exception>
    public static double Backward(Span<float> logits, int symbols, ReadOnlySpan<int> target)
    {
        int steps = logits.Length / symbols;
        if (steps < LeastSteps(target))
            throw new ArgumentException($"the target has {target.Length} symbols for {steps} steps; expected {LeastSteps(target)} steps or more");
        double[] log = LogSoftmax(logits, symbols);
        int[] path = Extend(target);
        double[] forward = Forward(log, symbols, path, steps), backward = BackwardSums(log, symbols, path, steps);
        double total = Total(forward, path.Length, steps);
        double[] shares = new double[symbols];
        for (int t = 0; t < steps; t++)
        {
            Array.Clear(shares);
            for (int s = 0; s < path.Length; s++) shares[path[s]] += Math.Exp(forward[t * path.Length + s] + backward[t * path.Length + s] - total);
            for (int k = 0; k < symbols; k++) logits[t * symbols + k] = (float)(Math.Exp(log[t * symbols + k]) - shares[k]);
        }

        return -total;
    }

    /// <summary>log p(target); minus infinity where there are too few steps.</summary>
    /// <param name="logits">[T,K], the blank first.</param>
    /// <param name="symbols">K.</param>
    /// <param name="target">The string, of symbols above 0.</param>
    public static double LogProbability(ReadOnlySpan<float> logits, int symbols, ReadOnlySpan<int> target)
    {
        int[] path = Extend(target);
        int steps = logits.Length / symbols;
        return steps == 0 ? target.IsEmpty ? 0 : double.NegativeInfinity
            : Total(Forward(LogSoftmax(logits, symbols), symbols, path, steps), path.Length, steps);
    }

    /// <summary>The logarithms of the softmax of every step.</summary>
    public static double[] LogSoftmax(ReadOnlySpan<float> logits, int symbols)
    {
        double[] log = new double[logits.Length];
        for (int at = 0; at < logits.Length; at += symbols)
        {
            double largest = double.NegativeInfinity, sum = 0;
            for (int k = 0; k < symbols; k++) largest = Math.Max(largest, logits[at + k]);
            for (int k = 0; k < symbols; k++) sum += Math.Exp(logits[at + k] - largest);
            double shift = largest + Math.Log(sum);
            for (int k = 0; k < symbols; k++) log[at + k] = logits[at + k] - shift;
        }

        return log;
    }

    /// <summary>log (eᵃ + eᵇ).</summary>
    public static double LogSum(double a, double b)
    {
        if (a < b) (a, b) = (b, a);
        return double.IsNegativeInfinity(b) ? a : a + Math.Log(1 + Math.Exp(b - a));
    }

    // A blank before, after and between all symbols.
    private static int[] Extend(ReadOnlySpan<int> target)
    {
        int[] path = new int[2 * target.Length + 1];
        for (int i = 0; i < target.Length; i++) path[2 * i + 1] = target[i];
        return path;
    }

    /// <summary>α [T,S]: log of the sum over all beginnings that are at place s after step t, that step included.</summary>
    private static double[] Forward(double[] log, int symbols, int[] path, int steps)
    {
        int places = path.Length;
        double[] sums = new double[steps * places];
        Array.Fill(sums, double.NegativeInfinity);
        for (int s = 0; s < Math.Min(2, places); s++) sums[s] = log[path[s]];
        for (int t = 1; t < steps; t++)
        {
            ReadOnlySpan<double> before = sums.AsSpan((t - 1) * places, places);
            for (int s = 0; s < places; s++)
            {
                double sum = before[s];
                if (s > 0) sum = LogSum(sum, before[s - 1]);
                if (Skips(path, s)) sum = LogSum(sum, before[s - 2]);
                sums[t * places + s] = sum + log[t * symbols + path[s]];
            }
        }

        return sums;
    }

    /// <summary>β [T,S]: log of the sum over all ends from place s at step t, that step not included.</summary>
    private static double[] BackwardSums(double[] log, int symbols, int[] path, int steps)
    {
        int places = path.Length;
        double[] sums = new double[steps * places];
        Array.Fill(sums, double.NegativeInfinity);
        for (int s = Math.Max(0, places - 2); s < places; s++) sums[(steps - 1) * places + s] = 0;
        for (int t = steps - 2; t >= 0; t--)
        {
            for (int s = 0; s < places; s++)
            {
                double sum = After(s);
                if (s + 1 < places) sum = LogSum(sum, After(s + 1));
                if (s + 2 < places && Skips(path, s + 2)) sum = LogSum(sum, After(s + 2));
                sums[t * places + s] = sum;
            }

            double After(int s) => sums[(t + 1) * places + s] + log[(t + 1) * symbols + path[s]];
        }

        return sums;
    }

    // The blank between two symbols may be left out, unless they are the same.
    private static bool Skips(int[] path, int s) => s >= 2 && path[s] != Blank && path[s] != path[s - 2];

    private static double Total(double[] forward, int places, int steps)
    {
        int last = steps * places - 1;
        return places == 1 ? forward[last] : LogSum(forward[last], forward[last - 1]);
    }
}
