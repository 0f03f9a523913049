using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace RnnService.Server.Tests;

/// <summary>The load generator of the benchmarks ends whatever happens to it, and leaves nothing behind.</summary>
public sealed class LoadCommandTests : IDisposable
{
    private const int Terminate = 15;
    private const string OnLinux = "which processes a run has started is read from /proc";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly DirectoryInfo _temporary = Directory.CreateTempSubdirectory("rnn-load-tests-");

    /// <summary>The benchmarks' program of this build.</summary>
    internal static string Program
    {
        get
        {
            string build = Path.GetRelativePath(Path.Combine(Repository.Root, "tests/RnnService.Server.Tests/bin"), AppContext.BaseDirectory);
            return Path.Combine(Repository.Root, "tests/RnnService.Benchmarks/bin", build, "RnnService.Benchmarks.dll");
        }
    }

    public void Dispose() => _temporary.Delete(recursive: true);

    [Fact]
    public async Task A_run_whose_service_is_killed_says_so_and_removes_its_folder()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), OnLinux);
        (int code, string error) = await EndAsync(run => Services(run).First().Kill());
        Assert.Equal(1, code);
        Assert.Contains("load: a service that was measured ended by itself or was ended, code 137", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_that_is_interrupted_takes_its_services_with_it()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), OnLinux);
        List<Process> services = [];
        (int code, _) = await EndAsync(run =>
        {
            services = Services(run);
            Assert.Equal(0, Signal(run.Id, Terminate));
        });
        Assert.Equal(130, code);
        Assert.Equal(2, services.Count);
        Assert.All(services, service => Assert.True(service.WaitForExit(Patience)));
    }

    /// <summary>Starts a run and ends it in one way or another while it measures.</summary>
    private async Task<(int Code, string Error)> EndAsync(Action<Process> end)
    {
        var start = new ProcessStartInfo("dotnet", [Program, "load", "classify"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["TMPDIR"] = _temporary.FullName;
        using Process run = Process.Start(start)!;
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            Task<string> error = run.StandardError.ReadToEndAsync(limit.Token);
            // The head of its table stands there once both services are at work.
            while (await run.StandardOutput.ReadLineAsync(limit.Token) is { } line && !line.StartsWith("| clients", StringComparison.Ordinal))
            {
            }

            Assert.NotEmpty(_temporary.GetDirectories("rnn-load-*"));
            end(run);
            await run.StandardOutput.ReadToEndAsync(limit.Token);
            await run.WaitForExitAsync(limit.Token);
            Assert.Empty(_temporary.GetDirectories("rnn-load-*"));
            return (run.ExitCode, await error);
        }
        finally
        {
            if (!run.HasExited) run.Kill(entireProcessTree: true);
        }
    }

    /// <summary>The processes that a run has started: the service and its peer.</summary>
    private static List<Process> Services(Process run) => [.. Process.GetProcesses().Where(process =>
    {
        try
        {
            // "pid (name) state parent …"
            string[] status = File.ReadAllText($"/proc/{process.Id}/stat").Split(") ")[^1].Split(' ');
            return status[1] == run.Id.ToString(CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return false; // it has ended meanwhile
        }
    })];

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Signal(int process, int signal);
}
