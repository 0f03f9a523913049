using System.Globalization;
using System.Text;
using Microsoft.ML.OnnxRuntime;
using RnnService.Engine.Layers;
using RnnService.Engine.Weights;

namespace RnnService.Benchmarks;

/// <summary>The table of goals: every workload by this engine and by ONNX Runtime, in one process and in turn.</summary>
internal sealed class Comparison
{
    private const double Tolerance = 1e-5; // of outputs with float weights

    private readonly StringBuilder _rows = new();

    /// <summary>Every workload with the largest ratio of our time to theirs that was aimed at, and the threads that either may use.</summary>
    private static IEnumerable<(Workload Work, double Goal, int Threads)> Goals()
    {
        foreach (CellKind kind in (CellKind[])[CellKind.Lstm, CellKind.Gru])
        {
            yield return (Workload.S(kind, 1, 1), 0.25, 1);
            yield return (Workload.M(kind, 1, 1), 0.78, 1);
            yield return (Workload.L(kind, 1, 1), 0.72, 1);
            yield return (Workload.S(kind, 64, 1), 0.55, 1);
            yield return (Workload.M(kind, 64, 1), 0.85, 1);
            foreach (int steps in (int[])[64, 1])
            {
                yield return (Workload.S(kind, steps, 32), 0.95, 1);
                yield return (Workload.M(kind, steps, 32), 0.95, 1);
                yield return (Workload.L(kind, steps, 32), 0.95, 1);
            }

            yield return (Workload.S(kind, 20, 1, both: true), 0.60, 2);
            yield return (Workload.M(kind, 1, 1) with { Type = TensorType.I8 }, 0.25, 1);
            yield return (Workload.L(kind, 1, 1) with { Type = TensorType.I8 }, 0.25, 1);
            yield return (Workload.L(kind, 1, 1) with { Type = TensorType.BF16 }, 0.50, 1);
            yield return (Workload.M(kind, 64, 32) with { Trains = true }, 3.30, 1);
        }
    }

    /// <summary>Runs the workloads whose name holds one of the filters, or all.</summary>
    public void Run(string[] filters)
    {
        double operations = Machine.Operations();
        foreach ((Workload work, double goal, int threads) in Goals())
        {
            if (filters.Length > 0 && !filters.Any(filter => work.ToString().Contains(filter, StringComparison.OrdinalIgnoreCase))) continue;
            string row = Row(work, goal, threads, operations);
            Console.WriteLine(row);
            _rows.AppendLine(row);
        }
    }

    /// <summary>Writes the rows with what they were measured on.</summary>
    public void Write(string path)
    {
        string Rate(int mebibytes) => (Machine.Reading(mebibytes << 20) * 1e-9).ToString("F0", CultureInfo.InvariantCulture);
        File.WriteAllText(path, $"""
            # Against ONNX Runtime

            {Machine.Processor}; .NET {Environment.Version}, ONNX Runtime {OrtEnv.Instance().GetVersionString()}; {DateTime.UtcNow:yyyy-MM-dd}.
            Written by `dotnet run -c Release --project tests/RnnService.Benchmarks -- --write`.

            Time of one run of ours by that of ONNX Runtime's, with float weights there; the share of the machine is that of its multiply-adds,
            measured, which a gather instead of a product may exceed. Reading by one thread, GB/s: {Rate(1)} from 1 MiB, {Rate(8)} from 8, {Rate(64)} from 64.

            | work | ours, µs | ONNX Runtime, µs | ratio | goal | met | of the machine |
            |---|---|---|---|---|---|---|
            {_rows}
            """);
    }

    private static string Row(Workload work, double goal, int threads, double operations)
    {
        var random = new Random(1);
        int[] ids = [.. Enumerable.Range(0, work.Steps * work.Batch).Select(_ => random.Next(Workload.Vocabulary))];
        var ours = new NativePeer(work, ids, threads);
        using var theirs = new OnnxPeer(work, ours.Parameters, ids, threads);
        if (work.Type == TensorType.F32) CheckSame(work, ours.Run(), theirs.Run());
        TrainingPeer? training = work.Trains ? new TrainingPeer(work, ids) : null;
        (double our, double their) = Race.Run(training is null ? () => ours.Run() : training.Run, () => theirs.Run());
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {work} | {our * 1e6:F1} | {their * 1e6:F1} | {our / their:F2} | {goal:F2} | {(our / their <= goal ? "yes" : "no")} "
            + $"| {work.Operations / our / operations:P0} |");
    }

    private static void CheckSame(Workload work, ReadOnlySpan<float> found, ReadOnlySpan<float> wanted)
    {
        for (int i = 0; i < wanted.Length; i++)
        {
            if (!(Math.Abs(found[i] - wanted[i]) <= Tolerance))
                throw new InvalidOperationException($"{work}: output {i} is {found[i]}; {wanted[i]} within {Tolerance} wanted");
        }
    }
}
