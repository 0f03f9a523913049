using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Weights;

namespace RnnService.Benchmarks;

/// <summary>This engine on a workload.</summary>
internal sealed class NativePeer
{
    private readonly Recurrent _recurrent;
    private readonly RecurrentState _state;
    private readonly BatchLayout _layout;
    private readonly bool _two;
    private readonly int[] _ids; // by row of the layout, which for equal lengths is [T,B]
    private readonly Pass _pass = new(new Workspace());

    public NativePeer(Workload work, int[] ids, int threads)
    {
        _two = threads == 2;
        Parameters start = Parameters.Random(1);
        Build(work, start);
        // The same values once more, as a model that is not to be trained.
        Parameters = Parameters.From((name, _) => start.All.Single(parameter => parameter.Name == name).Values.ToArray(), typeOf: _ => work.Type);
        _recurrent = Build(work, Parameters);
        _state = _recurrent.NewState(work.Batch);
        int[] lengths = new int[work.Batch];
        lengths.AsSpan().Fill(work.Steps);
        _layout = BatchLayout.Of(lengths);
        _ids = ids;
    }

    public Parameters Parameters { get; }

    /// <summary>One run from the zero state; the output [T,B,directions·H] is valid until the next.</summary>
    public ReadOnlySpan<float> Run()
    {
        _pass.Workspace.Reset();
        if (_two) _pass.Crew.Begin(Environment.ProcessorCount);
        Array.Clear(_state.Hidden);
        Array.Clear(_state.Memory);
        ReadOnlySpan<float> output = _recurrent.Read(_pass, _layout, _ids, _state).Span;
        if (_two) _pass.Crew.End();
        return output;
    }

    private static Recurrent Build(Workload work, Parameters parameters)
    {
        var embedding = new Embedding(parameters, "embedding", Workload.Vocabulary, work.Embedding);
        Direction direction = work.Both ? Direction.Bidirectional : Direction.Forward;
        return new Recurrent(work.Kind, parameters, "rnn", work.Embedding, work.Hidden, work.Layers, direction, embedding);
    }
}
