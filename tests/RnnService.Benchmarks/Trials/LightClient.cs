using RnnService.Benchmarks.Load;

namespace RnnService.Benchmarks.Trials;

/// <summary>Seconds until the answers of a light client, and how many of its requests were answered with 200.</summary>
internal sealed record Waits(List<double> Seconds, int Asked, int Answered);

/// <summary>A client that asks for little, one request after the other, as a person would. It is what an attack must not stop.</summary>
internal sealed class LightClient(string name, string route, string body)
{
    private const double Pause = 0.01, Patience = 5;

    public static readonly LightClient
        Generate = new("generate", "/generate", """{"inputs": "ROMEO:", "parameters": {"max_new_tokens": 20}}"""),
        Classify = new("classify", "/classify", """{"inputs": "an honest and moving story"}"""),
        Tag = new("tag", "/tag", """{"inputs": "Marie Curie worked in Paris."}""");

    private readonly byte[] _body = System.Text.Encoding.UTF8.GetBytes(body);

    public string Name => name;

    /// <summary>Asks for some seconds. A request that has no answer then gets a few seconds more, and its whole wait counts.</summary>
    public async Task<Waits> RunAsync(int port, double seconds)
    {
        var waits = new List<double>();
        int asked = 0, answered = 0;
        double end = Clock.Now + seconds;
        using var client = new TrialClient(port, Trial.Here);
        while (asked == 0 || Clock.Now < end)
        {
            asked++;
            Answer answer = await AskAsync(client, end - Clock.Now + Patience);
            if (answer.Status == 200) answered++;
            // A refusal is no wait; silence is.
            if (answer.Status is 200 or 0) waits.Add(answer.Seconds);
            await Task.Delay(TimeSpan.FromSeconds(Pause));
        }

        return new Waits(waits, asked, answered);
    }

    public Task<Answer> AskAsync(TrialClient client, double seconds) => client.SendAsync(route, _body, seconds);

    /// <summary>Several at once, each on a connection of its own.</summary>
    public static Task<Waits[]> RunAllAsync(LightClient[] clients, int port, double seconds) =>
        Task.WhenAll(clients.Select(client => client.RunAsync(port, seconds)));

    /// <summary>Runs them without and then beside an attack, and adds both to the trial.</summary>
    /// <param name="clients">The light clients.</param>
    /// <param name="trial">Gets the figures.</param>
    /// <param name="port">The service.</param>
    /// <param name="seconds">Of the attack.</param>
    /// <param name="attack">Goes on until it is cancelled.</param>
    /// <param name="most">How many times as long as alone they may wait.</param>
    public static async Task BesideAsync(
        LightClient[] clients, Trial trial, int port, double seconds, Func<CancellationToken, Task> attack, double most = 3)
    {
        await RunAllAsync(clients, port, trial.Seconds(1)); // until what is compiled at first use is
        Waits[] alone = await RunAllAsync(clients, port, trial.Seconds(3));
        using var stop = new CancellationTokenSource();
        Task attacking = Task.Run(() => attack(stop.Token));
        Waits[] beside = await RunAllAsync(clients, port, trial.Seconds(seconds));
        await stop.CancelAsync();
        await attacking;
        for (int i = 0; i < clients.Length; i++) trial.Light(clients[i].Name, alone[i], beside[i], most);
    }
}
