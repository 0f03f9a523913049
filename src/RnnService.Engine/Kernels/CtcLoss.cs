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
        double total = Total(forward.AsSpan((steps - 1) * path.Length));
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
    public static double LogProbability(ReadOnlySpan<float> logits, int symbols, ReadOnlySpan<int> target) =>
        LogProbability(LogSoftmax(logits, symbols), symbols, target);

    /// <summary>The same of the logarithms of the softmax, with the sums of one step in memory.</summary>
    /// <param name="log">[T,K]: see <see cref="LogSoftmax(ReadOnlySpan{float}, int)"/>.</param>
    /// <param name="symbols">K.</param>
    /// <param name="target">The string, of symbols above 0.</param>
    public static double LogProbability(ReadOnlySpan<double> log, int symbols, ReadOnlySpan<int> target)
    {
        if (log.IsEmpty) return target.IsEmpty ? 0 : double.NegativeInfinity;
        int[] path = Extend(target);
        double[] sums = new double[path.Length];
        Begin(sums, log, path);
        for (int at = symbols; at < log.Length; at += symbols) Advance(sums, log.Slice(at, symbols), path);
        return Total(sums);
    }

    /// <summary>The logarithms of the softmax of every step.</summary>
    public static double[] LogSoftmax(ReadOnlySpan<float> logits, int symbols)
    {
        double[] log = new double[logits.Length];
        for (int at = 0; at < logits.Length; at += symbols) LogSoftmax(logits.Slice(at, symbols), log.AsSpan(at, symbols));
        return log;
    }

    /// <summary>The logarithms of the softmax of one step [K].</summary>
    public static void LogSoftmax(ReadOnlySpan<float> logits, Span<double> log)
    {
        double largest = double.NegativeInfinity, sum = 0;
        foreach (float logit in logits) largest = Math.Max(largest, logit);
        foreach (float logit in logits) sum += Math.Exp(logit - largest);
        double shift = largest + Math.Log(sum);
        for (int k = 0; k < logits.Length; k++) log[k] = logits[k] - shift;
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
        Begin(sums.AsSpan(0, places), log, path);
        for (int t = 1; t < steps; t++)
        {
            Span<double> now = sums.AsSpan(t * places, places);
            sums.AsSpan((t - 1) * places, places).CopyTo(now);
            Advance(now, log.AsSpan(t * symbols, symbols), path);
        }

        return sums;
    }

    // α [S] of the first step.
    private static void Begin(Span<double> sums, ReadOnlySpan<double> log, int[] path)
    {
        sums.Fill(double.NegativeInfinity);
        for (int s = 0; s < Math.Min(2, path.Length); s++) sums[s] = log[path[s]];
    }

    // α [S] of the step before becomes that of a step, from the last place on: each needs those below it as they were.
    private static void Advance(Span<double> sums, ReadOnlySpan<double> log, int[] path)
    {
        for (int s = path.Length - 1; s >= 0; s--)
        {
            double sum = sums[s];
            if (s > 0) sum = LogSum(sum, sums[s - 1]);
            if (Skips(path, s)) sum = LogSum(sum, sums[s - 2]);
            sums[s] = sum + log[path[s]];
        }
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

    // Of the last step's sums: a string ends in its last symbol or in the blank after it.
    private static double Total(ReadOnlySpan<double> sums) => sums.Length == 1 ? sums[0] : LogSum(sums[^1], sums[^2]);
}
