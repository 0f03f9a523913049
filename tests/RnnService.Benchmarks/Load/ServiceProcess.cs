using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace RnnService.Benchmarks.Load;

/// <summary>The service as a process of its own, as it is shipped, on a free port.</summary>
internal sealed class ServiceProcess : IDisposable
{
    private static readonly HttpClient Client = new();
    private static readonly ConcurrentDictionary<ServiceProcess, bool> Running = new();
    private static readonly TaskCompletionSource<string> Ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Process _process;

    private ServiceProcess(Process process, int port)
    {
        (_process, Port) = (process, port);
        Running[this] = true;
        process.Exited += (_, _) =>
        {
            if (Running.ContainsKey(this)) SayLost();
        };
        process.EnableRaisingEvents = true;
    }

    /// <summary>Says so when a process ends before it is disposed of: whoever waits for its answers may wait for ever.</summary>
    public static Task<string> Lost => Ended.Task;

    public int Port { get; }

    /// <summary>Seconds from the start until it answered that it is ready.</summary>
    public double ReadyAfter { get; private set; }

    /// <summary>Seconds of processor time it has used.</summary>
    public double ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime.TotalSeconds;
        }
    }

    /// <summary>Bytes of memory it holds.</summary>
    public long Resident
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Starts the service and waits until it is ready.</summary>
    /// <param name="models">The folder of model folders.</param>
    /// <param name="settings">Options that differ from the shipped ones.</param>
    public static Task<ServiceProcess> StartAsync(string models, params (string Key, string Value)[] settings) =>
        StartAsync(Program, [], [("Rnn__ModelsPath", models), .. settings]);

    /// <summary>Starts another program that answers /health/ready.</summary>
    public static async Task<ServiceProcess> StartAsync(string program, string[] arguments, (string Key, string Value)[] settings)
    {
        int port = FreePort();
        var start = new ProcessStartInfo("dotnet", [program, .. arguments]) { RedirectStandardOutput = true };
        start.Environment["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}";
        foreach ((string key, string value) in settings) start.Environment[key] = value;
        double started = Clock.Now;
        Process process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { }; // a log that nobody reads would fill its pipe and stop the service
        process.BeginOutputReadLine();
        var service = new ServiceProcess(process, port);
        while (!await IsReadyAsync(port))
        {
            if (process.HasExited || Clock.Now - started > 30)
            {
                service.Dispose();
                throw new IOException($"{program} does not become ready");
            }

            await Task.Delay(5);
        }

        service.ReadyAfter = Clock.Now - started;
        return service;
    }

    /// <summary>Ends all that were started and not disposed of.</summary>
    public static void EndAll()
    {
        foreach (ServiceProcess service in Running.Keys) service.Dispose();
    }

    /// <summary>The folder that holds the solution.</summary>
    public static string Repository
    {
        get
        {
            string folder = AppContext.BaseDirectory;
            while (!File.Exists(Path.Combine(folder, "RnnService.sln"))) folder = Path.GetDirectoryName(folder)!;
            return folder;
        }
    }

    /// <summary>The service's program, of the same configuration and framework as this one: the last two folders of its path.</summary>
    public static string Program
    {
        get
        {
            string build = Path.GetRelativePath(Path.Combine(Repository, "tests/RnnService.Benchmarks/bin"), AppContext.BaseDirectory);
            return Path.Combine(Repository, "src/RnnService.Server/bin", build, "RnnService.Server.dll");
        }
    }

    /// <summary>Bytes it has allocated on its heap so far, by its own figures.</summary>
    public async Task<double> AllocatedAsync()
    {
        string text = await Client.GetStringAsync($"http://127.0.0.1:{Port}/metrics");
        await Task.Yield(); // as in StreamLoad
        string line = text.Split('\n').First(line => line.StartsWith("dotnet_gc_heap_total_allocated_bytes_total", StringComparison.Ordinal));
        return double.Parse(line[(line.LastIndexOf('}') + 1)..].Trim().Split(' ')[^1], CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        if (!Running.TryRemove(this, out _)) return;
        // Who measured may have met its broken connections, and end it now, before the runtime tells of its end.
        bool wasLost = HasEnded;
        _process.Kill();
        _process.WaitForExit(10_000);
        if (wasLost) SayLost();
        _process.Dispose();
    }

    private bool HasEnded
    {
        get
        {
            if (_process.HasExited || !OperatingSystem.IsLinux()) return _process.HasExited;
            try
            {
                // "pid (name) state …": Z is a process that has ended and was not waited for.
                return File.ReadAllText($"/proc/{_process.Id}/stat").Split(") ")[^1][0] is 'Z' or 'X';
            }
            catch (IOException)
            {
                return true;
            }
        }
    }

    private void SayLost() => Ended.TrySetResult($"a service that was measured ended by itself or was ended, code {_process.ExitCode}");

    private static async Task<bool> IsReadyAsync(int port)
    {
        try
        {
            using HttpResponseMessage answer = await Client.GetAsync($"http://127.0.0.1:{port}/health/ready");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>A port on which nothing listens.</summary>
    public static int FreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
