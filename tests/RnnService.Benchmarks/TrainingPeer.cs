using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Networks.Inputs;
using RnnService.Engine.Weights;

namespace RnnService.Benchmarks;

/// <summary>A training step of this engine on a workload: forward, backward from the output's gradient, and Adam's update.</summary>
internal sealed class TrainingPeer
{
    private readonly TokenInput _input;
    private readonly Recurrent _recurrent;
    private readonly BatchLayout _layout;
    private readonly int[] _ids;
    private readonly Workspace _workspace = new();
    private readonly Gradients _gradients;
    private readonly Parameters _parameters = Parameters.Random(1);
    private readonly float[][] _first, _second;

    public TrainingPeer(Workload work, int[] ids)
    {
        var embedding = new Embedding(_parameters, "embedding", Workload.Vocabulary, work.Embedding);
        _input = new TokenInput(embedding);
        _recurrent = new Recurrent(work.Kind, _parameters, "rnn", work.Embedding, work.Hidden, work.Layers, Direction.Forward, embedding.Weight);
        int[] lengths = new int[work.Batch];
        lengths.AsSpan().Fill(work.Steps);
        _layout = BatchLayout.Of(lengths);
        _ids = ids;
        _gradients = new Gradients(_parameters);
        _first = [.. _parameters.All.Select(parameter => new float[parameter.Values.Length])];
        _second = [.. _parameters.All.Select(parameter => new float[parameter.Values.Length])];
    }

    public void Run()
    {
        _workspace.Reset();
        var pass = new Pass(_workspace, record: true);
        TokenInput.Trace tokens = _input.Forward(pass, _layout, _ids, _recurrent, DropoutRates.None);
        Recurrent.Run run = _recurrent.Forward(pass, _layout, tokens.Rows, _recurrent.NewState(_layout.Batch));
        // The gradient of half the sum of squares.
        Memory<float> dOutput = pass.Workspace.Take(run.Output.Length);
        run.Output.CopyTo(dOutput);
        _gradients.Clear();
        Memory<float> dInput = _recurrent.Backward(pass, run, dOutput, _recurrent.NewState(_layout.Batch), _gradients);
        _input.Backward(pass, _layout, tokens, dInput, _gradients);
        foreach (Parameter parameter in _parameters.All)
        {
            OptimizerUpdate.Adam(
                parameter.Data, _gradients.Of(parameter), _first[parameter.Index], _second[parameter.Index],
                beta1: 0.9f, beta2: 0.999f, rate: 1e-6f, epsilon: 1e-8f, decay: 0);
        }

        _recurrent.Refresh();
    }
}
