using RnnService.Engine.Generation;
using RnnService.Engine.Models;

namespace RnnService.Benchmarks.Load;

/// <summary>What the service costs beyond computing.</summary>
internal static class CostParts
{
    private const double Megabyte = 1e6;

    private static readonly byte[][] Requests =
    [
        Connection.Request("/classify", """{"inputs": ["a lovely film", "two hours I will never get back"]}"""),
        Connection.Request("/tag", """{"inputs": "Marie Curie worked in Paris."}"""),
        Connection.Request("/generate", """{"inputs": "ROMEO:", "parameters": {"max_new_tokens": 40}}"""),
    ];

    /// <summary>Time until ready and memory, with the models that are shipped.</summary>
    public static async Task StartAsync(LoadModels models, Report report)
    {
        var ready = new List<double>();
        var used = new List<double>();
        var atStart = new List<double>();
        var atWork = new List<double>();
        for (int round = 0; round < 5; round++)
        {
            using ServiceProcess service = await ServiceProcess.StartAsync(LoadModels.Shipped);
            ready.Add(service.ReadyAfter);
            used.Add(service.ProcessorTime);
            atStart.Add(service.Resident / Megabyte);
            using var connection = new Connection(service.Port);
            for (int i = 0; i < 50; i++)
            {
                foreach (byte[] request in Requests) await connection.PostAsync(request);
            }

            atWork.Add(service.Resident / Megabyte);
            await Task.Yield();
        }

        report.Add($"""

            The service with the shipped models, medians of {ready.Count} starts

            | what | found | goal | |
            |---|---|---|---|
            | seconds until ready | {Quantiles.Median(ready):F2} | 1.5 | {Report.Met(Quantiles.Median(ready) <= 1.5)} |
            | seconds of processor time until ready | {Quantiles.Median(used):F2} | | |
            | MB resident, ready | {Quantiles.Median(atStart):F0} | 200 | {Report.Met(Quantiles.Median(atStart) <= 200)} |
            | MB resident, after 150 requests | {Quantiles.Median(atWork):F0} | 200 | {Report.Met(Quantiles.Median(atWork) <= 200)} |
            """);
    }

    /// <summary>What a stream holds, and what a step allocates.</summary>
    public static Task MemoryAsync(LoadModels models, Report report)
    {
        const int Streams = 1_000, Tokens = 20, Batch = 64, Steps = 200;
        LanguageModel model = models.Language;
        var batch = model.NewBatch();
        Run(New()); // scratch that all share
        long before = GC.GetTotalMemory(true);
        GenerationStream[] streams = New();
        Run(streams);
        double running = (GC.GetTotalMemory(true) - before) / (double)Streams;
        foreach (GenerationStream stream in streams) batch.Remove(stream);
        batch.Advance([streams[0]]); // gives the room back
        double paused = (GC.GetTotalMemory(true) - before) / (double)Streams;
        GC.KeepAlive(streams);
        int state = model.NewState(1).Bytes;

        var steps = new EngineSteps(model, Batch);
        for (int step = 0; step < 20; step++) steps.Step();
        long allocated = GC.GetTotalAllocatedBytes(true);
        for (int step = 0; step < Steps; step++) steps.Step();
        double perStep = (GC.GetTotalAllocatedBytes(true) - allocated) / (double)Steps;
        report.Add($"""

            What a stream of the LSTM 2 × 512 holds after {Tokens} tokens; its state takes {state} bytes

            | a stream | bytes | times its state | goal | |
            |---|---|---|---|---|
            | between steps | {running:F0} | {running / state:F2} | 2 | {Report.Met(running <= 2 * state)} |
            | paused | {paused:F0} | {paused / state:F2} | 2 | {Report.Met(paused <= 2 * state)} |

            A step of {Batch} streams allocates {perStep:F0} bytes: the tokens that it adds, which are kept.
            """);
        return Task.CompletedTask;

        GenerationStream[] New() => [.. Enumerable.Range(0, Streams).Select(seed => model.NewStream("ROMEO: ", model.Config.Generation! with { MaxNewTokens = Tokens + 10, Seed = (ulong)seed }))];

        void Run(GenerationStream[] streams)
        {
            for (int step = 0; step < Tokens; step++) batch.Advance(streams);
        }
    }

    /// <summary>Time against length of text.</summary>
    public static Task LengthAsync(LoadModels models, Report report)
    {
        var model = (LanguageModel)ModelFolder.Load(Path.Combine(LoadModels.Shipped, "shakespeare")).Model;
        var batch = model.NewBatch();
        string text = string.Concat(Enumerable.Repeat("to be or not to be. ", 50_000));
        Read(100_000);
        report.Add("""

            Reading a text with the shipped shakespeare model

            | kB | seconds | µs a token |
            |---|---|---|
            """);
        foreach (int kilobytes in (int[])[1, 10, 100, 1_000])
        {
            // A short text in one go would be over before the machine has looked up.
            int times = Math.Max(1, 100 / kilobytes);
            double from = Clock.Now;
            for (int i = 0; i < times; i++) Read(kilobytes * 1_000);
            double seconds = (Clock.Now - from) / times;
            report.Add($"| {kilobytes} | {seconds:F3} | {seconds / kilobytes * 1e3:F1} |");
        }

        return Task.CompletedTask;

        void Read(int length)
        {
            GenerationStream[] stream = [model.NewStream(text[..length], new GenerationOptions { MaxNewTokens = 1, Seed = 1 })];
            while (stream[0].Finished is null) batch.Advance(stream);
        }
    }
}
