using System.Globalization;
using RnnService.Benchmarks.Load;

namespace RnnService.Benchmarks.Trials;

/// <summary>Streams that nobody reads, clients that vanish, and more requests than can be answered.</summary>
internal static class StreamTrials
{
    private const int Many = 1_100;

    public static Task UnreadAsync(Trial trial) => UnreadAsync(trial, Attacks.One);

    public static Task UnreadSameAddressAsync(Trial trial) => UnreadAsync(trial, [Trial.Here]);

    public static async Task VanishAsync(Trial trial)
    {
        using TrialServer service = await TrialServer.StartAsync(trial);
        double? free = null;
        await LightClient.BesideAsync([LightClient.Generate], trial, service.Port, 12, async stop =>
        {
            int unreadCount = trial.Count(500);
            using var unread = HeldSockets.Open(service.Port, Attacks.Crowd, unreadCount, Attacks.Stream, reads: false);
            await unread.Sent;
            using (var held = HeldSockets.Open(service.Port, Attacks.Crowd, trial.Count(1_000), Attacks.Stream, reads: false))
            {
                await held.Sent;
                await Task.Delay(TimeSpan.FromSeconds(trial.Seconds(1.5)), CancellationToken.None);
                trial.Tell("streams before they vanish", $"{await StreamsAsync(service)}");
            }

            free = await UntilAtMostAsync(service, unreadCount + 1); // and the light client's
            await stop.UntilCancelledAsync();
        }, most: 2);
        trial.AtMost("seconds until the places of those that vanished are free", free, 1, "s");
        await trial.CostAsync(service);
    }

    /// <summary>What is answered in a second at three times the load, and whether the advice to come back later is right.</summary>
    public static async Task OverloadAsync(Trial trial)
    {
        const string Route = "/generate";
        byte[] body = """{"inputs": "ROMEO:", "parameters": {"max_new_tokens": 100}}"""u8.ToArray();
        using TrialServer service = await TrialServer.StartAsync(trial);
        TrialClient[] clients = [.. Attacks.Crowd.Select(address => new TrialClient(service.Port, address))];
        Waits alone = await LightClient.Generate.RunAsync(service.Port, trial.Seconds(2));
        double peak = await ClosedAsync(trial.Seconds(4));

        double seconds = trial.Seconds(20, 300), from = Clock.Now;
        var sent = new List<Task<(Answer Answer, double End)>>();
        while (Clock.Now - from is var now && now < seconds)
        {
            for (; sent.Count < now * 3 * peak;) sent.Add(OneAsync(clients[sent.Count % clients.Length]));
            await Task.Delay(2);
        }

        double over = Clock.Now, usual = 3 * Quantiles.Of(alone.Seconds, 0.99);
        double? recovered = await service.UntilAsync(async (client, left) =>
            await LightClient.Generate.AskAsync(client, left) is var answer && answer.Seconds <= usual ? answer : default, 60) is null ? null : Clock.Now - over;
        (Answer Answer, double End)[] all = await Task.WhenAll(sent);
        double later = await ClosedAsync(trial.Seconds(4)); // what else the machine does may have been more, or less, before
        List<double> waits = [.. all.Where(one => one.Answer.Status == 200).Select(one => one.Answer.Seconds)];
        List<double> advice = [.. all.Select(one => one.Answer.RetryAfter).OfType<double>()];
        var statuses = new Tally();
        foreach ((Answer answer, _) in all) statuses.Add(answer.Status);
        // Of the second half, when the queue is full and answers come as fast as they will.
        int good = all.Count(one => one.Answer.Status == 200 && one.End - from >= seconds / 2 && one.End - from < seconds);
        trial.Tell("peak before, after", $"{peak:F0}, {later:F0} requests/s");
        trial.Tell("answers at three times the peak", $"{statuses}");
        trial.AtLeast("goodput / peak", good / (seconds / 2) / Math.Max(peak, later), 0.9, "");
        List<double> refusals = [.. all.Where(one => one.Answer.Status == 429).Select(one => one.Answer.Seconds)];
        if (refusals.Count > 0) trial.AtMost("p99 until a 429", Quantiles.Of(refusals, 0.99), 1, "s");
        trial.AtMost("recovery: until a light request is answered as usual", recovered, 5, "s");
        trial.Tell("median wait of those answered", $"{Quantiles.Median(waits):F1} s");
        if (advice.Count > 0)
        {
            trial.Tell("median Retry-After of those refused", $"{Quantiles.Median(advice):F0} s");
            trial.AtMost("median wait / median Retry-After", Quantiles.Median(waits) / Quantiles.Median(advice), 2, "");
        }

        await trial.CostAsync(service);
        foreach (TrialClient client in clients) client.Dispose();

        async Task<(Answer Answer, double End)> OneAsync(TrialClient client) => (await client.SendAsync(Route, body, 20), Clock.Now);

        async Task<double> ClosedAsync(double time)
        {
            double begin = Clock.Now;
            int answered = 0;
            await Task.WhenAll(Enumerable.Range(0, trial.Count(256)).Select(async i =>
            {
                while (Clock.Now - begin < time)
                {
                    if ((await clients[i % clients.Length].SendAsync(Route, body, 20)).Status == 200) Interlocked.Increment(ref answered);
                }
            }));
            return answered / (Clock.Now - begin);
        }
    }

    private static async Task UnreadAsync(Trial trial, string[] addresses)
    {
        using TrialServer service = await TrialServer.StartAsync(trial);
        await LightClient.BesideAsync([LightClient.Generate], trial, service.Port, 12, async stop =>
        {
            using var held = HeldSockets.Open(service.Port, addresses, trial.Count(Many), Attacks.Stream, reads: false);
            await stop.UntilCancelledAsync();
        });
        await trial.CostAsync(service);
    }

    /// <summary>Seconds until no more streams hold a place; null when that takes too long.</summary>
    private static async Task<double?> UntilAtMostAsync(TrialServer service, int streams)
    {
        const double patience = 20;
        double from = Clock.Now;
        while (Clock.Now - from < patience)
        {
            if (await StreamsAsync(service) <= streams) return Clock.Now - from;
            await Task.Delay(20);
        }

        return null;
    }

    /// <summary>Streams that hold a place, by the service's own count.</summary>
    private static async Task<int> StreamsAsync(TrialServer service)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        string text = await client.GetStringAsync($"http://{Trial.Here}:{service.Port}/metrics");
        return (int)text.Split('\n')
            .Where(line => line.StartsWith("rnn_streams_active{", StringComparison.Ordinal))
            .Sum(line => double.Parse(line[(line.LastIndexOf('}') + 1)..].Trim().Split(' ')[0], CultureInfo.InvariantCulture));
    }
}
