using System.Diagnostics;
using System.Text.Json;

namespace RnnService.Server.Tests;

/// <summary>The attacks of the benchmarks run against this build, at toy size.</summary>
public sealed class TrialsCommandTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly DirectoryInfo _temporary = Directory.CreateTempSubdirectory("rnn-trials-tests-");

    public void Dispose() => _temporary.Delete(recursive: true);

    [Fact]
    public async Task Trials_run_write_what_they_found_and_leave_nothing_behind()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the trials read /proc");
        string file = Path.Combine(_temporary.FullName, "found", "trials.json");
        (int code, string error) = await RunAsync("--quick", "--only", "flipped", "--only", "fields", "--output", file);
        Assert.Equal("", error);
        Assert.Equal(0, code);
        Assert.Empty(_temporary.GetDirectories("rnn-trials-*"));
        using var results = JsonDocument.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        Dictionary<string, JsonElement> trials = results.RootElement.GetProperty("trials").EnumerateArray()
            .ToDictionary(trial => trial.GetProperty("name").GetString()!);
        Assert.Equal(["fields", "flipped"], trials.Keys);
        Assert.Equal("400", Found("fields", "unknown fields: status"));
        Assert.StartsWith("4", Found("fields", "wrong inputs: status"), StringComparison.Ordinal);
        Assert.True(int.Parse(Found("flipped", "damaged models served, of 12")) is >= 0 and <= 12);

        string Found(string trial, string figure) => trials[trial].GetProperty("figures").EnumerateArray()
            .Single(one => one.GetProperty("what").GetString() == figure).GetProperty("found").GetString()!;
    }

    [Theory]
    [InlineData("trials: there is no trial flod; there are unread, ", "--only", "flod")]
    [InlineData("trials: --label later is not understood; expected --server RnnService.Server.dll, ", "--label", "later")]
    public async Task Options_that_are_not_understood_are_said(string sentence, params string[] options)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the trials read /proc");
        (int code, string error) = await RunAsync(options);
        Assert.StartsWith(sentence, error, StringComparison.Ordinal);
        Assert.Equal(2, code);
    }

    private async Task<(int Code, string Error)> RunAsync(params string[] options)
    {
        var start = new ProcessStartInfo("dotnet", [LoadCommandTests.Program, "trials", .. options])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["TMPDIR"] = _temporary.FullName;
        using Process run = Process.Start(start)!;
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            Task<string> output = run.StandardOutput.ReadToEndAsync(limit.Token), error = run.StandardError.ReadToEndAsync(limit.Token);
            await run.WaitForExitAsync(limit.Token);
            await output;
            return (run.ExitCode, await error);
        }
        finally
        {
            if (!run.HasExited) run.Kill(entireProcessTree: true);
        }
    }
}
