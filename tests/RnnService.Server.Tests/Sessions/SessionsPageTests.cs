using System.Text.Json;
using System.Text.RegularExpressions;

namespace RnnService.Server.Tests.Sessions;

/// <summary>
/// The calls of docs/sessions.md, one after the other, give the answers shown there. A state is another each time: the page shows its beginning, and what
/// a call sends is the state of the answer before.
/// </summary>
public sealed partial class SessionsPageTests
{
    private const string Shown = "CfDJ8…";

    [Fact]
    public async Task The_calls_give_their_answers_in_turn()
    {
        using var models = new ShippedModels();
        await using var service = new TestService(null, null, ("Rnn:ModelsPath", models.Path), ("Rnn:Sessions:Store", "memory"));
        await service.ReadyAsync();
        using HttpClient client = service.Client();
        string state = "";
        (string Command, string Answer)[] calls = [.. ReadmeTests.CallsOf("docs/sessions.md")];
        Assert.True(calls.Length >= 4, $"{calls.Length} calls");
        foreach ((string command, string wanted) in calls)
        {
            string answer = await ReadmeTests.SendAsync(client, command.Replace(Shown, state, StringComparison.Ordinal));
            ReadmeTests.AssertSame(Masked(wanted), Masked(answer));
            using JsonDocument document = JsonDocument.Parse(answer);
            if (document.RootElement.GetProperty("session").TryGetProperty("state", out JsonElement found)) state = found.GetString()!;
            Assert.StartsWith(Shown[..^1], state, StringComparison.Ordinal);
        }
    }

    private static string Masked(string answer) => Changing().Replace(answer, "\"$1\":\"…\"");

    [GeneratedRegex("\"(state|expires)\":\"[^\"]*\"")]
    private static partial Regex Changing();
}
