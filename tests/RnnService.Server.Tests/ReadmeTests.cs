using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Mvc.Testing;

namespace RnnService.Server.Tests;

/// <summary>The calls of README, docs/http.md, docs/explanations.md and docs/open-inference.md give the answers shown there, from the shipped models over the real pipeline.</summary>
public sealed partial class ReadmeTests
{
    public static TheoryData<string, string> Calls
    {
        get
        {
            var calls = new TheoryData<string, string>();
            string[] pages = ["README.md", "docs/http.md", "docs/explanations.md", "docs/open-inference.md"];
            foreach ((string command, string answer) in pages.SelectMany(CallsOf)) calls.Add(command, answer);

            return calls;
        }
    }

    [Fact]
    public void There_are_calls_of_every_task() =>
        Assert.Equal(
            ["/classify", "/generate", "/generate_stream", "/inspect", "/tag", "/v2/models/pos/infer", "/v2/models/sentiment/infer", "/v2/models/shakespeare/infer"],
            Calls.Select(call => new Uri(Words(call.Data.Item1).Single(IsAddress)).AbsolutePath).Distinct().Order());

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task A_call_gives_its_answer(string command, string wanted)
    {
        using var models = new ShippedModels();
        using var factory = new WebApplicationFactory<Program>();
        using var service = factory.WithWebHostBuilder(builder => builder.UseSetting("Rnn:ModelsPath", models.Path));
        using HttpClient client = service.CreateClient();
        CancellationToken cancel = TestContext.Current.CancellationToken;
        while (!(await client.GetAsync("/health/ready", cancel)).IsSuccessStatusCode) await Task.Yield();

        AssertSame(wanted, await SendAsync(client, command));
    }

    /// <summary>The commands of a page that call the service, with the answers shown below them.</summary>
    internal static IEnumerable<(string Command, string Answer)> CallsOf(string page) =>
        Call().Matches(File.ReadAllText(Path.Combine(Repository.Root, page))).Select(call => (call.Groups["command"].Value, call.Groups["answer"].Value));

    /// <summary>Does what a command does.</summary>
    internal static async Task<string> SendAsync(HttpClient client, string command)
    {
        List<string> words = Words(command);
        Assert.Equal("curl", words[0]);
        string route = new Uri(words.Single(IsAddress)).AbsolutePath, body = words[words.IndexOf("-d") + 1];
        Assert.Equal("content-type: application/json", words[words.IndexOf("-H") + 1]);
        using HttpResponseMessage answer = await client.PostJsonAsync(route, body);
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>The same but for the last digits of numbers, which differ with a processor's vector width, and blank lines.</summary>
    internal static void AssertSame(string wanted, string found)
    {
        Assert.Equal(Number().Replace(Tight(wanted), "#"), Number().Replace(Tight(found), "#"));
        foreach (var (one, other) in Number().Matches(wanted).Zip(Number().Matches(found)))
            Assert.Equal(double.Parse(one.Value, CultureInfo.InvariantCulture), double.Parse(other.Value, CultureInfo.InvariantCulture), 1e-3);

        static string Tight(string text) => string.Join('\n', text.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static bool IsAddress(string word) => word.StartsWith("http://", StringComparison.Ordinal);

    /// <summary>Splits a command as a shell does: at white space, single quotes kept together, a backslash before a line's end joins it.</summary>
    private static List<string> Words(string command) =>
        [.. Word().Matches(command.Replace("\\\n", " ", StringComparison.Ordinal)).Select(word => word.Value.Trim('\''))];

    [GeneratedRegex(@"```sh\n(?<command>curl .+?)\n```\s+```(json|text)\n(?<answer>.+?)\n```", RegexOptions.Singleline)]
    private static partial Regex Call();

    [GeneratedRegex(@"'[^']*'|\S+")]
    private static partial Regex Word();

    [GeneratedRegex(@"-?\d+\.\d+(E-?\d+)?")]
    private static partial Regex Number();
}
