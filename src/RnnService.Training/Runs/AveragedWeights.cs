using RnnService.Engine.Kernels;
using RnnService.Engine.Weights;

namespace RnnService.Training.Runs;

/// <summary>The exponential average of a model's weights over the steps: what is evaluated and saved.</summary>
internal sealed class AveragedWeights(Parameters parameters, double decay)
{
    private readonly float[][] _values = [.. parameters.All.Select(parameter => parameter.Values.ToArray())];

    /// <summary>The average of a parameter's values.</summary>
    public float[] Of(Parameter parameter) => _values[parameter.Index];

    /// <summary>Takes in the weights after a step, counted from 1.</summary>
    public void Follow(long step)
    {
        // Early averages would remember the random start for long: the decay grows into its full length.
        double share = Math.Min(decay, (1.0 + step) / (10.0 + step));
        foreach (Parameter parameter in parameters.All) OptimizerUpdate.Blend(Of(parameter), parameter.Values, (float)(1 - share));
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
