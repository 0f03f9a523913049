using System.Text.Json;

namespace RnnService.Benchmarks.Load;

/// <summary>Short sentences to be classified, one a request, beside ONNX Runtime behind the smallest service.</summary>
internal static class ClassifyPart
{
    private const int Rounds = 3;

    private static readonly byte[][] Requests = [.. new[]
    {
        "a lovely film", "two hours I will never get back", "the plot is thin but the actors carry it with charm and wit",
        "dull, dull, dull", "an honest and moving story about people you seem to know", "not bad at all",
        "it never finds its tone, and the jokes arrive an hour late", "the best thing I have seen this year, by a distance",
        "I wanted to like it more than I did", "a mess", "beautifully shot, badly told",
        "my children laughed from beginning to end and so did I",
    }.Select(text => Connection.Request("/classify", JsonSerializer.Serialize(new { inputs = text })))];

    public static async Task RunAsync(LoadModels models, Report report)
    {
        using ServiceProcess ours = await ServiceProcess.StartAsync(models.Path);
        using ServiceProcess theirs = await ServiceProcess.StartAsync(
            typeof(ClassifyPart).Assembly.Location, ["ort-service", Path.Combine(LoadModels.Shipped, LoadModels.Sentiment)], []);
        await ClosedAsync(ours, 16, 2);
        await ClosedAsync(theirs, 16, 2);
        report.Add("""

            /classify, short sentences, one a request; times with Poisson arrivals at half the rate of the slower

            | clients | requests/s | with ONNX Runtime | ratio | p50 / p99, ms | with ONNX Runtime | processor µs a request | with ONNX Runtime |
            |---|---|---|---|---|---|---|---|
            """);
        foreach (int clients in (int[])[1, 16, 64])
        {
            var rates = new List<(double Ours, double Theirs)>();
            var used = new List<(double Ours, double Theirs)>();
            var waits = (Ours: new List<double>(), Theirs: new List<double>());
            for (int round = 0; round < Rounds; round++)
            {
                ((double our, double ourTime), (double their, double theirTime)) =
                    (await ClosedAsync(ours, clients, 0.7), await ClosedAsync(theirs, clients, 0.7));
                rates.Add((our, their));
                used.Add((ourTime, theirTime));
                double rate = 0.5 * Math.Min(rates[^1].Ours, rates[^1].Theirs);
                waits.Ours.AddRange(await OpenAsync(ours, clients, rate, 0.7));
                waits.Theirs.AddRange(await OpenAsync(theirs, clients, rate, 0.7));
            }

            double ratio = Quantiles.Median([.. rates.Select(pair => pair.Ours / pair.Theirs)]);
            (double rateOurs, double rateTheirs) = Medians(rates);
            (double timeOurs, double timeTheirs) = Medians(used);
            string times = $"{Quantiles.Milliseconds(waits.Ours)} | {Quantiles.Milliseconds(waits.Theirs)}";
            report.Add(
                $"| {clients} | {rateOurs:F0} | {rateTheirs:F0} | {ratio:F2} | {times} | {timeOurs * 1e6:F0} | {timeTheirs * 1e6:F0} |");
        }
    }

    private static (double Ours, double Theirs) Medians(List<(double Ours, double Theirs)> pairs) =>
        (Quantiles.Median([.. pairs.Select(pair => pair.Ours)]), Quantiles.Median([.. pairs.Select(pair => pair.Theirs)]));

    /// <summary>Every client sends its next request as soon as it has its answer.</summary>
    /// <returns>Requests a second, and seconds of the service's processor time a request.</returns>
    private static async Task<(double Rate, double ProcessorTime)> ClosedAsync(ServiceProcess service, int clients, double seconds)
    {
        int answered = 0;
        double usedBefore = service.ProcessorTime;
        double from = Clock.Now;
        await Task.WhenAll(Enumerable.Range(0, clients).Select(OneAsync));
        double took = Clock.Now - from;
        await Task.Yield();
        return (answered / took, (service.ProcessorTime - usedBefore) / answered);

        async Task OneAsync(int client)
        {
            using var connection = new Connection(service.Port);
            for (int i = client; Clock.Now - from < seconds; i++)
            {
                await connection.PostAsync(Requests[i % Requests.Length]);
                Interlocked.Increment(ref answered);
            }
        }
    }

    /// <summary>Seconds from planned arrival to answer. Each client has arrivals of its own; one that finds it busy waits, and that counts.</summary>
    private static async Task<List<double>> OpenAsync(ServiceProcess service, int clients, double rate, double seconds)
    {
        var waits = new List<double>();
        double from = Clock.Now + 0.05;
        var queues = new Queue<double>[clients];
        var idle = new bool[clients];
        Connection[] connections = [.. queues.Select(_ => new Connection(service.Port))];
        for (int client = 0; client < clients; client++) (queues[client], idle[client]) = (new Queue<double>(), true);
        var all = new List<Task>();
        await Task.Factory.StartNew(
            () =>
            {
                int next = 0;
                foreach (double arrival in Clock.Poisson(3, rate).TakeWhile(arrival => arrival < seconds))
                {
                    Clock.WaitUntil(from + arrival);
                    int client = next++ % clients;
                    lock (queues[client])
                    {
                        queues[client].Enqueue(from + arrival);
                        if (!idle[client]) continue;
                        idle[client] = false;
                    }

                    all.Add(ServeAsync(client));
                }
            },
            TaskCreationOptions.LongRunning);
        await Task.WhenAll(all);
        foreach (Connection connection in connections) connection.Dispose();
        await Task.Yield();
        return waits;

        async Task ServeAsync(int client)
        {
            while (true)
            {
                double planned;
                lock (queues[client])
                {
                    idle[client] = queues[client].Count == 0;
                    if (idle[client]) return;
                    planned = queues[client].Dequeue();
                }

                await connections[client].PostAsync(Requests[(int)(planned * 1e6) % Requests.Length]);
                lock (waits) waits.Add(Clock.Now - planned);
            }
        }
    }
}
