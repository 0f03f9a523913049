using BenchmarkDotNet.Attributes;
using RnnService.Engine.Layers;

namespace RnnService.Benchmarks;

/// <summary>The medium network by cell, steps and batch.</summary>
public class LayerBenchmarks
{
    private NativePeer _peer = null!;

    [Params(CellKind.Lstm, CellKind.Gru, CellKind.GruBefore, CellKind.Tanh)]
    public CellKind Cell { get; set; }

    [Params(1, 16)]
    public int Steps { get; set; }

    [Params(1, 8, 32)]
    public int Batch { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        var random = new Random(1);
        int[] ids = [.. Enumerable.Range(0, Steps * Batch).Select(_ => random.Next(Workload.Vocabulary))];
        _peer = new NativePeer(Workload.M(Cell, Steps, Batch), ids);
    }

    [Benchmark]
    public float Run() => _peer.Run()[0];
}
