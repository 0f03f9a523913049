[assembly: AssemblyFixture(typeof(Chromium))]
namespace RnnService.Playground.Tests.Browser;

/// <summary>The system's own Chromium, started once for all tests. Nothing is downloaded: where there is none, tests are skipped and say so.</summary>
public sealed class Chromium : IAsyncLifetime
{
    /// <summary>The environment variable that names the browser's program.</summary>
    private const string Variable = "RNN_BROWSER";

    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge"];

    /// <summary>What Playwright does not ask for by itself: no graphics processor, nothing but the service to talk to, and a microphone that hears a file.</summary>
    private static readonly string[] Arguments = ["--disable-gpu", "--disable-quic", "--disable-sync", "--disable-domain-reliability", "--use-fake-device-for-media-stream"];

    /// <summary>What its microphone hears, again and again.</summary>
    private readonly string _sound = Path.GetTempFileName();

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>Starts it, where there is one.</summary>
    public async ValueTask InitializeAsync()
    {
        if (Find() is not { } program) return;
        await File.WriteAllBytesAsync(_sound, SpokenDigits.Wav);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = program, Headless = true, Args = [.. Arguments, $"--use-file-for-fake-audio-capture={_sound}"], Timeout = 120_000 });
    }

    /// <summary>A window without history, storage or cache; the test that asks for it is skipped where there is no browser.</summary>
    public Task<IBrowserContext> NewContextAsync(BrowserNewContextOptions options)
    {
        if (_browser is null) Assert.Skip($"no Chromium found: install chromium or set {Variable}");
        return _browser.NewContextAsync(options);
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
        File.Delete(_sound);
    }

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } chosen)
            return File.Exists(chosen) ? chosen : throw new FileNotFoundException($"{Variable} is {chosen}; expected the path of a Chromium");
        return Places().FirstOrDefault(File.Exists);
    }

    private static IEnumerable<string> Places()
    {
        string[] folders = [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator), "/usr/bin", "/snap/bin", "/opt/google/chrome"];
        string ending = OperatingSystem.IsWindows() ? ".exe" : "";
        foreach (string name in Names)
            foreach (string folder in folders)
                yield return Path.Combine(folder, name + ending);

        foreach (string application in new[] { "Chromium", "Google Chrome" })
            yield return $"/Applications/{application}.app/Contents/MacOS/{application}";

        foreach (Environment.SpecialFolder programs in new[] { Environment.SpecialFolder.ProgramFiles, Environment.SpecialFolder.ProgramFilesX86 })
            foreach (string file in new[] { @"Google\Chrome\Application\chrome.exe", @"Microsoft\Edge\Application\msedge.exe" })
                yield return Path.Combine(Environment.GetFolderPath(programs), file);
    }
}
