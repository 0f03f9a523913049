using System.Runtime.CompilerServices;

namespace RnnService.Engine.Kernels;

/// <summary>
/// What attention does with one query and one row that it looks at, forward and back. The order of every sum depends on the width alone, so that a
/// row's result has the same bits wherever it lies in memory.
/// </summary>
internal static class AttentionRows
{
    /// <summary>x·y, in four sums of vectors.</summary>
    public static float Dot(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        y = y[..x.Length];
        const int Four = 4;
        Vector8 a = Vector8.Broadcast(0), b = a, c = a, d = a;
        int i = 0, step = Vector8.Count;
        for (; i + Four * step <= x.Length; i += Four * step)
        {
            a = Vector8.MultiplyAdd(Vector8.Load(x, i), Vector8.Load(y, i), a);
            b = Vector8.MultiplyAdd(Vector8.Load(x, i + step), Vector8.Load(y, i + step), b);
            c = Vector8.MultiplyAdd(Vector8.Load(x, i + 2 * step), Vector8.Load(y, i + 2 * step), c);
            d = Vector8.MultiplyAdd(Vector8.Load(x, i + 3 * step), Vector8.Load(y, i + 3 * step), d);
        }

        for (; i < x.Length; i += step) a = Vector8.MultiplyAdd(Vector8.Load(x, i), Vector8.Load(y, i), a);
        return (a + b + (c + d)).Sum();
    }

    /// <summary>y += factor·x.</summary>
    public static void AddScaled(float factor, ReadOnlySpan<float> x, Span<float> y)
    {
        y = y[..x.Length];
        Vector8 all = Vector8.Broadcast(factor);
        for (int i = 0; i < x.Length; i += Vector8.Count) Vector8.MultiplyAdd(all, Vector8.Load(x, i), Vector8.Load(y, i)).Store(y, i);
    }

    /// <summary>v·tanh(key + query).</summary>
    public static float AdditiveScore(ReadOnlySpan<float> key, ReadOnlySpan<float> query, ReadOnlySpan<float> v)
    {
        Vector8 sum = Vector8.Broadcast(0);
        for (int i = 0; i < key.Length; i += Vector8.Count)
            sum = Vector8.MultiplyAdd(Vector8.Load(v, i), Squashed(key, query, i), sum);
        return sum.Sum();
    }

    /// <summary>Adds the gradients that a score's gives to key, query and v. The hyperbolic tangents are computed anew: that is less than to keep them.</summary>
    public static void AdditiveBackward(
        float dScore, ReadOnlySpan<float> key, ReadOnlySpan<float> query, ReadOnlySpan<float> v, Span<float> dKey, Span<float> dQuery, Span<float> dv)
    {
        Vector8 all = Vector8.Broadcast(dScore);
        for (int i = 0; i < key.Length; i += Vector8.Count)
        {
            Vector8 squashed = Squashed(key, query, i);
            Vector8 d = VectorMath.TanhBackward(squashed, all * Vector8.Load(v, i));
            (Vector8.Load(dKey, i) + d).Store(dKey, i);
            (Vector8.Load(dQuery, i) + d).Store(dQuery, i);
            Vector8.MultiplyAdd(all, squashed, Vector8.Load(dv, i)).Store(dv, i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector8 Squashed(ReadOnlySpan<float> key, ReadOnlySpan<float> query, int at) =>
        VectorMath.Tanh(Vector8.Load(key, at) + Vector8.Load(query, at));
}
