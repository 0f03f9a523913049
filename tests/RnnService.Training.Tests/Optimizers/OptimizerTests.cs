using CsCheck;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Training.Optimizers;
using RnnService.Training.Recipes;
using Xunit;

namespace RnnService.Training.Tests.Optimizers;

public sealed class OptimizerTests
{
    /// <summary>The corrections undo that the state began at zero: a gradient that stays moves every weight by the rate, against its sign.</summary>
    [Fact]
    public void Adam_moves_by_the_rate_under_a_constant_gradient() =>
        Gen.Select(Gen.Float[0, 0.99f], Gen.Float[0, 0.9999f], Gen.Double[1e-4, 0.1], Gen.Float[0.01f, 100], Gen.Bool).Sample(
            (beta1, beta2, rate, size, negative) =>
            {
                var settings = new TrainingSettings { Momentum = beta1, Beta2 = beta2, Epsilon = 1e-12f };
                float gradient = negative ? -size : size;
                double[] moved = Moved(settings, rate, gradient, weight: 0, steps: 25);
                Assert.All(moved, step => Assert.Equal(-Math.Sign(gradient) * rate, step, 2e-3 * rate));
            }, iter: 50);

    /// <summary>ε is added to the root of the corrected second moment, so a constant gradient g moves by g/(|g|+ε) from the first step on.</summary>
    [Fact]
    public void Adams_epsilon_damps_every_step_alike() =>
        Gen.Select(Gen.Float[0, 0.99f], Gen.Float[0, 0.9999f], Gen.Float[0.01f, 10], Gen.Float[0.01f, 10]).Sample(
            (beta1, beta2, epsilon, gradient) =>
            {
                var settings = new TrainingSettings { Momentum = beta1, Beta2 = beta2, Epsilon = epsilon };
                double wanted = -0.1 * gradient / (gradient + epsilon);
                Assert.All(Moved(settings, 0.1, gradient, weight: 0, steps: 25), step => Assert.Equal(wanted, step, 2e-3 * Math.Abs(wanted)));
            }, iter: 50);

    /// <summary>The velocity is a geometric sum.</summary>
    [Fact]
    public void Momentum_adds_up_the_gradients_before() =>
        Gen.Select(Gen.Float[0, 0.99f], Gen.Double[1e-4, 0.1], Gen.Float[-10, 10]).Sample(
            (momentum, rate, gradient) =>
            {
                var settings = new TrainingSettings { Optimizer = OptimizerKind.Sgd, Momentum = momentum };
                double[] moved = Moved(settings, rate, gradient, weight: 0, steps: 25);
                for (int step = 0; step < moved.Length; step++)
                {
                    double velocity = gradient * Enumerable.Range(0, step + 1).Sum(power => Math.Pow(momentum, power));
                    Assert.Equal(-rate * velocity, moved[step], 1e-3 * Math.Abs(rate * velocity) + 1e-5);
                }
            }, iter: 50);

    [Theory]
    [InlineData(OptimizerKind.Adam)]
    [InlineData(OptimizerKind.Sgd)]
    public void Decay_takes_its_share_of_the_weight_and_no_more(OptimizerKind kind)
    {
        var settings = new TrainingSettings { Optimizer = kind, WeightDecay = 0.25f };
        double[] moved = Moved(settings, rate: 0.1, gradient: 0, weight: 8, steps: 3);
        double weight = 8;
        foreach (double step in moved)
        {
            Assert.Equal(-0.1 * 0.25 * weight, step, 1e-5);
            weight += step;
        }
    }

    [Theory]
    [InlineData(OptimizerKind.Adam, 2)]
    [InlineData(OptimizerKind.Sgd, 1)]
    public void The_memory_names_every_parameter_once_in_its_shape(OptimizerKind kind, int arrays)
    {
        Parameters parameters = Network();
        var state = Optimizer.Create(new TrainingSettings { Optimizer = kind }, parameters).State.ToList();
        Assert.Equal(arrays * parameters.All.Count, state.Select(entry => entry.Name).Distinct().Count());
        Assert.All(state, entry => Assert.Equal(entry.Parameter.Values.Length, entry.Values.Length));
        Assert.All(state, entry => Assert.EndsWith("." + entry.Parameter.Name, entry.Name, StringComparison.Ordinal));
    }

    /// <summary>How far each step moves the last weight of every parameter, checked to be the same for all.</summary>
    private static double[] Moved(TrainingSettings settings, double rate, float gradient, float weight, int steps)
    {
        Parameters parameters = Network();
        foreach (Parameter parameter in parameters.All) parameter.Data.AsSpan().Fill(weight);
        var gradients = new Gradients(parameters);
        Optimizer optimizer = Optimizer.Create(settings, parameters);
        double[] moved = new double[steps];
        for (int step = 1; step <= steps; step++)
        {
            foreach (Parameter parameter in parameters.All) gradients.Of(parameter).Fill(gradient);
            double before = parameters.All[0].Values[0];
            optimizer.Step(parameters, gradients, rate, step);
            moved[step - 1] = parameters.All[0].Values[0] - before;
            Assert.All(parameters.All, parameter => Assert.Equal(parameters.All[0].Values[0], parameter.Values[^1], 1e-6 * Math.Max(1, Math.Abs(weight))));
        }

        return moved;
    }

    private static Parameters Network() => TextModel.Create(
        new ModelConfig
        {
            Task = ModelTask.Classifier,
            Cell = CellKind.Gru,
            Tokenizer = Tokenization.Whitespace,
            EmbeddingSize = 3,
            HiddenSize = 3,
            Labels = ["a", "b"],
        },
        new ModelVocabulary(new Vocabulary([Vocabulary.Unknown, "x"])),
        Parameters.Random(1)).Parameters;
}
