using System.Numerics.Tensors;
using System.Runtime.Intrinsics;

namespace RnnService.Engine.Kernels;

/// <summary>The loops of the optimizers: one pass over the weights, no temporaries. Weights are updated in place.</summary>
internal static class OptimizerUpdate
{
    /// <summary>
    /// Adam (Kingma and Ba 2015): m = β1·m + (1−β1)·g, v = β2·v + (1−β2)·g², w −= rate·m/(√v + ε), after decoupled decay w −= decay·w.
    /// All spans have the length of the weights.
    /// </summary>
    /// <param name="w">Weights.</param>
    /// <param name="g">Gradient.</param>
    /// <param name="m">First moment.</param>
    /// <param name="v">Second moment.</param>
    /// <param name="beta1">β1.</param>
    /// <param name="beta2">β2.</param>
    /// <param name="rate">Learning rate with the bias corrections in it: η·√(1−β2ᵗ)/(1−β1ᵗ).</param>
    /// <param name="epsilon">ε, scaled by √(1−β2ᵗ) like the rate.</param>
    /// <param name="decay">Learning rate times weight decay.</param>
    public static void Adam(
        Span<float> w, ReadOnlySpan<float> g, Span<float> m, Span<float> v, float beta1, float beta2, float rate, float epsilon, float decay)
    {
        int i = 0;
        for (; i + 8 <= w.Length; i += 8)
        {
            Vector256<float> gradient = Vector256.Create(g[i..]);
            Vector256<float> first = Vector256.Create<float>(m[i..]) * beta1 + gradient * (1 - beta1);
            Vector256<float> second = Vector256.Create<float>(v[i..]) * beta2 + gradient * gradient * (1 - beta2);
            // Moments of weights that are rarely touched decay towards denormals, which are slow.
            first = Flush(first);
            second = Flush(second);
            first.CopyTo(m[i..]);
            second.CopyTo(v[i..]);
            Vector256<float> weight = Vector256.Create<float>(w[i..]);
            weight -= weight * decay;
            (weight - first * rate / (Vector256.Sqrt(second) + Vector256.Create(epsilon))).CopyTo(w[i..]);
        }

        for (; i < w.Length; i++)
        {
            m[i] = FlushOne(m[i] * beta1 + g[i] * (1 - beta1));
            v[i] = FlushOne(v[i] * beta2 + g[i] * g[i] * (1 - beta2));
            w[i] -= w[i] * decay;
            w[i] -= m[i] * rate / (MathF.Sqrt(v[i]) + epsilon);
        }

        static Vector256<float> Flush(Vector256<float> x) =>
            Vector256.AndNot(x, Vector256.LessThan(Vector256.Abs(x), Vector256.Create(1e-30f)));

        static float FlushOne(float x) => MathF.Abs(x) < 1e-30f ? 0 : x;
    }

    /// <summary>Momentum: v = momentum·v + g, w −= rate·v, after decoupled decay w −= decay·w.</summary>
    public static void Momentum(Span<float> w, ReadOnlySpan<float> g, Span<float> v, float momentum, float rate, float decay)
    {
        TensorPrimitives.Multiply(v, momentum, v);
        TensorPrimitives.Add(v, g, v);
        Activations.FlushTiny(v); // as Adam's moments
        if (decay != 0) TensorPrimitives.MultiplyAdd(w, -decay, w, w);
        TensorPrimitives.MultiplyAdd(v, -rate, w, w);
    }

    /// <summary>Averages: a += (w − a)·<paramref name="share"/>.</summary>
    public static void Blend(Span<float> a, ReadOnlySpan<float> w, float share)
    {
        int i = 0;
        for (; i + 8 <= a.Length; i += 8)
        {
            Vector256<float> average = Vector256.Create<float>(a[i..]);
            (average + (Vector256.Create(w[i..]) - average) * share).CopyTo(a[i..]);
        }

        for (; i < a.Length; i++) a[i] += (w[i] - a[i]) * share;
    }
}
