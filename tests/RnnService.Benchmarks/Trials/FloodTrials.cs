namespace RnnService.Benchmarks.Trials;

/// <summary>The largest requests that are taken, from eight connections at once, over and over.</summary>
internal static class FloodTrials
{
    private const int Connections = 8, MostTexts = 64;

    private static readonly LightClient[] Lights = [LightClient.Generate, LightClient.Classify, LightClient.Tag];

    public static Task TagAsync(Trial trial) => TextsAsync(trial, "/tag");

    public static Task ClassifyAsync(Trial trial) => TextsAsync(trial, "/classify");

    public static Task GenerateAsync(Trial trial) => RunAsync(trial, "/generate", Attacks.LongestText, Attacks.Prompt, "characters");

    private static Task TextsAsync(Trial trial, string route) =>
        RunAsync(trial, route, MostTexts, count => Attacks.Texts(count, Attacks.LongestText), "texts of 20,000 characters");

    private static async Task RunAsync(Trial trial, string route, int largest, Func<int, byte[]> body, string unit)
    {
        var answers = new Tally();
        int size = 0;
        using TrialServer service = await TrialServer.StartAsync(trial);
        await LightClient.BesideAsync(Lights, trial, service.Port, 10, async stop =>
            size = await Attacks.FloodAsync(service.Port, route, Connections, largest, body, answers, stop));
        trial.Tell("a request of the flood", $"{size} {unit}");
        trial.Tell("answers to the flood", $"{answers}");
        await trial.CostAsync(service);
    }
}
