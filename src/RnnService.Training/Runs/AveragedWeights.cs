using RnnService.Engine.Kernels;
using RnnService.Engine.Weights;

namespace RnnService.Training.Runs;

/// <summary>
/// The average of a model's weights over the steps, which is evaluated and saved: exponential, or even from a step on (Polyak and Juditsky 1992) and
/// until then the weights themselves.
/// </summary>
/// <param name="parameters">The weights.</param>
/// <param name="decay">Decay a step of the exponential average; 0 for the even one.</param>
internal sealed class AveragedWeights(Parameters parameters, double decay)
{
    private readonly float[][] _values = [.. parameters.All.Select(parameter => parameter.Values.ToArray())];

    /// <summary>The average of a parameter's values.</summary>
    public float[] Of(Parameter parameter) => _values[parameter.Index];

    /// <summary>Takes in the weights after a step.</summary>
    /// <param name="step">The step, counted from 1.</param>
    /// <param name="evenFrom">The step whose weights are the first of the even average; null before it.</param>
    public void Follow(long step, long? evenFrom)
    {
        if (decay == 0 && evenFrom is null)
        {
            foreach (Parameter parameter in parameters.All) parameter.Values.CopyTo(Of(parameter));
            return;
        }

        // Early averages would remember the random start for long: the decay grows into its full length.
        double share = evenFrom is { } first ? 1.0 / (step - first + 1) : 1 - Math.Min(decay, (1.0 + step) / (10.0 + step));
        foreach (Parameter parameter in parameters.All) OptimizerUpdate.Blend(Of(parameter), parameter.Values, (float)share);
    }

    /// <summary>Exchanges the weights and their average, bit for bit.</summary>
    public void Swap()
    {
        foreach (Parameter parameter in parameters.All)
        {
            float[] average = Of(parameter);
            for (int i = 0; i < average.Length; i++) (average[i], parameter.Data[i]) = (parameter.Data[i], average[i]);
        }
    }
}
