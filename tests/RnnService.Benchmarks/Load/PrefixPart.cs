namespace RnnService.Benchmarks.Load;

/// <summary>What a prompt costs that begins like one before it.</summary>
internal static class PrefixPart
{
    private const int Length = 20_000, Rounds = 7;

    /// <summary>Time to the first token of a long prompt: new, the same again, and with another end.</summary>
    public static async Task RunAsync(LoadModels models, Report report)
    {
        using ServiceProcess service = await ServiceProcess.StartAsync(models.Path);
        await new StreamLoad(service.Port).HoldAsync(1, 2); // until the just-in-time compiler has done its last
        using var connection = new Connection(service.Port);
        await FirstTokenAsync(Text(0));
        var unseen = new List<double>();
        var again = new List<double>();
        var longer = new List<double>();
        for (int round = 1; round <= Rounds; round++)
        {
            string text = Text(round);
            unseen.Add(await FirstTokenAsync(text));
            again.Add(await FirstTokenAsync(text));
            longer.Add(await FirstTokenAsync(text[..^40] + "And what else is there to say, my lord?"));
        }

        (double first, double second, double other) = (Quantiles.Median(unseen), Quantiles.Median(again), Quantiles.Median(longer));
        report.Add($"""

            Time to the first token of a prompt of {Length / 1000} kB, LSTM 2 × 512, median of {Rounds}

            | prompt | ms | of new | goal | |
            |---|---|---|---|---|
            | new | {first * 1e3:F1} | | | |
            | seen before | {second * 1e3:F1} | {second / first:P1} | 5 % | {Report.Met(second <= 0.05 * first)} |
            | seen before, with another end | {other * 1e3:F1} | {other / first:P1} | | |
            """);

        async Task<double> FirstTokenAsync(string prompt)
        {
            double from = Clock.Now, first = double.NaN;
            await connection.PostAsync(StreamLoad.Request(1, 1, prompt), events =>
            {
                if (double.IsNaN(first) && events > 0) first = Clock.Now;
            });
            return first - from;
        }
    }

    /// <summary>A text of its own for each seed.</summary>
    private static string Text(int seed)
    {
        var random = new Random(seed);
        string[] words = ["to be ", "or not ", "what light ", "but soft ", "my lord ", "and yet "];
        return string.Concat(Enumerable.Range(0, Length).Select(_ => words[random.Next(words.Length)]))[..Length];
    }
}
