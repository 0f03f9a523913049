using RnnService.Engine.Kernels;
using RnnService.Engine.Weights;
using RnnService.Training.Recipes;
using RnnService.Training.Threading;

namespace RnnService.Training.Optimizers;

/// <summary>Turns gradients into steps. Not thread-safe. Its state can be saved and set, for checkpoints.</summary>
internal abstract class Optimizer
{
    /// <summary>The optimizer of a recipe.</summary>
    public static Optimizer Create(TrainingSettings settings, Parameters parameters) => settings.Optimizer switch
    {
        OptimizerKind.Adam => new Adam(settings, parameters),
        OptimizerKind.Sgd => new Sgd(settings, parameters),
        _ => throw new ArgumentOutOfRangeException(nameof(settings), settings.Optimizer, "not a kind of optimizer"),
    };

    /// <summary>Its state, by name: arrays laid out like the parameters.</summary>
    public abstract IEnumerable<(string Name, Parameter Parameter, float[] Values)> State { get; }

    /// <summary>Changes the weights.</summary>
    /// <param name="parameters">The weights.</param>
    /// <param name="gradients">Their gradients.</param>
    /// <param name="rate">The learning rate.</param>
    /// <param name="step">The step's number, from 1.</param>
    public void Step(Parameters parameters, Gradients gradients, double rate, long step) => Step(parameters, gradients, _ => (rate, step));

    /// <summary>Changes the weights, each parameter's at a rate of its own.</summary>
    /// <param name="parameters">The weights.</param>
    /// <param name="gradients">Their gradients.</param>
    /// <param name="stepOf">A parameter's rate, and the number of its step, from 1; below 1 it stays as it is.</param>
    public abstract void Step(Parameters parameters, Gradients gradients, Func<Parameter, (double Rate, long Number)> stepOf);

    // Without a gradient there is no step; decay would be one.
    private protected static float DecayOf(Parameter parameter, TrainingSettings settings, double rate) =>
        parameter.IsFixed ? 0 : (float)(rate * settings.WeightDecay);

    private protected static float[][] Like(Parameters parameters) => [.. parameters.All.Select(parameter => new float[parameter.Values.Length])];

    private protected static IEnumerable<(string, Parameter, float[])> Named(string name, Parameters parameters, float[][] values) =>
        parameters.All.Select(parameter => ($"{name}.{parameter.Name}", parameter, values[parameter.Index]));

    /// <summary>Adam with decoupled weight decay (Kingma and Ba 2015; Loshchilov and Hutter 2019).</summary>
    private sealed class Adam(TrainingSettings settings, Parameters parameters) : Optimizer
    {
        private readonly float[][] _first = Like(parameters), _second = Like(parameters);

        public override IEnumerable<(string Name, Parameter Parameter, float[] Values)> State =>
            Named("adam.first", parameters, _first).Concat(Named("adam.second", parameters, _second));

        public override void Step(Parameters parameters, Gradients gradients, Func<Parameter, (double Rate, long Number)> stepOf)
        {
            ParallelLoop.ForEach(parameters.All, parameter =>
            {
                (double rate, long number) = stepOf(parameter);
                if (number < 1) return;
                double correction1 = 1 - Math.Pow(settings.Momentum, number), correction2 = Math.Sqrt(1 - Math.Pow(settings.Beta2, number));
                float corrected = (float)(rate * correction2 / correction1), epsilon = (float)(settings.Epsilon * correction2);
                OptimizerUpdate.Adam(
                    parameter.Data, gradients.Of(parameter), _first[parameter.Index], _second[parameter.Index],
                    settings.Momentum, settings.Beta2, corrected, epsilon, DecayOf(parameter, settings, rate));
            });
        }
    }

    /// <summary>v = momentum·v + g; w −= rate·v, after decoupled decay.</summary>
    private sealed class Sgd(TrainingSettings settings, Parameters parameters) : Optimizer
    {
        private readonly float[][] _velocity = Like(parameters);

        public override IEnumerable<(string Name, Parameter Parameter, float[] Values)> State => Named("sgd.velocity", parameters, _velocity);

        public override void Step(Parameters parameters, Gradients gradients, Func<Parameter, (double Rate, long Number)> stepOf)
        {
            ParallelLoop.ForEach(parameters.All, parameter =>
            {
                (double rate, long number) = stepOf(parameter);
                if (number < 1) return;
                OptimizerUpdate.Momentum(
                    parameter.Data, gradients.Of(parameter), _velocity[parameter.Index], settings.Momentum, (float)rate, DecayOf(parameter, settings, rate));
            });
        }
    }
}
