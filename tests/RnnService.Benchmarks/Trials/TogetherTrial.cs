namespace RnnService.Benchmarks.Trials;

/// <summary>All attacks that clients can make, at once.</summary>
internal static class TogetherTrial
{
    public static async Task RunAsync(Trial trial)
    {
        LightClient[] lights = [LightClient.Generate, LightClient.Classify, LightClient.Tag];
        byte[] unknown = Attacks.UnknownFields(trial.Count(180_000)), unfinished = HeldSockets.Unfinished("/classify", Attacks.BodyBytes);
        var answers = new Tally();
        using TrialServer service = await TrialServer.StartAsync(trial);
        int port = service.Port;
        await LightClient.BesideAsync(lights, trial, port, 25, async stop =>
        {
            using var unread = HeldSockets.Open(port, Attacks.One, trial.Count(1_100), Attacks.Stream, reads: false);
            using var bodies = HeldSockets.Open(port, Attacks.One, trial.Count(400), unfinished, reads: true);
            await Task.WhenAll(
                Flood("/tag", 8, 64), Flood("/classify", 8, 64), Flood("/tag", trial.Count(200), 62),
                Attacks.FloodAsync(port, "/generate", 12, 1, _ => unknown, answers, stop),
                VanishAsync(stop));

            Task Flood(string route, int connections, int texts) => Attacks.FloodAsync(
                port, route, connections, texts, count => Attacks.Texts(count, Attacks.LongestText), answers, stop);
        });
        trial.Tell("answers to the attackers", $"{answers}");
        if (service.TookTooMuch) trial.Tell("the service", $"ended at 8 GB, so as not to endanger the machine");
        await trial.CostAsync(service);

        async Task VanishAsync(CancellationToken stop)
        {
            while (!stop.IsCancellationRequested)
            {
                using var held = HeldSockets.Open(port, Attacks.One, trial.Count(100), Attacks.Stream, reads: false);
                await Task.WhenAny(held.Sent, stop.UntilCancelledAsync());
                await Task.Delay(200, CancellationToken.None);
            }
        }
    }
}
