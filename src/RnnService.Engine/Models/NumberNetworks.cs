using RnnService.Engine.Layers;
using RnnService.Engine.Networks;
using RnnService.Engine.Networks.Heads;
using RnnService.Engine.Networks.Inputs;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Models;

/// <summary>This engine's networks of models that read numbers, as a configuration describes them.</summary>
internal static class NumberNetworks
{
    /// <summary>The network for a configuration that was checked.</summary>
    public static NativeNetwork Create(ModelConfig config, NumbersConfig numbers, Parameters parameters)
    {
        var units = new Standardization(parameters, "input", numbers.Features);
        var input = new NumberInput(units);
        var encoder = new Recurrent(config.Cell, parameters, "rnn", numbers.Features, config.HiddenSize, config.Layers, config.Direction);
        bool forward = config.Direction == Direction.Forward;
        switch (config.Task)
        {
            case ModelTask.Classifier:
                return Sequence(new SequenceHead(parameters, encoder.OutputSize, config.Labels.Count, config.Pooling, config.Direction), null);
            case ModelTask.Tagger:
                return Steps(NativeNetworks.LabelsOfSteps(config, parameters, encoder), null);
            case ModelTask.Forecaster:
                return Steps(Values(new StepHead(parameters, encoder.OutputSize, numbers.Horizon * numbers.Features)), units);
            case ModelTask.Regressor when numbers.EachStep:
                return Steps(Values(new StepHead(parameters, encoder.OutputSize, config.Labels.Count)), OutputUnits());
            case ModelTask.Regressor:
                return Sequence(Values(new SequenceHead(parameters, encoder.OutputSize, config.Labels.Count, config.Pooling, config.Direction)), OutputUnits());
            default:
                return Steps(new CtcHead(new StepHead(parameters, encoder.OutputSize, config.Labels.Count + 1)), null); // and the blank
        }

        Standardization OutputUnits() => new(parameters, "output", config.Labels.Count);

        NativeNetwork Steps<TTargets>(IHead<StepHead.Trace, TTargets> head, Standardization? outputs) =>
            new NumberNetwork<StepHead.Trace, TTargets>(parameters, input, encoder, head, outputs, eachStep: true, forward && !config.Crf);

        NativeNetwork Sequence<TTargets>(IHead<SequenceHead.Trace, TTargets> head, Standardization? outputs) =>
            new NumberNetwork<SequenceHead.Trace, TTargets>(
                parameters, input, encoder, head, outputs, eachStep: false, forward && config.Pooling == Pooling.Last);

        static ValueHead<TTrace, TInner> Values<TTrace, TInner>(IHead<TTrace, TInner> head)
            where TTrace : struct, IHeadTrace => new(head);
    }
}
