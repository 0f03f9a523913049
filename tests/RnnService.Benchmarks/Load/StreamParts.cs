namespace RnnService.Benchmarks.Load;

/// <summary>The parts about streams.</summary>
internal static class StreamParts
{
    private const int Streams = 64;

    /// <summary>Tokens a second at 64 streams, beside the engine without HTTP and ONNX Runtime stepped one stream at a time.</summary>
    public static async Task RateAsync(LoadModels models, Report report)
    {
        var served = new List<double>();
        var engine = new List<double>();
        var stepped = new List<double>();
        var steppedByTwo = new List<double>();
        using ServiceProcess service = await ServiceProcess.StartAsync(models.Path);
        var load = new StreamLoad(service.Port);
        var steps = new EngineSteps(models.Language, Streams);
        using var one = new OrtStepper(models.LanguageFolder, Streams, 1);
        using var two = new OrtStepper(models.LanguageFolder, Streams, 2);
        await load.RateAsync(Streams, 3); // until the just-in-time compiler has done its last
        Rate(steps.Step, 1.5);
        double used = 0, allocated = 0, tokens = 0, engineUsed = 0, engineTokens = 0, generatorUsed = 0;
        for (int round = 0; round < 8; round++)
        {
            (double usedBefore, double allocatedBefore) = (service.ProcessorTime, await service.AllocatedAsync());
            double from = Clock.Now, generatorBefore = Environment.CpuUsage.TotalTime.TotalSeconds;
            served.Add(await load.RateAsync(Streams, 1.5));
            generatorUsed += Environment.CpuUsage.TotalTime.TotalSeconds - generatorBefore;
            tokens += served[^1] * (Clock.Now - from);
            used += service.ProcessorTime - usedBefore;
            allocated += await service.AllocatedAsync() - allocatedBefore;
            double engineBefore = Environment.CpuUsage.TotalTime.TotalSeconds;
            from = Clock.Now;
            engine.Add(Rate(steps.Step, 0.5));
            engineTokens += engine[^1] * (Clock.Now - from);
            engineUsed += Environment.CpuUsage.TotalTime.TotalSeconds - engineBefore;
            stepped.Add(Rate(one.Step, 0.4));
            steppedByTwo.Add(Rate(two.Step, 0.4));
        }

        // Of rounds, because whatever else the machine does changes from one to the next and meets all of a round.
        double toStepped = Quantiles.Median([.. served.Zip(stepped, (ours, theirs) => ours / theirs)]);
        double toEngine = Quantiles.Median([.. served.Zip(engine, (ours, alone) => ours / alone)]);
        double ours = Quantiles.Median(served), alone = Quantiles.Median(engine);
        double theirs = Quantiles.Median(stepped), theirTwo = Quantiles.Median(steppedByTwo);
        report.Add($"""

            Tokens a second, {Streams} streams at once, LSTM 2 × 512

            | who | tokens/s |
            |---|---|
            | served over HTTP | {ours:F0} |
            | the engine alone, {Streams} streams together | {alone:F0} |
            | ONNX Runtime, one stream at a time, 1 thread | {theirs:F0} |
            | ONNX Runtime, one stream at a time, 2 threads | {theirTwo:F0} |

            | ratio | found | goal | |
            |---|---|---|---|
            | served / ONNX Runtime, 1 thread | {toStepped:F2} | 5 | {Report.Met(toStepped >= 5)} |
            | served / the engine alone | {toEngine:F2} | 0.70 | {Report.Met(toEngine >= 0.7)} |

            Processor time a token: {used / tokens * 1e6:F0} µs in the service, {engineUsed / engineTokens * 1e6:F0} µs in the engine alone,
            {generatorUsed / tokens * 1e6:F0} µs in this load generator.
            Allocated by the service: {allocated / tokens:F0} bytes a token.
            """);
    }

    /// <summary>Times to the first token and between tokens.</summary>
    public static async Task LatenciesAsync(LoadModels models, Report report)
    {
        using ServiceProcess service = await ServiceProcess.StartAsync(models.Path);
        var load = new StreamLoad(service.Port);
        await load.HoldAsync(Streams, 3);
        report.Add("""

            Streams, LSTM 2 × 512; newcomers as Poisson arrivals beside those that are held

            | streams at once | tokens/s | first token p50 / p99, ms | between tokens p50 / p99, ms |
            |---|---|---|---|
            """);
        foreach (int streams in (int[])[1, 16, 64, 256])
        {
            StreamFigures figures = await load.HoldAsync(streams, 4);
            report.Add(
                $"| {streams} | {figures.Tokens:F0} | {Quantiles.Milliseconds(figures.FirstToken)} | {Quantiles.Milliseconds(figures.BetweenTokens)} |");
        }
    }

    /// <summary>Whether a crowd is served to the last.</summary>
    public static async Task CrowdAsync(LoadModels models, Report report)
    {
        const int Crowd = 1_000, Tokens = 50;
        using ServiceProcess service = await ServiceProcess.StartAsync(models.Path);
        var load = new StreamLoad(service.Port);
        await load.HoldAsync(Streams, 2);
        (int finished, int atOnce, double seconds) = await load.CrowdAsync(Crowd, Tokens);
        report.Add($"""

            A crowd: {Crowd} streams of {Tokens} tokens that come within a second, shipped options

            | finished | goal | | at once | tokens/s |
            |---|---|---|---|---|
            | {finished} | {Crowd} | {Report.Met(finished == Crowd)} | {atOnce} | {Crowd * Tokens / seconds:F0} |
            """);
    }

    /// <summary>What a long prompt does to the others.</summary>
    public static async Task PromptAsync(LoadModels models, Report report)
    {
        const int Length = 100_000;
        using ServiceProcess service = await ServiceProcess.StartAsync(models.Path, ("Rnn__Limits__MaxTextLength", $"{Length}"));
        var load = new StreamLoad(service.Port);
        await load.HoldAsync(Streams, 3);
        byte[] prompt = StreamLoad.Request(1, 1, string.Concat(Enumerable.Repeat("to be or not to be. ", Length / 20)));
        report.Add($"""

            Time between tokens of the others while a prompt of {Length / 1000} kB arrives and is read, p50 / p99 in ms

            | streams at once | without | with | ratio of p99 | goal | |
            |---|---|---|---|---|---|
            """);
        foreach (int streams in (int[])[1, 16, 64])
        {
            var without = new List<double>();
            var with = new List<double>();
            var ratios = new List<double>();
            for (int round = 0; round < 3; round++)
            {
                List<double> quiet = (await load.HoldAsync(streams, 1.5)).BetweenTokens;
                List<double> disturbed = (await load.HoldAsync(streams, 1.5, prompt)).BetweenTokens;
                ratios.Add(Quantiles.Of(disturbed, 0.99) / Quantiles.Of(quiet, 0.99));
                without.AddRange(quiet);
                with.AddRange(disturbed);
            }

            double ratio = Quantiles.Median(ratios);
            report.Add(
                $"| {streams} | {Quantiles.Milliseconds(without)} | {Quantiles.Milliseconds(with)} | {ratio:F2} | 3 | {Report.Met(ratio <= 3)} |");
        }
    }

    private static double Rate(Action step, double seconds)
    {
        double from = Clock.Now;
        int steps = 0;
        for (; Clock.Now - from < seconds; steps++) step();
        return steps * Streams / (Clock.Now - from);
    }
}
