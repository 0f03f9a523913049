using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Networks.Inputs;
using RnnService.Engine.Weights;

namespace RnnService.Benchmarks;

/// <summary>This engine on a workload, by one thread, or by two where there are two directions.</summary>
internal sealed class NativePeer
{
    private readonly TokenInput _input;
    private readonly Recurrent _recurrent;
    private readonly RecurrentState _state;
    private readonly BatchLayout _layout;
    private readonly bool _two;
    private readonly int _batch;
    private readonly int[] _ids; // by row of the layout, which for equal lengths is [T,B]
    private readonly Pass _pass = new(new Workspace());

    /// <param name="work">The workload.</param>
    /// <param name="ids">Token ids [T,B].</param>
    /// <param name="change">Makes the values of a name from random ones; null keeps these.</param>
    public NativePeer(Workload work, int[] ids, Func<string, float[], float[]>? change = null)
    {
        _two = work.Both;
        Parameters start = Parameters.Random(1);
        Build(work, start);
        Dictionary<string, float[]> values = start.All.ToDictionary(parameter => parameter.Name, parameter => parameter.Values.ToArray());
        // The same values once more, as a model that is not to be trained.
        Parameters = Parameters.From((name, _) => change?.Invoke(name, values[name]) ?? values[name], typeOf: _ => work.Type);
        (_input, _recurrent) = Build(work, Parameters);
        _batch = work.Batch;
        _state = NewState();
        int[] lengths = new int[work.Batch];
        lengths.AsSpan().Fill(work.Steps);
        _layout = BatchLayout.Of(lengths);
        _ids = ids;
    }

    public Parameters Parameters { get; }

    public RecurrentState NewState() => _recurrent.NewState(_batch);

    /// <summary>One run from the zero state; the output [T,B,directions·H] is valid until the next.</summary>
    public ReadOnlySpan<float> Run()
    {
        Array.Clear(_state.Hidden);
        Array.Clear(_state.CellState);
        return Run(_state);
    }

    /// <summary>One run from a state, which moves on.</summary>
    public ReadOnlySpan<float> Run(RecurrentState state)
    {
        _pass.Workspace.Reset();
        if (_two) _pass.Threads.Begin(Environment.ProcessorCount);
        LayerInput input = _input.Forward(_pass, _layout, _ids, _recurrent, DropoutRates.None).Rows;
        ReadOnlySpan<float> output = _recurrent.Forward(_pass, _layout, input, state).Output.Span;
        if (_two) _pass.Threads.End();
        return output;
    }

    private static (TokenInput Input, Recurrent Recurrent) Build(Workload work, Parameters parameters)
    {
        var embedding = new Embedding(parameters, "embedding", Workload.Vocabulary, work.Embedding);
        Direction direction = work.Both ? Direction.Bidirectional : Direction.Forward;
        return (
            new TokenInput(embedding),
            new Recurrent(work.Kind, parameters, "rnn", work.Embedding, work.Hidden, work.Layers, direction, embedding.Weight));
    }
}
