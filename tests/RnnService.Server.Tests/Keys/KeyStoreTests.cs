using System.Net;
using Microsoft.Extensions.DependencyInjection;
using RnnService.Server.Keys;

namespace RnnService.Server.Tests.Keys;

/// <summary>The file of keys changes while the service runs.</summary>
public sealed class KeyStoreTests(SharedService shared)
{
    private const string User = "user";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Keys_come_change_and_go_while_requests_are_answered()
    {
        using KeyFixture keys = new KeyFixture().Add("steady").Add(User);
        await using TestService service = await TestService.StartAsync(shared.Models, keys.Setting);
        KeyStore store = service.Services.GetRequiredService<KeyStore>();
        using HttpClient steady = keys.Client(service, "steady"), user = keys.Client(service, User);
        int asked = 0;
        bool isOver = false;
        Task asking = Task.Run(async () =>
        {
            for (; !Volatile.Read(ref isOver); asked++) await steady.AnswerAsync("/classify", """{"inputs": "a"}""");
        }, Cancel);
        try
        {
            await ChangeAsync();
        }
        finally
        {
            Volatile.Write(ref isOver, true);
            await asking;
        }

        Assert.True(asked > 0);

        async Task ChangeAsync()
        {
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(user));
            Look(() => keys.Change(User, key => key with { Disabled = true }), "user revoked");
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(user));
            Look(() => keys.Change(User, key => key with { Disabled = false, Models = ["pos"] }), "user changed");
            Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(user));
            Look(() => keys.Remove(User).Add("late"), "late added, user removed");
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(user));
            using HttpClient late = keys.Client(service, "late");
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(late));
        }

        void Look(Action change, string told)
        {
            change();
            store.Look();
            Assert.Contains(service.Logs.Lines, line => line.Contains(told, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task The_file_is_looked_at_without_being_asked()
    {
        using KeyFixture keys = new KeyFixture().Add(User);
        await using TestService service = await TestService.StartAsync(shared.Models, keys.Setting, ("Rnn:Http:ProbePort", "0"));
        using HttpClient user = keys.Client(service, User);
        keys.Change(User, key => key with { Disabled = true });
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await StatusAsync(user) == HttpStatusCode.OK) Assert.False(patience.IsCancellationRequested);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("""{"keys": [{"name": "user", "hash": "sha256:00"}]}""")]
    [InlineData("""{"keys": [{"name": "user", "hash": "…", "modles": ["pos"]}]}""")]
    [InlineData(null)] // no file
    public async Task A_version_that_cannot_be_used_changes_nothing_and_is_told_once(string? content)
    {
        using KeyFixture keys = new KeyFixture().Add(User, key => key with { Role = KeyRole.Operator });
        await using TestService service = await TestService.StartAsync(shared.Models, keys.Setting);
        KeyStore store = service.Services.GetRequiredService<KeyStore>();
        using HttpClient user = keys.Client(service, User);
        if (content is null) File.Delete(keys.Path);
        else File.WriteAllText(keys.Path, content.Replace("…", KeySecret.HashOf(KeySecret.Create())));
        store.Look();
        store.Look();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(user));
        Assert.Single(service.Logs.Lines, line => line.Contains("Error The file of keys cannot be used", StringComparison.Ordinal));
        Assert.Contains("rnn_keys_unusable{", await user.GetStringAsync("/metrics", Cancel), StringComparison.Ordinal);
        Assert.Equal(1, await GaugeAsync());
        keys.Write();
        store.Look();
        Assert.Equal(0, await GaugeAsync());

        async Task<int> GaugeAsync() => (await user.GetStringAsync("/metrics", Cancel)).Split('\n')
            .Where(line => line.StartsWith("rnn_keys_unusable{", StringComparison.Ordinal)).Select(line => int.Parse(line.Split(' ')[1])).Single();
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client) =>
        (await client.PostJsonAsync("/classify", """{"inputs": "a"}""")).StatusCode;
}
