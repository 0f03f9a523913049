using BenchmarkDotNet.Attributes;
using RnnService.Engine.Layers;

namespace RnnService.Benchmarks;

/// <summary>The medium network by cell, steps and batch.</summary>
[Config(typeof(LimitColumn.Shown))]
public class LayerBenchmarks : ILimited
{
    private NativePeer _ours = null!;
    private OnnxPeer _theirs = null!;

    [Params(CellKind.Lstm, CellKind.Gru)]
    public CellKind Cell { get; set; }

    [Params(1, 16)]
    public int Steps { get; set; }

    [Params(1, 8, 32)]
    public int Batch { get; set; }

    private Workload Work => Workload.M(Cell, Steps, Batch);

    [GlobalSetup]
    public void Prepare()
    {
        var random = new Random(1);
        int[] ids = [.. Enumerable.Range(0, Steps * Batch).Select(_ => random.Next(Workload.Vocabulary))];
        _ours = new NativePeer(Work, ids);
        _theirs = OnnxPeer.Of(Work, _ours.Parameters, ids);
    }

    [GlobalCleanup]
    public void Clean() => _theirs.Dispose();

    [Benchmark]
    public float Ours() => _ours.Run()[0];

    [Benchmark(Baseline = true)]
    public float OnnxRuntime() => _theirs.Run()[0];

    double ILimited.Least(Limits limits) => limits.Least(Work);
}
