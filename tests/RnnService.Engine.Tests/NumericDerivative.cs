using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests;

/// <summary>Compares gradients with differences of losses.</summary>
internal static class NumericDerivative
{
    /// <summary>Compares the gradients of a loss with its derivative along a random direction of all parameters but fixed ones.</summary>
    /// <param name="parameters">The parameters; their values are as before afterwards.</param>
    /// <param name="refresh">Packs them anew after they changed.</param>
    /// <param name="run">The loss, which depends on the parameters alone, and its gradients.</param>
    /// <param name="share">How far both may be apart, as a share of the root of the summed squares of what the derivative is a sum of.</param>
    public static void Along(Parameters parameters, Action refresh, Func<(double Loss, Gradients Gradients)> run, double share = 1e-2)
    {
        ulong seed = 70;
        float[][] start = [.. parameters.All.Select(parameter => parameter.Values.ToArray())];
        float[][] direction = [.. start.Select(values => Normal(++seed, values.Length))];
        Gradients gradients = run().Gradients;
        double found = 0, size = 0;
        foreach (Parameter parameter in parameters.All)
        {
            ReadOnlySpan<float> gradient = gradients.Of(parameter);
            for (int i = 0; i < gradient.Length; i++)
            {
                double product = (double)gradient[i] * direction[parameter.Index][i];
                found += product;
                size += product * product;
            }
        }

        const float Step = 2e-3f;
        double wanted = (At(Step) - At(-Step)) / (2 * Step);
        At(0);
        Assert.Equal(wanted, found, share * Math.Sqrt(size) + 1e-3);

        double At(float step)
        {
            foreach (Parameter parameter in parameters.All)
            {
                for (int i = 0; i < parameter.Data.Length && !parameter.IsFixed; i++)
                    parameter.Data[i] = start[parameter.Index][i] + step * direction[parameter.Index][i];
            }

            refresh();
            return run().Loss;
        }
    }

    private static float[] Normal(ulong seed, int length)
    {
        var random = new RandomSource(seed);
        float[] values = new float[length];
        foreach (ref float value in values.AsSpan()) value = (float)random.Normal();
        return values;
    }
}
