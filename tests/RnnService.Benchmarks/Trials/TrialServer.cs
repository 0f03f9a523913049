using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using RnnService.Benchmarks.Load;

namespace RnnService.Benchmarks.Trials;

/// <summary>The service under attack: a process of its own that may answer, hang or end, and whose memory is watched.</summary>
internal sealed class TrialServer : IDisposable
{
    private const long MostMemory = 8_000_000_000; // beyond it is ended: the machine has other work
    private const int Terminate = 15, WrongOption = 2;

    private static readonly ConcurrentDictionary<TrialServer, bool> Running = new();
    private readonly Process _process;
    private readonly Timer _watch;
    private readonly Lock _sampling = new();
    private int _warnings;
    private double _processorTime;
    private long _peakMemory;

    private TrialServer(Process process, int port)
    {
        (_process, Port) = (process, port);
        Running[this] = true;
        process.OutputDataReceived += (_, line) => Count(line.Data);
        process.ErrorDataReceived += (_, line) => Count(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _watch = new Timer(_ => Sample(), null, 0, 50);
    }

    public int Port { get; }

    /// <summary>The port of probes alone, where the build has one.</summary>
    public int? ProbePort { get; private set; }

    /// <summary>Lines of its log that are warnings or worse.</summary>
    public int Warnings => _warnings;

    /// <summary>Seconds of processor time it has used.</summary>
    public double ProcessorTime
    {
        get
        {
            Sample();
            return _processorTime;
        }
    }

    /// <summary>Most bytes of memory it has held.</summary>
    public long PeakMemory
    {
        get
        {
            Sample();
            return _peakMemory;
        }
    }

    /// <summary>Bytes of memory that it holds now.</summary>
    public long Memory
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Whether the watch over its memory has ended it.</summary>
    public bool TookTooMuch { get; private set; }

    public bool HasEnded => _process.HasExited;

    /// <summary>Starts the service.</summary>
    /// <param name="trial">Names the build.</param>
    /// <param name="models">The folder of model folders; the shipped one when null.</param>
    /// <param name="untilReady">Whether to wait until it is ready.</param>
    /// <param name="files">The system's limit of open files, when it is to be another.</param>
    /// <param name="port">Where it listens; one that is free when null.</param>
    /// <param name="processor">The only one that it runs on; all when null.</param>
    /// <param name="settings">Options by their environment variables.</param>
    public static async Task<TrialServer> StartAsync(
        Trial trial, string? models = null, bool untilReady = true, int? files = null, int? port = null, int? processor = null,
        params (string Name, string Value)[] settings)
    {
        // An option that a build does not know stops its start.
        int probes = ServiceProcess.FreePort();
        ProcessStartInfo usual = processor is null ? new("dotnet", [trial.Server]) : new("taskset", ["-c", $"{processor}", "dotnet", trial.Server]);
        if (files is null) return await StartAsync(usual, port ?? ServiceProcess.FreePort(), models, untilReady, null, settings);
        try
        {
            return await StartAsync(Limited(), port ?? ServiceProcess.FreePort(), models, untilReady, probes, settings);
        }
        catch (UnknownOptionException)
        {
            return await StartAsync(Limited(), port ?? ServiceProcess.FreePort(), models, untilReady, null, settings);
        }

        ProcessStartInfo Limited() => new("bash", ["-c", $"ulimit -n {files}; exec dotnet \"$0\"", trial.Server]);
    }

    /// <summary>Ends all that were started and not disposed of.</summary>
    public static void EndAll()
    {
        foreach (TrialServer server in Running.Keys) server.Dispose();
    }

    /// <summary>Asks for a page on a connection of its own.</summary>
    public async Task<Answer> AskAsync(string route, double seconds, int? port = null)
    {
        using var client = new TrialClient(port ?? Port, Trial.Here);
        return await client.SendAsync(route, null, seconds);
    }

    /// <summary>Waits until a page is 200.</summary>
    /// <returns>Seconds; null when it did not come in time.</returns>
    public async Task<double?> UntilAsync(Func<TrialClient, double, Task<Answer>> ask, double seconds)
    {
        double from = Clock.Now;
        using var client = new TrialClient(Port, Trial.Here);
        while (Clock.Now - from < seconds && !HasEnded)
        {
            if ((await ask(client, seconds - (Clock.Now - from))).Status == 200) return Clock.Now - from;
            await Task.Delay(5);
        }

        return null;
    }

    /// <summary>Asks the process to stop, and tells how long that took and the exit code.</summary>
    public async Task TerminateAsync(Trial trial, double goal)
    {
        const double Patience = 35;
        double from = Clock.Now;
        _ = Signal(_process.Id, Terminate);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(Patience));
        await _process.WaitForExitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        bool ended = _process.HasExited;
        trial.AtMost("SIGTERM: seconds until the end", ended ? Clock.Now - from : null, goal, "s");
        trial.Wanted("SIGTERM: exit code", ended ? _process.ExitCode.ToString(CultureInfo.InvariantCulture) : "none", "0");
    }

    public void Dispose()
    {
        if (!Running.TryRemove(this, out _)) return;
        _watch.Dispose();
        if (!_process.HasExited) _process.Kill();
        _process.WaitForExit(10_000);
        lock (_sampling) _process.Dispose();
    }

    private static async Task<TrialServer> StartAsync(
        ProcessStartInfo start, int port, string? models, bool untilReady, int? probes, (string Name, string Value)[] settings)
    {
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.Environment["ASPNETCORE_URLS"] = $"http://{Trial.Here}:{port}";
        start.Environment["Rnn__ModelsPath"] = models ?? LoadModels.Shipped;
        start.Environment["Rnn__Log__Format"] = "json";
        if (probes is not null) start.Environment["Rnn__Http__ProbePort"] = $"{probes}";
        foreach ((string name, string value) in settings) start.Environment[name] = value;
        var service = new TrialServer(Process.Start(start)!, port) { ProbePort = probes };
        string page = untilReady ? "/health/ready" : "/health/live";
        if (await service.UntilAsync((client, seconds) => client.SendAsync(page, null, seconds), 30) is not null) return service;
        bool isUnknown = probes is not null && service.HasEnded && service._process.ExitCode == WrongOption;
        service.Dispose();
        throw isUnknown ? new UnknownOptionException() : new IOException($"the service does not answer {page}");
    }

    private void Count(string? line)
    {
        if (line is not null && (line.Contains("\"Warning\"") || line.Contains("\"Error\"") || line.Contains("\"Critical\"")))
            Interlocked.Increment(ref _warnings);
    }

    private void Sample()
    {
        if (!_sampling.TryEnter()) return;
        try
        {
            if (_process.HasExited) return;
            _process.Refresh();
            _processorTime = _process.TotalProcessorTime.TotalSeconds;
            _peakMemory = Math.Max(_peakMemory, _process.PeakWorkingSet64);
            if (_process.WorkingSet64 < MostMemory) return;
            TookTooMuch = true;
            _process.Kill();
        }
        catch (Exception exception) when (exception is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It has ended meanwhile; what was seen last stays.
        }
        finally
        {
            _sampling.Exit();
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Signal(int process, int signal);

    private sealed class UnknownOptionException : Exception;
}
