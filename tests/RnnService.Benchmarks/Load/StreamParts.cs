namespace RnnService.Benchmarks.Load;

/// <summary>The parts about streams.</summary>
internal static class StreamParts
{
    private const int Streams = 64;

    /// <summary>Tokens a second at 64 streams, beside the engine without HTTP and ONNX Runtime stepped one stream at a time.</summary>
    public static async Task RateAsync(LoadModels models)
    {
        var served = new List<double>();
        var engine = new List<double>();
        var stepped = new List<double>();
        var steppedByTwo = new List<double>();
        using ServiceProcess service = await ServiceProcess.StartAsync(models.Path);
        var load = new StreamLoad(service.Port);
        var steps = new EngineSteps(models.Language, Streams);
        using var one = new OrtStepper(models.Language, Streams, 1);
        using var two = new OrtStepper(models.Language, Streams, 2);
        await load.HoldAsync(Streams, 3); // until the just-in-time compiler has done its last
        Rate(steps.Step, 1.5);
        double used = 0, allocated = 0, tokens = 0;
        for (int round = 0; round < 3; round++)
        {
            (double usedBefore, double allocatedBefore) = (service.ProcessorTime, await service.AllocatedAsync());
            double from = Clock.Now;
            served.Add((await load.HoldAsync(Streams, 3)).Tokens);
            tokens += served[^1] * (Clock.Now - from);
            used += service.ProcessorTime - usedBefore;
            allocated += await service.AllocatedAsync() - allocatedBefore;
            engine.Add(Rate(steps.Step, 1.5));
            stepped.Add(Rate(one.Step, 1));
            steppedByTwo.Add(Rate(two.Step, 1));
        }

        double ours = Quantiles.Median(served), alone = Quantiles.Median(engine);
        double theirs = Quantiles.Median(stepped), theirTwo = Quantiles.Median(steppedByTwo);
        Console.WriteLine(FormattableString.Invariant($"""

            Tokens a second, {Streams} streams at once, LSTM 2 × 512

            | who | tokens/s |
            |---|---|
            | served over HTTP | {ours:F0} |
            | the engine alone, {Streams} streams together | {alone:F0} |
            | ONNX Runtime, one stream at a time, 1 thread | {theirs:F0} |
            | ONNX Runtime, one stream at a time, 2 threads | {theirTwo:F0} |

            | ratio | found | goal | |
            |---|---|---|---|
            | served / ONNX Runtime, 1 thread | {ours / theirs:F2} | 5 | {Met(ours / theirs >= 5)} |
            | served / the engine alone | {ours / alone:F2} | 0.70 | {Met(ours / alone >= 0.7)} |

            The service's own: {used / tokens * 1e6:F0} µs of processor time a token, {allocated / tokens:F0} bytes allocated a token.
            """));
    }

    /// <summary>Times to the first token and between tokens.</summary>
    public static async Task LatenciesAsync(LoadModels models)
    {
        using ServiceProcess service = await ServiceProcess.StartAsync(models.Path);
        var load = new StreamLoad(service.Port);
        await load.HoldAsync(Streams, 3);
        Console.WriteLine("""

            Streams, LSTM 2 × 512; newcomers as Poisson arrivals beside those that are held

            | streams at once | tokens/s | first token p50 / p99, ms | between tokens p50 / p99, ms |
            |---|---|---|---|
            """);
        foreach (int streams in (int[])[1, 16, 64, 256])
        {
            StreamFigures figures = await load.HoldAsync(streams, 4);
            Console.WriteLine(FormattableString.Invariant(
                $"| {streams} | {figures.Tokens:F0} | {Quantiles.Milliseconds(figures.FirstToken)} | {Quantiles.Milliseconds(figures.BetweenTokens)} |"));
        }
    }

    private static string Met(bool met) => met ? "met" : "not met";

    private static double Rate(Action step, double seconds)
    {
        double from = Clock.Now;
        int steps = 0;
        for (; Clock.Now - from < seconds; steps++) step();
        return steps * Streams / (Clock.Now - from);
    }
}
