using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Weights;

namespace RnnService.Benchmarks;

/// <summary>This engine on a workload.</summary>
internal sealed class NativePeer
{
    private readonly Embedding _embedding;
    private readonly Recurrent _recurrent;
    private readonly RecurrentState _state;
    private readonly BatchLayout _layout;
    private readonly int[] _ids; // by row of the layout, which for equal lengths is [T,B]
    private readonly Pass _pass = new(new Workspace());

    public NativePeer(Workload work, int[] ids)
    {
        Parameters = Parameters.Random(1);
        _embedding = new Embedding(Parameters, "embedding", Workload.Vocabulary, work.Embedding);
        _recurrent = new Recurrent(
            work.Kind, Parameters, "rnn", work.Embedding, work.Hidden, work.Layers, work.Both ? Direction.Bidirectional : Direction.Forward);
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
        Array.Clear(_state.Hidden);
        Array.Clear(_state.Memory);
        Memory<float> embedded = _pass.Workspace.Take(_layout.Rows * _embedding.Size);
        _embedding.Forward(_ids, embedded.Span, _embedding.Size);
        return _recurrent.Forward(_pass, _layout, embedded, _state).Output.Span;
    }
}
