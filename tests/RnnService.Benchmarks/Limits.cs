using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;

namespace RnnService.Benchmarks;

/// <summary>The least time that the machine, as measured in this run, allows a workload. Not thread-safe.</summary>
internal sealed class Limits
{
    private readonly Dictionary<long, double> _reading = [];

    /// <summary>Floating-point operations a second of one thread.</summary>
    public double Operations { get; } = Machine.Operations();

    /// <summary>Bytes a second that one thread reads from a block of this size, again and again.</summary>
    public double Reading(long bytes)
    {
        if (!_reading.TryGetValue(bytes, out double rate)) _reading[bytes] = rate = Machine.Reading(bytes);
        return rate;
    }

    /// <summary>
    /// Seconds that the products of a run take at least: each takes its operations or the reading of its weights, whichever is longer. The
    /// first layer's input is a gather. Two directions run side by side. Weights that one step after the other multiplies by are read from
    /// where they fit alone, others from where all of the run's fit together.
    /// </summary>
    public double Least(Workload work)
    {
        int gates = work.Kind == CellKind.Lstm ? 4 : 3, inputs = work.Hidden * (work.Both ? 2 : 1);
        long recurrent = (long)gates * work.Hidden * work.Hidden, between = (long)gates * work.Hidden * inputs;
        long all = (recurrent * work.Layers + between * (work.Layers - 1)) * BytesOf(work.Type);
        double step = Product(work.Type, work.Batch, recurrent, work.Steps == 1 ? all : recurrent * BytesOf(work.Type));
        double input = Product(work.Type, work.Steps * work.Batch, between, all);
        double forward = work.Layers * work.Steps * step + (work.Layers - 1) * input;
        // Back there is a product for the gradient of what came in, and one for that of the weights.
        return work.Trains ? 3 * forward : forward;
    }

    /// <summary>Seconds that a product of this many rows takes at least, its weights one of those that fill a block together.</summary>
    public double Product(ElementType type, int rows, long weights, long block)
    {
        double reading = weights * BytesOf(type) / Reading(block);
        // 8-bit integers multiply at another rate than floats, which is not what limits a row or two of them.
        return type == ElementType.I8 ? reading : Math.Max(reading, 2.0 * weights * rows / Operations);
    }

    /// <summary>Bytes a weight.</summary>
    public static int BytesOf(ElementType type) => type switch
    {
        ElementType.I8 => 1,
        ElementType.BF16 => 2,
        _ => 4,
    };
}
