using System.Numerics.Tensors;

namespace RnnService.Engine.Weights;

/// <summary>Looks for values that are no numbers to compute with.</summary>
internal static class Finite
{
    /// <summary>The first NaN or infinity among the values; null when there is none.</summary>
    public static float? FirstNot(ReadOnlySpan<float> values)
    {
        // The largest magnitude is NaN when any value is.
        if (values.IsEmpty || float.IsFinite(TensorPrimitives.MaxMagnitude(values))) return null;
        foreach (float value in values)
        {
            if (!float.IsFinite(value)) return value;
        }

        return null;
    }
}
