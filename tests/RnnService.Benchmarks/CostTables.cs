using System.Diagnostics;
using RnnService.Benchmarks.Load;
using RnnService.Engine.Generation;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;

namespace RnnService.Benchmarks;

/// <summary>What must not grow: time a step as states decay, time a token as texts grow, memory with every step.</summary>
internal static class CostTables
{
    private const int Repeats = 100; // kB of text read at each length, or one text

    public static void Run(Report report)
    {
        Decay(report);
        LoadedModel shakespeare = ModelFolder.Load(Path.Combine(LoadModels.Shipped, "shakespeare"));
        Length(report, (LanguageModel)shakespeare.Model);
        Allocation(report, (LanguageModel)shakespeare.Model);
    }

    /// <summary>Steps of a state that decays, so slowly that it would be denormal at the end, by those at the start.</summary>
    private static void Decay(Report report)
    {
        const int Steps = 100_000, Chunk = 100;
        const double Goal = 1.1;
        report.Say($"""

            ## A state that decays for {Steps} steps

            To a hundredth of the smallest normal number, were that not made zero: one step at the end by one at the start.

            | network | at the start, µs | at the end, µs | ratio | goal | met |
            |---|---|---|---|---|---|
            """);
        foreach (Workload work in (Workload[])[Workload.S(CellKind.Lstm, Chunk, 1), Workload.S(CellKind.Gru, Chunk, 1)])
        {
            var peer = new NativePeer(work, new int[Chunk], (name, start) => Decaying(work, name, start));
            RecurrentState first = peer.NewState(), last = peer.NewState(), state = peer.NewState();
            first.Hidden.AsSpan().Fill(0.9f);
            first.CellState.AsSpan().Fill(0.9f);
            last.CopyFrom(first, 0, 0);
            for (int step = 0; step < Steps; step += Chunk) peer.Run(last);
            (double start, double end) = Race.Run(() => From(first), () => From(last));
            report.Say($"| {work.Kind.ToString().ToUpperInvariant()} {work.Name} | {start / Chunk * 1e6:F2} | {end / Chunk * 1e6:F2} "
                + $"| {end / start:F2} | {Goal:F2} | {Report.Met(end / start <= Goal)} |");

            void From(RecurrentState origin)
            {
                state.CopyFrom(origin, 0, 0);
                peer.Run(state);
            }
        }

        // The state keeps a share of σ(bias) a step. Recurrent weights stay in the gates and not in what is added, which is zero.
        static float[] Decaying(Workload work, string name, float[] values)
        {
            double keep = Math.Exp(Math.Log(1e-40) / Steps);
            float bias = (float)Math.Log(keep / (1 - keep));
            int size = work.Hidden, kept = 1, added = 2; // i, f, g, o and r, z, n
            if (name == "rnn.weight_hh_l0") values.AsSpan(added * size * size, size * size).Clear();
            else Array.Clear(values);
            if (name == "rnn.bias_ih_l0") values.AsSpan(kept * size, size).Fill(bias);
            return values;
        }
    }

    private static void Length(Report report, LanguageModel model)
    {
        const double Goal = 1.1;
        report.Say("""

            ## Time by length of text

            A text read by the shipped model `shakespeare` as the service reads a prompt, up to the first token after it.

            | kB of text | seconds | µs a token | by that of the first | goal | met |
            |---|---|---|---|---|---|
            """);
        const string line = "To be, or not to be, that is the question:\n";
        var options = new GenerationOptions { MaxNewTokens = 1, Seed = 1 };
        Read(Repeats); // until the just-in-time compiler has done its last
        double first = 0;
        foreach (int kilobytes in (int[])[1, 10, 100, 1_000])
        {
            double[] times = [.. Enumerable.Range(0, Math.Max(1, Repeats / kilobytes)).Select(_ => Read(kilobytes)).Order()];
            double seconds = times[times.Length / 2], token = seconds / (kilobytes * 1_000);
            if (first == 0) first = token;
            report.Say($"| {kilobytes} | {seconds:F4} | {token * 1e6:F2} | {token / first:F2} | {Goal:F2} "
                + $"| {Report.Met(token / first <= Goal)} |");
        }

        double Read(int kilobytes)
        {
            string text = string.Concat(Enumerable.Repeat(line, kilobytes * 1_000 / line.Length + 1))[..(kilobytes * 1_000)];
            long start = Stopwatch.GetTimestamp();
            foreach (GeneratedToken _ in model.Generate(text, options)) { }
            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
    }

    private static void Allocation(Report report, LanguageModel model)
    {
        const int Streams = 1_000;
        report.Say("""

            ## Memory

            | what | bytes | goal | met |
            |---|---|---|---|
            """);
        foreach (Workload work in (Workload[])
            [
                Workload.M(CellKind.Lstm, 1, 1), Workload.M(CellKind.Gru, 1, 1), Workload.M(CellKind.Lstm, 1, 32),
                Workload.M(CellKind.Lstm, 1, 1) with { Type = ElementType.I8 },
            ])
        {
            var peer = new NativePeer(work, new int[work.Batch]);
            Say($"allocated a step, {work}", Allocated(() => peer.Run()), 0);
        }

        // The lists of tokens grow by doubling: between 130 and 250 tokens there is room.
        var options = new GenerationOptions { MaxNewTokens = 1_000, Seed = 1 };
        GenerationStream[] streams = [.. Enumerable.Range(0, 64).Select(_ => model.NewStream("ROMEO:", options))];
        var batch = model.NewBatch();
        for (int step = 0; step < 130; step++) batch.Advance(streams);
        Say($"allocated a step, `shakespeare` generating {streams.Length} texts", Allocated(() => batch.Advance(streams)), 0);

        Keep(); // until the scratch memory that streams share has grown
        long before = GC.GetTotalMemory(forceFullCollection: true);
        object kept = Keep();
        double used = (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)Streams;
        RecurrentState one = model.NewState(1);
        int state = (one.Hidden.Length + one.CellState.Length) * sizeof(float);
        Say($"kept a stream that waits, `shakespeare`, with {state} bytes of state", used, 2 * state);
        GC.KeepAlive(kept);

        object Keep()
        {
            var many = model.NewBatch();
            GenerationStream[] waiting = [.. Enumerable.Range(0, Streams).Select(_ => model.NewStream("ROMEO:", options))];
            for (int step = 0; step < 2; step++) many.Advance(waiting);
            return (many, waiting);
        }

        void Say(string what, double bytes, int goal) => report.Say($"| {what} | {bytes:F0} | {goal} | {Report.Met(bytes <= goal)} |");

        static double Allocated(Action step)
        {
            const int Steps = 100;
            for (int i = 0; i < 10; i++) step();
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < Steps; i++) step();
            return (GC.GetAllocatedBytesForCurrentThread() - before) / (double)Steps;
        }
    }
}
