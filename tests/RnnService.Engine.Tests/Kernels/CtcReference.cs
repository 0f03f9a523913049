namespace RnnService.Engine.Tests.Kernels;

/// <summary>Connectionist temporal classification by its definition: every way to write something over the steps is gone through.</summary>
internal static class CtcReference
{
    /// <summary>−log of the summed probability of all paths that read as the target.</summary>
    public static double Loss(double[][] logits, int[] target) => -Math.Log(Probabilities(logits).GetValueOrDefault(Key(target)));

    /// <summary>The probability of every string.</summary>
    public static Dictionary<string, double> Probabilities(double[][] logits)
    {
        double[][] shares = [.. logits.Select(row => row.Select(value => Math.Exp(value) / row.Sum(Math.Exp)).ToArray())];
        var sums = new Dictionary<string, double>();
        int symbols = logits[0].Length;
        for (long path = 0; path < (long)Math.Pow(symbols, logits.Length); path++)
        {
            long rest = path;
            double probability = 1;
            var read = new List<int>();
            int last = 0;
            foreach (double[] step in shares)
            {
                int symbol = (int)(rest % symbols);
                rest /= symbols;
                probability *= step[symbol];
                if (symbol != 0 && symbol != last) read.Add(symbol);
                last = symbol;
            }

            string key = Key([.. read]);
            sums[key] = sums.GetValueOrDefault(key) + probability;
        }

        return sums;
    }

    public static string Key(int[] symbols) => string.Join(' ', symbols);
}
