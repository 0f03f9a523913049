using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace RnnService.Benchmarks.Trials;

/// <summary>Every route of the document without a key, with wrong ones, and with one that allows another model.</summary>
internal static class KeyTrial
{
    private const string Known = "rnn_known", Other = "rnn_other", Revoked = "rnn_revoked", Health = "/health", Ready = "/v2/health";

    public static async Task RunAsync(Trial trial)
    {
        string file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, JsonSerializer.Serialize(new
            {
                keys = new object[]
            {
                new { name = "known", hash = Hash(Known) },
                new { name = "other", hash = Hash(Other), models = new[] { "nobody" } },
                new { name = "revoked", hash = Hash(Revoked), disabled = true },
            }
            }));
            using TrialServer service = await TrialServer.StartAsync(trial, settings: ("Rnn__Keys__File", file));
            IReadOnlyList<Operation> all = await Operation.AllAsync(service.Port);
            Operation[] closed = [.. all.Where(operation => !operation.Path.StartsWith(Health, StringComparison.Ordinal) && !operation.Path.StartsWith(Ready, StringComparison.Ordinal))];
            trial.Tell("routes", $"{all.Count}, of which {all.Count - closed.Length} are open to probes");
            foreach ((string what, string? key) in ((string, string?)[])[("no key", null), ("a wrong key", "rnn_" + new string('0', 64)), ("a revoked key", Revoked), ("an empty key", ""), ("a hash for a key", Hash(Known))])
                await CountAsync($"{what}: not 401", closed, key, status => status != 401);
            await CountAsync("the key of another model: answered with a text", [.. closed.Where(operation => operation.Bodies.Count > 0)], Other, status => status == 200);
            await CountAsync("a key: 401", closed, Known, status => status == 401);
            await trial.CostAsync(service);

            async Task CountAsync(string what, Operation[] operations, string? key, Func<int, bool> isWrong)
            {
                using var client = new HttpClient { BaseAddress = new Uri($"http://{Trial.Here}:{service.Port}") };
                var wrong = new List<string>();
                foreach (Operation operation in operations)
                {
                    using var request = new HttpRequestMessage(new HttpMethod(operation.Method), operation.Path);
                    if (operation.Bodies.Count > 0) request.Content = new StringContent(operation.Bodies[0], Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
                    if (key is not null) request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {key}");
                    using HttpResponseMessage answer = await client.SendAsync(request);
                    if (isWrong((int)answer.StatusCode)) wrong.Add($"{operation.Method} {operation.Path} {(int)answer.StatusCode}");
                }

                trial.AtMost(what, wrong.Count, 0, "");
                foreach (string one in wrong) Console.Error.WriteLine($"trials: keys: {what}: {one}");
            }
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>What the file of keys has of a key.</summary>
    public static string Hash(string key) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)))}";
}
