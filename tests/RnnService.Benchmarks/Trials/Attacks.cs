using System.Globalization;
using System.Text;
using System.Text.Json;
using RnnService.Benchmarks.Load;

namespace RnnService.Benchmarks.Trials;

/// <summary>What attackers send.</summary>
internal static class Attacks
{
    public const int LongestText = 20_000, BodyBytes = 2_000_000;

    /// <summary>Where attackers come from when it is one address, and when it is a crowd.</summary>
    public static readonly string[] One = ["127.0.0.2"], Crowd = [.. Enumerable.Range(2, 16).Select(i => $"127.0.0.{i}")];

    /// <summary>A long stream.</summary>
    public static byte[] Stream { get; } = Connection.Request(
        "/generate_stream", """{"inputs": "ROMEO:", "parameters": {"max_new_tokens": 4000, "temperature": 1.0}}""");

    /// <summary>A body of a number of fields that nobody knows.</summary>
    public static byte[] UnknownFields(int count)
    {
        var body = new StringBuilder("""{"inputs":"a" """);
        for (int i = 0; i < count; i++) body.Append(CultureInfo.InvariantCulture, $",\"{i:x}\":0");
        return Encoding.ASCII.GetBytes(body.Append('}').ToString());
    }

    /// <summary>A body with a long list of elements of a wrong kind.</summary>
    public static byte[] WrongElements(string before, int count, string after) =>
        Encoding.ASCII.GetBytes($"{before}[{string.Join(',', Enumerable.Repeat("1", count))}]{after}");

    /// <summary>A body with a list of long texts of common words.</summary>
    public static byte[] Texts(int count, int length) =>
        JsonSerializer.SerializeToUtf8Bytes(new { inputs = Enumerable.Repeat(Text(length), count) });

    /// <summary>A body with one long prompt.</summary>
    public static byte[] Prompt(int length) =>
        JsonSerializer.SerializeToUtf8Bytes(new { inputs = Text(length), parameters = new { max_new_tokens = 1 } });

    /// <summary>
    /// Sends the largest requests that are taken, over and over, each connection the next as soon as it has an answer. While they are
    /// refused for what they are (413, 422), they become smaller.
    /// </summary>
    /// <param name="port">The service.</param>
    /// <param name="route">Where to.</param>
    /// <param name="connections">How many at once.</param>
    /// <param name="largest">The size to begin with.</param>
    /// <param name="body">A body of a size.</param>
    /// <param name="answers">Gets the statuses.</param>
    /// <param name="cancel">Ends it.</param>
    /// <returns>The size that was taken.</returns>
    public static async Task<int> FloodAsync(
        int port, string route, int connections, int largest, Func<int, byte[]> body, Tally answers, CancellationToken cancel)
    {
        int size = largest;
        byte[] bytes = body(size);
        var resizing = new Lock();
        await Task.WhenAll(Enumerable.Range(0, connections).Select(async _ =>
        {
            using var client = new TrialClient(port, One[0]);
            while (!cancel.IsCancellationRequested)
            {
                byte[] sent = bytes;
                Answer answer = await client.SendAsync(route, sent, 60, cancel);
                if (cancel.IsCancellationRequested) return;
                answers.Add(answer.Status);
                if (answer.Status is 413 or 422)
                {
                    lock (resizing)
                    {
                        if (sent == bytes && size > 1) bytes = body(size = Smaller(size));
                    }
                }
                else if (answer.Status != 200)
                {
                    await Task.Delay(20, CancellationToken.None); // refused for the time being: comes back at once
                }
            }
        }));
        return size;
    }

    /// <summary>The next size to try when one was too large.</summary>
    public static int Smaller(int size) => size - Math.Max(1, size / 4);

    private static string Text(int length)
    {
        const string Words = "the quick brown fox jumps over the lazy dog and runs away from it . ";
        return string.Concat(Enumerable.Repeat(Words, length / Words.Length + 1))[..length];
    }
}
