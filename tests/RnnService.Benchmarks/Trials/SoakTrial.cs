using RnnService.Benchmarks.Load;

namespace RnnService.Benchmarks.Trials;

/// <summary>Everything that clients do, mixed and for long, while a model is replaced again and again: what does not come back would show in the memory.</summary>
internal static class SoakTrial
{
    private const int ClientsOfEach = 3;
    private const double Pause = 0.02, BetweenSwaps = 10;

    private static readonly (string Route, string Body)[] Requests =
    [
        ("/generate", """{"inputs": "ROMEO:", "parameters": {"max_new_tokens": 60}}"""),
        ("/generate_stream", """{"inputs": "JULIET:\n", "parameters": {"max_new_tokens": 200}}"""),
        ("/generate", """{"inputs": "KING:", "parameters": {"max_new_tokens": 20, "details": true, "decoder_input_details": true, "top_n_tokens": 5}}"""),
        ("/generate", """{"inputs": "ROMEO:", "parameters": {"max_new_tokens": 30}, "session": {"return_state": true}}"""),
        ("/v1/completions", """{"prompt": ["ROMEO:", "JULIET:"], "max_tokens": 20, "logprobs": 2}"""),
        ("/classify", """{"inputs": ["an honest and moving story", "two hours that I will never get back"]}"""),
        ("/classify", """{"inputs": "a lovely film", "parameters": {"explain": true}}"""),
        ("/tag", """{"inputs": "Marie Curie worked in Paris, and her husband beside her."}"""),
        ("/v2/models/sentiment/infer", """{"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": ["a lovely film"]}]}"""),
        ("/generate", """{"inputs": 7}"""),
    ];

    public static async Task RunAsync(Trial trial)
    {
        using var models = new TrialModels();
        models.CopyOf("sentiment", "swapped");
        using TrialServer service = await TrialServer.StartAsync(trial, models.Path, settings: ("Rnn__Loading__WatchSeconds", "1"));
        double seconds = trial.Seconds(90, 1_800), warm = seconds / 5, from = Clock.Now;
        var statuses = new Tally();
        double before = 0;
        int swaps = 0;
        Task memory = Task.Run(async () =>
        {
            await Task.Delay(TimeSpan.FromSeconds(warm));
            before = service.Memory / Trial.Megabyte;
        });
        Task swapping = Task.Run(async () =>
        {
            for (; Clock.Now - from < seconds - BetweenSwaps; swaps++)
            {
                await Task.Delay(TimeSpan.FromSeconds(BetweenSwaps));
                models.Replace("swapped", Path.Combine(LoadModels.Shipped, "sentiment"));
            }
        });
        await Task.WhenAll(Enumerable.Range(0, ClientsOfEach * Requests.Length).Select(number => RunAsync(Requests[number % Requests.Length])));
        await Task.WhenAll(memory, swapping);
        trial.Tell("requests", $"{statuses} in {seconds:F0} s, {swaps} models replaced");
        trial.AtMost("5xx and no answer", statuses.Failed, 0, "");
        trial.AtMost($"memory at the end / after {warm:F0} s ({before:F0} MB)", service.Memory / Trial.Megabyte / before, 1.05, "");
        await trial.CostAsync(service);

        async Task RunAsync((string Route, string Body) request)
        {
            byte[] body = System.Text.Encoding.UTF8.GetBytes(request.Body);
            using var client = new TrialClient(service.Port, Trial.Here);
            while (Clock.Now - from < seconds)
            {
                statuses.Add((await client.SendAsync(request.Route, body, 20)).Status);
                await Task.Delay(TimeSpan.FromSeconds(Pause));
            }
        }
    }
}
