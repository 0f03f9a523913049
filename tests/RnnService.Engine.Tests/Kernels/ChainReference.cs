namespace RnnService.Engine.Tests.Kernels;

/// <summary>A conditional random field by a walk over all strings of labels, in double.</summary>
internal static class ChainReference
{
    /// <summary>−log p(target) with the transitions of a model's parameters.</summary>
    public static double Loss(Dictionary<string, double[]> values, double[][] emissions, int[] target)
    {
        if (target.Length == 0) return 0;
        (double[] start, double[] between, double[] end) = (values["crf.start_transitions"], values["crf.transitions"], values["crf.end_transitions"]);
        var all = Strings(target.Length, start.Length).Select(labels => Score(start, between, end, emissions, labels)).ToArray();
        double largest = all.Max();
        return largest + Math.Log(all.Sum(score => Math.Exp(score - largest))) - Score(start, between, end, emissions, target);
    }

    /// <summary>The score of a string.</summary>
    public static double Score(double[] start, double[] between, double[] end, double[][] emissions, int[] labels) =>
        start[labels[0]] + end[labels[^1]] + labels.Select((label, t) => emissions[t][label]).Sum()
        + Enumerable.Range(1, labels.Length - 1).Sum(t => between[labels[t - 1] * start.Length + labels[t]]);

    /// <summary>All strings of labels, the first ones in ordinal order.</summary>
    public static IEnumerable<int[]> Strings(int steps, int labels)
    {
        if (steps == 0) return [[]];
        return Strings(steps - 1, labels).SelectMany(some => Enumerable.Range(0, labels).Select(label => (int[])[.. some, label]));
    }
}
