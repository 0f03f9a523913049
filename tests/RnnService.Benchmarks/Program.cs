using RnnService.Benchmarks;
using RnnService.Engine.Layers;
using RnnService.Engine.Weights;

CellKind[] kinds = [CellKind.Lstm, CellKind.Gru];
var all = new List<(Workload Work, double Goal, int Threads)>();
foreach (CellKind kind in kinds)
{
    all.Add((Workload.S(kind, 1, 1), 0.25, 1));
    all.Add((Workload.M(kind, 1, 1), 0.78, 1));
    all.Add((Workload.L(kind, 1, 1), 0.72, 1));
    all.Add((Workload.S(kind, 64, 1), 0.55, 1));
    all.Add((Workload.M(kind, 64, 1), 0.85, 1));
    foreach (int steps in (int[])[64, 1])
    {
        all.Add((Workload.S(kind, steps, 32), 0.95, 1));
        all.Add((Workload.M(kind, steps, 32), 0.95, 1));
        all.Add((Workload.L(kind, steps, 32), 0.95, 1));
    }

    all.Add((Workload.S(kind, 20, 1, both: true), 0.60, 2));
    all.Add((Workload.M(kind, 1, 1) with { Type = TensorType.I8 }, 0.25, 1));
    all.Add((Workload.L(kind, 1, 1) with { Type = TensorType.I8 }, 0.25, 1));
    all.Add((Workload.L(kind, 1, 1) with { Type = TensorType.BF16 }, 0.50, 1));
    all.Add((Workload.M(kind, 1, 32) with { Type = TensorType.I8 }, 0.95, 1));
}

foreach ((Workload work, double goal, int threads) in all)
{
    if (args.Length > 0 && !args.Any(arg => work.ToString().Contains(arg, StringComparison.OrdinalIgnoreCase))) continue;
    var random = new Random(1);
    int[] ids = [.. Enumerable.Range(0, work.Steps * work.Batch).Select(_ => random.Next(Workload.Vocabulary))];
    var ours = new NativePeer(work, ids, threads);
    using var theirs = new OnnxPeer(work, ours.Parameters, ids, threads);
    ReadOnlySpan<float> found = ours.Run(), wanted = theirs.Run();
    float worst = 0;
    for (int i = 0; i < wanted.Length; i++) worst = MathF.Max(worst, MathF.Abs(found[i] - wanted[i]));
    (double our, double their) = Race.Run(() => ours.Run(), () => theirs.Run());
    Console.WriteLine(FormattableString.Invariant(
        $"{work,-36} ours {our * 1e6,10:F1} us ({work.Operations / our * 1e-9,5:F1} GFLOP/s)  ORT {their * 1e6,10:F1} us ({work.Operations / their * 1e-9,5:F1})  ratio {our / their:F3}  goal {goal:F2}  {(our / their <= goal ? "met" : "-")}  worst {worst:E1}"));
}
