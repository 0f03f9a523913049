using System.Text.Json;

namespace RnnService.Benchmarks.Load;

/// <summary>What explanations cost: one client's requests, one after the other, in turns with the same ones that ask for less.</summary>
internal static class ExplainPart
{
    private const int Rounds = 40;

    private const string Review = "the plot is thin but the actors carry it with charm and wit and I would see it again any day ";
    private const string Verse = "ROMEO:\nI am to the common fiery taffeta like,\nBut I was made the subjects of the consent,\n";

    public static async Task RunAsync(LoadModels models, Report report)
    {
        using ServiceProcess service = await ServiceProcess.StartAsync(LoadModels.Shipped);
        using var connection = new Connection(service.Port);
        report.Add("""

            Answers that explain themselves, from the shipped models, one request at a time

            | request | without, p50 / p95 ms | with, p50 / p95 ms |
            |---|---|---|
            """);
        foreach (int words in (int[])[20, 250])
        {
            string text = string.Join(' ', Repeated(Review, 8 * words).Split(' ').Take(words));
            await CompareAsync($"/classify, {words} words; with explain",
                Request("/classify", new { inputs = text }), Request("/classify", new { inputs = text, parameters = new { explain = true } }));
        }

        foreach (int characters in (int[])[200, 1_000])
        {
            string text = Repeated(Verse, characters);
            await CompareAsync($"/inspect, {characters} characters, 64 units; with gradients",
                Request("/inspect", new { model = "shakespeare", inputs = text }),
                Request("/inspect", new { model = "shakespeare", inputs = text, parameters = new { gradients = true } }));
        }

        await CompareAsync("/generate, 100 tokens; with activations of 64 units",
            Request("/generate", new { inputs = "ROMEO:", parameters = new { max_new_tokens = 100, seed = 1 } }),
            Request("/generate", new { inputs = "ROMEO:", parameters = new { max_new_tokens = 100, seed = 1, activations = new { units = 64 } } }));
        await CompareAsync("/tag, 6 words; with 3 alternatives", Request("/tag", new { inputs = "Marie Curie worked in Paris." }),
            Request("/tag", new { inputs = "Marie Curie worked in Paris.", parameters = new { alternatives = 3 } }));

        async Task CompareAsync(string what, byte[] without, byte[] with)
        {
            List<double> plain = [], explained = [];
            for (int round = -5; round < Rounds; round++)
            {
                foreach ((byte[] request, List<double> times) in new[] { (without, plain), (with, explained) })
                {
                    double from = Clock.Now;
                    await connection.PostAsync(request);
                    if (round >= 0) times.Add(Clock.Now - from);
                }
            }

            report.Add($"| {what} | {Times(plain)} | {Times(explained)} |");
        }
    }

    private static string Times(List<double> seconds) =>
        FormattableString.Invariant($"{Quantiles.Median(seconds) * 1e3:F1} / {Quantiles.Of(seconds, 0.95) * 1e3:F1}");

    private static string Repeated(string text, int length) => string.Concat(Enumerable.Repeat(text, length / text.Length + 1))[..length];

    private static byte[] Request(string route, object body) => Connection.Request(route, JsonSerializer.Serialize(body));
}
