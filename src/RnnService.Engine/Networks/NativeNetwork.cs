using System.Collections.Concurrent;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Networks;

/// <summary>A network of this engine's own layers, which can also be trained. Immutable but for <see cref="Refresh"/>.</summary>
internal abstract class NativeNetwork(Parameters parameters) : INetwork
{
    private readonly ConcurrentBag<Pass> _passes = [], _recording = [];

    public string Backend => "native";

    public long ParameterCount => Parameters.Count;

    public Parameters Parameters { get; } = parameters;

    /// <summary>Packs the weights anew after a trainer changed them.</summary>
    public abstract void Refresh();

    public void Dispose()
    {
    }

    /// <summary>Starts a pass, to be disposed of at its end.</summary>
    /// <param name="betweenSteps">See <see cref="Pass.BetweenSteps"/>.</param>
    /// <param name="record">Whether backward follows, or somebody looks at what was kept for it.</param>
    protected Lease Begin(Action? betweenSteps = null, bool record = false)
    {
        ConcurrentBag<Pass> kept = record ? _recording : _passes;
        Pass pass = kept.TryTake(out Pass? used) ? used : new Pass(new Workspace(), record: record);
        pass.BetweenSteps = betweenSteps;
        pass.Threads.Begin(Environment.ProcessorCount);
        return new Lease(kept, pass);
    }

    /// <summary>Where the tokens of these rows lie, and their ids by row of the layout, valid until the pass lays out others.</summary>
    protected static (BatchLayout Layout, Memory<int> Ids) Lay(Pass pass, IReadOnlyList<ReadOnlyMemory<int>> rows)
    {
        Span<int> lengths = pass.Ids(rows.Count).Span;
        for (int i = 0; i < lengths.Length; i++) lengths[i] = rows[i].Length;
        BatchLayout layout = pass.Layout(lengths);
        Memory<int> ids = pass.Ids(layout.Rows);
        Span<int> byRow = ids.Span;
        for (int i = 0; i < rows.Count; i++)
        {
            ReadOnlySpan<int> row = rows[i].Span;
            for (int t = 0; t < row.Length; t++) byRow[layout.RowOf(i, t)] = row[t];
        }

        return (layout, ids);
    }

    /// <summary>Hands over the logits [count,V] of each row's tokens from some on, row after row.</summary>
    protected static void Give(
        Span<float> found, int labels, IReadOnlyList<ReadOnlyMemory<int>> rows, IReadOnlyList<int> from, LogitsReader logits)
    {
        for (int i = 0, at = 0; i < rows.Count; i++)
        {
            for (int t = from[i]; t < rows[i].Length; t++, at++) logits(i, t, found.Slice(at * labels, labels));
        }
    }

    /// <summary>A pass in use; disposing of it keeps its memory for the next.</summary>
    protected readonly struct Lease(ConcurrentBag<Pass> kept, Pass pass) : IDisposable
    {
        public Pass Pass => pass;

        public void Dispose()
        {
            pass.Threads.End();
            // A thread keeps the bags that it has used: through what is called between steps it would keep the model after its end.
            pass.BetweenSteps = null;
            pass.Workspace.Reset();
            kept.Add(pass);
        }
    }
}
