namespace RnnService.Engine.Kernels;

/// <summary>Sums taken one after the other in 64-bit floats, so that their bits depend on no processor's vectors. For figures, not for steps of time.</summary>
internal static class ExactSums
{
    /// <summary>The sum, in four: a single one would wait for itself, and over a large vocabulary that is long.</summary>
    public static double Sum(ReadOnlySpan<float> x)
    {
        double a = 0, b = 0, c = 0, d = 0;
        int i = 0;
        for (; i + 4 <= x.Length; i += 4)
        {
            a += x[i];
            b += x[i + 1];
            c += x[i + 2];
            d += x[i + 3];
        }

        for (; i < x.Length; i++) a += x[i];
        return a + b + (c + d);
    }

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
