namespace RnnService.Onnx.Runtime.Probing;

/// <summary>Compares what two runs gave. What is no number on either side cannot be told apart.</summary>
internal static class Closeness
{
    /// <summary>Whether all values are finite.</summary>
    public static bool IsFinite(float[] values) => values.All(float.IsFinite);

    /// <summary>Whether values are near by a share of the value expected, at least of 1.</summary>
    public static bool AreNear(ReadOnlySpan<float> expected, ReadOnlySpan<float> found, float share)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            if (!float.IsFinite(expected[i]) && !float.IsFinite(found[i])) continue;
            if (!(MathF.Abs(expected[i] - found[i]) <= share * MathF.Max(1, MathF.Abs(expected[i])))) return false;
        }

        return true;
    }
}
