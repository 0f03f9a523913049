using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;

namespace RnnService.Benchmarks;

/// <summary>The table of goals: every workload by this engine and by ONNX Runtime, in one process and in turn.</summary>
internal sealed class Comparison(Report report, Limits limits)
{
    private const double Tolerance = 1e-5; // of outputs with float weights
    private const double NarrowTolerance = 0.05; // where the weights of one are narrow: the same network still

    /// <summary>Runs the workloads whose name holds one of the parts, or all.</summary>
    public void Run(string[] parts)
    {
        report.Say($"""

            Time of one run of ours by that of ONNX Runtime's: the same weights by this project's exporter, token ids in, the top layer's
            output out, equal within {Tolerance}; both in one process in turn, round by round of some 3 ms after first runs that are not counted, medians; one thread each, two
            where there are two directions.
            S is one layer 128→128, M two 256→512, L two 1024→1024; T steps, B texts at once. ONNX Runtime has floats, or with `int8` its
            own operator DynamicQuantizeLSTM; there is none for a GRU.

            `least` is the time that the machine allows, measured in the same run: multiply-adds at {limits.Operations * 1e-9:F0} GFLOP/s a thread, or
            the reading of the weights that a gather does not spare, from where they fit: {Rate(256 << 10)} GB/s from 256 KiB,
            {Rate(1 << 20)} from 1 MiB, {Rate(8 << 20)} from 8 MiB, {Rate(16 << 20)} from 16 MiB, {Rate(64 << 20)} from 64 MiB.
            `share` is `least` by ours.

            | work | beside | ours, µs | ONNX Runtime, µs | ratio | goal | met | least, µs | share |
            |---|---|---|---|---|---|---|---|---|
            """);
        foreach (Aim aim in Aims())
        {
            if (parts.Length == 0 || parts.Any(aim.Holds)) report.Say(Row(aim));
        }
    }

    /// <summary>Whether the name of a workload holds this part.</summary>
    public static bool Knows(string part) => Aims().Any(aim => aim.Holds(part));

    /// <summary>Every workload with the largest ratio of our time to theirs that was aimed at.</summary>
    private static IEnumerable<Aim> Aims()
    {
        foreach (CellKind kind in (CellKind[])[CellKind.Lstm, CellKind.Gru])
        {
            yield return new(Workload.S(kind, 1, 1), 0.25);
            yield return new(Workload.M(kind, 1, 1), 0.78);
            yield return new(Workload.L(kind, 1, 1), 0.72);
            yield return new(Workload.S(kind, 64, 1), 0.55);
            yield return new(Workload.M(kind, 64, 1), 0.85);
            foreach (int steps in (int[])[64, 1])
            {
                yield return new(Workload.S(kind, steps, 32), 0.95);
                yield return new(Workload.M(kind, steps, 32), 0.95);
                yield return new(Workload.L(kind, steps, 32), 0.95);
            }

            yield return new(Workload.S(kind, 20, 1, both: true), 0.60);
            foreach (Workload work in (Workload[])[Workload.M(kind, 1, 1), Workload.L(kind, 1, 1)])
            {
                yield return new(work with { Type = ElementType.I8 }, 0.25);
                if (kind == CellKind.Lstm) yield return new(work with { Type = ElementType.I8 }, 0.65, ElementType.I8);
            }

            yield return new(Workload.L(kind, 1, 1) with { Type = ElementType.BF16 }, 0.50);
            yield return new(Workload.M(kind, 64, 32) with { Trains = true }, 3.30);
        }
    }

    private string Row(Aim aim)
    {
        Workload work = aim.Work;
        var random = new Random(1);
        int[] ids = [.. Enumerable.Range(0, work.Steps * work.Batch).Select(_ => random.Next(Workload.Vocabulary))];
        var ours = new NativePeer(work, ids);
        using OnnxPeer theirs = OnnxPeer.Of(work, ours.Parameters, ids, aim.Theirs);
        CheckSame(aim, ours.Run(), theirs.Run());
        TrainingPeer? training = work.Trains ? new TrainingPeer(work, ids) : null;
        (double our, double their) = Race.Run(
            training is null ? () => ours.Run() : training.Run, () => theirs.Run(), threads: work.Both ? 2 : 1);
        double least = limits.Least(work);
        return $"| {work} | {(aim.Theirs == ElementType.I8 ? "int8" : "float")} | {our * 1e6:F1} | {their * 1e6:F1} | {our / their:F2} "
            + $"| {aim.Ratio:F2} | {Report.Met(our / their <= aim.Ratio)} | {least * 1e6:F1} | {least / our * 100:F0} % |";
    }

    private string Rate(int bytes) => $"{limits.Reading(bytes) * 1e-9:F0}";

    private static void CheckSame(Aim aim, ReadOnlySpan<float> found, ReadOnlySpan<float> wanted)
    {
        double tolerance = aim.Work.Type == ElementType.F32 ? Tolerance : NarrowTolerance;
        for (int i = 0; i < wanted.Length; i++)
        {
            if (!(Math.Abs(found[i] - wanted[i]) <= tolerance))
                throw new InvalidOperationException($"{aim.Work}: output {i} is {found[i]}; {wanted[i]} within {tolerance} wanted");
        }
    }

    /// <summary>A goal.</summary>
    /// <param name="Work">The workload.</param>
    /// <param name="Ratio">Our time by theirs, at most.</param>
    /// <param name="Theirs">How ONNX Runtime's weights are stored.</param>
    private sealed record Aim(Workload Work, double Ratio, ElementType Theirs = ElementType.F32)
    {
        public bool Holds(string part) => Work.ToString().Contains(part, StringComparison.OrdinalIgnoreCase);
    }
}
