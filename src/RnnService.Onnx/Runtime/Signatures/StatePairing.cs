namespace RnnService.Onnx.Runtime.Signatures;

/// <summary>Which output gives the next value of which input of a state.</summary>
internal static class StatePairing
{
    /// <summary>
    /// The output of each input: h_0 and h_n share more than h_0 and c_n; where names do not tell all apart, places do.
    /// </summary>
    /// <param name="inputs">Names of the inputs.</param>
    /// <param name="outputs">Names of at least as many outputs.</param>
    public static string[] Pair(IReadOnlyList<string> inputs, string[] outputs)
    {
        string[] named = [.. inputs.Select(input => outputs.MaxBy(output => Shared(input, output))!)];
        return named.Distinct().Count() == named.Length ? named : outputs[..inputs.Count];
    }

    private static int Shared(string one, string other)
    {
        int start = 0, end = 0;
        while (start < one.Length && start < other.Length && one[start] == other[start]) start++;
        while (end < one.Length - start && end < other.Length - start && one[^(end + 1)] == other[^(end + 1)]) end++;
        return start + end;
    }
}
