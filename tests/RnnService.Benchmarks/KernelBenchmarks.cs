using BenchmarkDotNet.Attributes;
using RnnService.Engine.Kernels;

namespace RnnService.Benchmarks;

/// <summary>Matrix products by number of rows and storage.</summary>
public class ProductBenchmarks
{
    private PackedMatrix _matrix = null!;
    private float[] _a = [], _c = [];

    [Params(1, 2, 6, 32, 192)]
    public int Rows { get; set; }

    [Params(128, 512)]
    public int Depth { get; set; }

    [Params(WeightStorage.Single, WeightStorage.BFloat16, WeightStorage.Int8)]
    public WeightStorage Storage { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        var random = new Random(1);
        float[] weights = [.. Enumerable.Range(0, 4 * Depth * Depth).Select(_ => random.NextSingle() - 0.5f)];
        _matrix = new PackedMatrix(Depth, 4 * Depth, Storage);
        _matrix.PackTransposed(weights);
        _a = weights[..(Rows * Depth)];
        _c = new float[Rows * 4 * Depth];
    }

    [Benchmark]
    public void Multiply() => _matrix.MultiplyAdd(Rows, _a, Depth, _c, 4 * Depth);
}

/// <summary>Element-wise functions over 2,048 values.</summary>
public class ActivationBenchmarks
{
    private readonly float[] _x = [.. Enumerable.Range(0, 2_048).Select(i => i / 256f - 4)], _y = new float[2_048];

    [Benchmark]
    public void Tanh() => Activations.Tanh(_x, _y);

    [Benchmark]
    public void Sigmoid() => Activations.Sigmoid(_x, _y);

    [Benchmark]
    public void Exp() => Activations.Exp(_x, _y);

    [Benchmark]
    public void FlushTiny() => Activations.FlushTiny(_y);
}
