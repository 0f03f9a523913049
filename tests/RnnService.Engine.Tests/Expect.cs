using RnnService.Engine.Models;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests;

/// <summary>Comparisons of whole spans that say where they fail.</summary>
internal static class Expect
{
    /// <summary>Equal in every bit, so that −0 is not 0 and NaN is itself.</summary>
    public static void SameBits(ReadOnlySpan<float> wanted, ReadOnlySpan<float> found, string what = "value")
    {
        Assert.Equal(wanted.Length, found.Length);
        for (int i = 0; i < wanted.Length; i++)
        {
            if (BitConverter.SingleToInt32Bits(wanted[i]) != BitConverter.SingleToInt32Bits(found[i]))
                Assert.Fail($"{what} {i} is {found[i]:G9}: exactly {wanted[i]:G9} wanted");
        }
    }

    /// <summary>
    /// Checks that steps allocate nothing: at least ten in a row of a hundred. Now and then one makes a thread to compute with, because
    /// other tests have those there are.
    /// </summary>
    public static void NoAllocation(Action step)
    {
        long least = long.MaxValue;
        for (int window = 0; window < 10; window++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 10; i++) step();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    /// <summary>Every value within an absolute tolerance.</summary>
    public static void Near(ReadOnlySpan<double> wanted, ReadOnlySpan<float> found, double tolerance, string what = "value")
    {
        Assert.Equal(wanted.Length, found.Length);
        for (int i = 0; i < wanted.Length; i++)
        {
            if (!(Math.Abs(wanted[i] - found[i]) <= tolerance))
                Assert.Fail($"{what} {i} is {found[i]:G9}: {wanted[i]:G9} within {tolerance:G3} wanted");
        }
    }

    /// <summary>Every value within a share of the tensor's largest entry, or of <paramref name="floor"/> where all are smaller.</summary>
    public static void NearLargest(
        ReadOnlySpan<double> wanted, ReadOnlySpan<float> found, double share, double floor, string what = "value")
    {
        double largest = floor;
        foreach (double value in wanted) largest = Math.Max(largest, Math.Abs(value));
        Near(wanted, found, share * largest, what);
    }

    /// <summary>Compares the gradients of a model's loss with its derivative along a random direction of all parameters but fixed ones.</summary>
    /// <param name="model">The model; its weights are as before afterwards.</param>
    /// <param name="lossOf">The loss, which depends on the weights alone; its gradients are added.</param>
    public static void GradientAlong(Model model, Func<Gradients, double> lossOf)
    {
        NumericDerivative.Along(model.Parameters, model.Refresh, () =>
        {
            var gradients = new Gradients(model.Parameters);
            return (lossOf(gradients), gradients);
        });
    }
}

/// <summary>Random test data that depends on its seed alone.</summary>
internal static class Draw
{
    public static float[] Normal(ulong seed, int length, double deviation = 1)
    {
        var random = new RandomSource(seed);
        float[] values = new float[length];
        foreach (ref float value in values.AsSpan()) value = (float)(random.Normal() * deviation);
        return values;
    }

    public static double[] ToDouble(ReadOnlySpan<float> values)
    {
        double[] result = new double[values.Length];
        for (int i = 0; i < result.Length; i++) result[i] = values[i];
        return result;
    }
}
