using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Layers;

public sealed class LinearTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 7, 5)]
    [InlineData(13, 20, 33)]
    [InlineData(2, 65, 40)]
    [InlineData(0, 4, 3)]
    public void Agrees_with_sums_in_double_forward_and_back(int rows, int inputs, int outputs)
    {
        Parameters parameters = Parameters.From(
            (name, shape) => Draw.Normal((ulong)name.Length, shape.Aggregate((a, b) => a * b)), trainable: true);
        var linear = new Linear(parameters, "head", inputs, outputs);
        Assert.Equal(["head.weight", "head.bias"], parameters.All.Select(parameter => parameter.Name));
        float[] x = Draw.Normal(1, rows * inputs), dx = new float[rows * inputs];
        float[] y = new float[rows * outputs], dy = Draw.Normal(2, rows * outputs);
        dx.AsSpan().Fill(float.NaN);
        ReadOnlySpan<float> w = parameters.All[0].Values, b = parameters.All[1].Values;
        var gradients = new Gradients(parameters);
        linear.Forward(rows, x, y);
        for (int call = 0; call < 2; call++) linear.Backward(rows, x, dy, dx, gradients, new Workspace());

        double[] wantedY = new double[y.Length], wantedX = new double[x.Length];
        double[] wantedW = new double[w.Length], wantedB = new double[outputs];
        for (int row = 0; row < rows; row++)
        {
            for (int o = 0; o < outputs; o++)
            {
                double gradient = dy[row * outputs + o];
                wantedY[row * outputs + o] = b[o];
                wantedB[o] += 2 * gradient; // gradients add up over calls
                for (int i = 0; i < inputs; i++)
                {
                    wantedY[row * outputs + o] += (double)w[o * inputs + i] * x[row * inputs + i];
                    wantedX[row * inputs + i] += w[o * inputs + i] * gradient;
                    wantedW[o * inputs + i] += 2 * gradient * x[row * inputs + i];
                }
            }
        }

        Expect.Near(wantedY, y, 2e-5, "output");
        Expect.Near(wantedX, dx, 2e-5, "gradient of the input");
        Expect.Near(wantedW, gradients.Of(parameters.All[0]), 2e-5, "gradient of the weight");
        Expect.Near(wantedB, gradients.Of(parameters.All[1]), 2e-5, "gradient of the bias");
    }

    [Fact]
    public void A_shared_matrix_is_one_parameter()
    {
        Parameters parameters = Parameters.Random(1);
        var embedding = new Embedding(parameters, "embedding", tokens: 6, size: 4);
        var head = new Linear(parameters, embedding.Weight, "head");
        Assert.Equal(["embedding.weight", "head.bias"], parameters.All.Select(parameter => parameter.Name));
        Assert.Equal((4, 6), (head.Inputs, head.Outputs));
        float[] y = new float[6];
        head.Forward(1, [1, 0, 0, 0], y);
        Assert.Equal(Enumerable.Range(0, 6).Select(token => embedding.Weight.Values[token * 4]), y);
    }
}
