namespace RnnService.Server.Tests.Hosting;

/// <summary>Log levels change while the service runs.</summary>
public sealed class SettingsReloadTests(SharedService shared) : IDisposable
{
    private const string Level = "Logging__LogLevel__Microsoft.AspNetCore";

    private readonly string _folder = Directory.CreateTempSubdirectory("settings").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_level_in_a_file_counts_once_it_changes_and_a_wrong_one_changes_nothing()
    {
        Write(Level, "Warning");
        Write("Rnn__Limits__MaxListLength", "1"); // any option can stand there
        using ServiceRun service = ServiceRun.Start(
            ("Rnn__ModelsPath", shared.Models.Path), ("Rnn__SettingsPath", _folder), ("Rnn__Log__Format", "json"));
        using var client = new HttpClient { BaseAddress = new Uri(await service.UrlAsync()) };
        await service.LineAsync("models in ");
        using (HttpResponseMessage tooMany = await client.PostJsonAsync("/classify", """{"inputs": ["a", "b"]}""")) await tooMany.IsProblemAsync(422, "validation");

        Write(Level, "Debug");
        if (!OperatingSystem.IsWindows()) service.Signal("HUP");
        Assert.Contains("Microsoft.AspNetCore=Debug", await service.LineAsync("Log levels are now "), StringComparison.Ordinal);
        await client.GetAsync("/health/live", Cancel);
        await service.LineAsync("\"LogLevel\":\"Debug\"");

        Write(Level, "Loud");
        Assert.Contains("is \\u0022Loud\\u0022; expected Trace", await service.LineAsync("Log levels stay as they were: "), StringComparison.Ordinal);
        await client.GetAsync("/health/live", Cancel);
        await service.LineAsync("\"LogLevel\":\"Debug\"");
    }

    /// <summary>As Kubernetes and careful editors do: a reader sees the old or the new.</summary>
    private void Write(string name, string text)
    {
        string beside = Path.Combine(_folder, "ignore." + name);
        File.WriteAllText(beside, text);
        File.Move(beside, Path.Combine(_folder, name), overwrite: true);
    }
}
