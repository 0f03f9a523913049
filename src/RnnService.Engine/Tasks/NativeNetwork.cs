using System.Collections.Concurrent;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Tasks;

/// <summary>A network of this engine's own layers, which can also be trained. Immutable but for <see cref="Refresh"/>.</summary>
internal abstract class NativeNetwork(ModelConfig config, Parameters parameters) : INetwork
{
    private readonly ConcurrentBag<Workspace> _workspaces = [];

    public string Backend => "native";

    public long ParameterCount => Parameters.Count;

    public Parameters Parameters { get; } = parameters;

    protected ModelConfig Config { get; } = config;

    /// <summary>Packs the weights anew after a trainer changed them.</summary>
    public abstract void Refresh();

    public void Dispose()
    {
    }

    /// <summary>Runs a pass without a way back on a workspace of its own.</summary>
    protected void Infer(Action<Pass> run)
    {
        if (!_workspaces.TryTake(out Workspace? workspace)) workspace = new Workspace();
        try
        {
            run(new Pass(workspace));
        }
        finally
        {
            workspace.Reset();
            _workspaces.Add(workspace);
        }
    }

    protected Recurrent NewRecurrent(int inputSize) =>
        new(Config.Cell, Parameters, "rnn", inputSize, Config.HiddenSize, Config.Layers, Config.Direction);
}
