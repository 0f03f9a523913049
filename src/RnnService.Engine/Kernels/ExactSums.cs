namespace RnnService.Engine.Kernels;

/// <summary>Sums taken one after the other in 64-bit floats, so that their bits depend on no processor's vectors. For figures, not for steps of time.</summary>
internal static class ExactSums
{
    /// <summary>The dot product.</summary>
    public static double Dot(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        double sum = 0;
        for (int i = 0; i < x.Length; i++) sum += (double)x[i] * y[i];
        return sum;
    }

    /// <summary>The Euclidean norm.</summary>
    public static float Norm(ReadOnlySpan<float> x) => (float)Math.Sqrt(Dot(x, x));
}
