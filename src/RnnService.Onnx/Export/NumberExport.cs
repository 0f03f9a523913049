using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Export;

/// <summary>
/// Writes the graph of a model that reads numbers: values in their own units come in, scores or values in their own units go out. A model that reads
/// forward alone takes and gives its states, so that pieces of a sequence give what the whole gives. Used once.
/// </summary>
internal sealed class NumberExport
{
    private const string Batch = "batch", Time = "time";

    private readonly NumberModel _model;
    private readonly GraphWriter _graph;
    private readonly LayerExport _layers;
    private readonly RecurrentStack _stack;

    public NumberExport(NumberModel model, int opset)
    {
        _model = model;
        _graph = new GraphWriter(opset);
        _layers = new LayerExport(_graph, model.Parameters);
        _layers.Calibrate(model.Config.Calibration);
        _stack = new RecurrentStack(model.Config.Cell, "rnn", model.Config.HiddenSize, model.Config.Layers, model.Config.Direction);
    }

    public GraphProto Write()
    {
        int features = _model.Numbers.Features;
        string input = _graph.Input(
            "input_values", DataType.Float, "Steps of numbers in their own units; anything past a row's length.", Batch, Time, features);
        string lengths = _graph.Input("lengths", DataType.Int64, "Steps of each row.", Batch);
        bool carries = _model.IsCausal;
        (string? hidden, string? cellState) = carries ? _layers.StatesIn(_stack, "States to start from, zero for a new sequence.") : (null, null);
        if (!carries) lengths = _layers.Positive(lengths); // a piece of no step is one, where states are carried on

        bool eachStep = _model.Config.AnswersEachStep;
        string x = _graph.Transpose("input.steps", Standardized(input), 1, 0, 2);
        Pooling pooling = _model.Config.Pooling;
        StackValues values = _layers.Recurrent.Write(_stack, x, lengths, hidden, cellState, withSteps: eachStep || pooling != Pooling.Last);
        bool measures = _model.Config.Task is ModelTask.Regressor or ModelTask.Forecaster;
        string output = measures ? "head.values" : "logits";
        if (eachStep)
        {
            string shape = _graph.Node("Slice", "input.shape", [_graph.Node("Shape", "input.sizes", [input]), _graph.Integers(0), _graph.Integers(2)]);
            output = _layers.StepLinear(output, "head", shape, _graph.Transpose("head.rows", values.Steps, 1, 0, 2), "head.weight", "head.bias");
        }
        else
        {
            output = _layers.Answer(output, values, lengths, pooling, _stack);
        }

        if (measures) output = InOwnUnits(output);
        string doc = measures ? "In their own units." : "Of each label; of a transcriber the blank comes first.";
        if (eachStep) _graph.Output(output, doc, Batch, Time, _model.Outputs);
        else _graph.Output(output, doc, Batch, _model.Outputs);
        GraphTransitions.Write(_graph, _model.Parameters);
        if (carries) _layers.StatesOut(_stack, values, "States after each row's last step.");
        return _graph.Graph;
    }

    // (x − μ) / σ, as the engine has it: where σ is not above 0 nothing is divided.
    private string Standardized(string input)
    {
        (float[] mean, float[] deviation) = Units("input");
        string centred = _graph.Node("Sub", "input.centred", [input, _graph.Floats("input.mean", [mean.Length], mean)]);
        float[] factors = [.. deviation.Select(value => 1 / value)];
        return _graph.Node("Mul", "input.standardized", [centred, _graph.Floats("input.factor", [factors.Length], factors)]);
    }

    // A forecast has the units of what is read, step after step.
    private string InOwnUnits(string output)
    {
        (float[] mean, float[] deviation) = Units(_model.Config.Task == ModelTask.Forecaster ? "input" : "output");
        int steps = _model.Outputs / mean.Length;
        string factor = _graph.Floats("output.std", [_model.Outputs], Repeated(deviation)), offset = _graph.Floats("output.mean", [_model.Outputs], Repeated(mean));
        return _graph.Node("Add", "values", [_graph.Node("Mul", "output.scaled", [output, factor]), offset]);

        float[] Repeated(float[] values) => [.. Enumerable.Repeat(values, steps).SelectMany(each => each)];
    }

    private (float[] Mean, float[] Deviation) Units(string prefix)
    {
        return (Values("mean"), [.. Values("std").Select(value => value > 0 ? value : 1)]);

        float[] Values(string name) => _model.Parameters.All.Single(parameter => parameter.Name == $"{prefix}.{name}").Values.ToArray();
    }
}
