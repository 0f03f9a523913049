using BenchmarkDotNet.Attributes;
using RnnService.Engine.Kernels;

namespace RnnService.Benchmarks;

/// <summary>Matrix products by number of rows and storage; ONNX Runtime's weights are floats.</summary>
[Config(typeof(LimitColumn.Shown))]
public class ProductBenchmarks : ILimited
{
    private PackedMatrix _matrix = null!;
    private OnnxPeer _theirs = null!;
    private float[] _a = [], _c = [];

    [Params(1, 2, 6, 32, 192)]
    public int Rows { get; set; }

    [Params(128, 512)]
    public int Depth { get; set; }

    [Params(ElementType.F32, ElementType.BF16, ElementType.I8)]
    public ElementType Storage { get; set; }

    private int Columns => 4 * Depth;

    [GlobalSetup]
    public void Prepare()
    {
        var random = new Random(1);
        float[] weights = [.. Enumerable.Range(0, Depth * Columns).Select(_ => random.NextSingle() - 0.5f)];
        _matrix = new PackedMatrix(Depth, Columns, Storage);
        _matrix.PackTransposed(weights);
        _a = weights[..(Rows * Depth)];
        _c = new float[Rows * Columns];
        float[] transposed = new float[weights.Length];
        for (int i = 0; i < weights.Length; i++) transposed[i % Depth * Columns + i / Depth] = weights[i];
        _theirs = OnnxPeer.Product(Rows, Depth, Columns, _a, transposed);
    }

    [GlobalCleanup]
    public void Clean() => _theirs.Dispose();

    [Benchmark]
    public void Ours() => _matrix.MultiplyAdd(Rows, _a, Depth, _c, Columns);

    [Benchmark(Baseline = true)]
    public float OnnxRuntime() => _theirs.Run()[0];

    double ILimited.Least(Limits limits)
    {
        ElementType type = Storage switch
        {
            ElementType.I8 => ElementType.I8,
            ElementType.BF16 => ElementType.BF16,
            _ => ElementType.F32,
        };
        long weights = (long)Depth * Columns;
        return limits.Product(type, Rows, weights, weights * Limits.BytesOf(type));
    }
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
