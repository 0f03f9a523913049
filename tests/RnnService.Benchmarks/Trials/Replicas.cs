using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using RnnService.Benchmarks.Load;

namespace RnnService.Benchmarks.Trials;

/// <summary>
/// Replicas of the service behind nginx, with a Redis for what they share: as docker/compose.yaml puts them together, on this machine and with
/// the same docker/nginx.conf.
/// </summary>
internal sealed class Replicas : IDisposable
{
    private const string Nginx = "nginx", Redis = "redis-server";

    private static readonly ConcurrentDictionary<Replicas, bool> Running = new();

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rnn-replicas-");
    private readonly List<Process> _helpers = [];
    private readonly Func<int, Task<TrialServer>> _start;
    private readonly TrialServer[] _servers;

    private Replicas(int count, Func<int, Task<TrialServer>> start)
    {
        (_servers, _start) = (new TrialServer[count], start);
        Running[this] = true;
    }

    /// <summary>Where nginx listens.</summary>
    public int Port { get; } = ServiceProcess.FreePort();

    public IReadOnlyList<TrialServer> Servers => _servers;

    /// <summary>What this machine lacks for them; null when nothing.</summary>
    public static string? Missing()
    {
        string[] paths = [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'), "/usr/sbin"];
        string[] missing = [.. new[] { Nginx, Redis, "taskset" }.Where(program => !paths.Any(path => File.Exists(Path.Combine(path, program))))];
        return missing.Length == 0 ? null : $"{string.Join(" and ", missing)} not installed; apt-get install nginx-light redis-server util-linux";
    }

    /// <summary>Starts all of it.</summary>
    /// <param name="trial">Names the build.</param>
    /// <param name="count">Number of replicas.</param>
    /// <param name="pinned">Whether each has a processor of its own.</param>
    /// <param name="models">The folder of models of each; the shipped one when null.</param>
    /// <param name="settings">Options of all.</param>
    public static async Task<Replicas> StartAsync(
        Trial trial, int count, bool pinned = false, Func<int, string>? models = null, params (string Name, string Value)[] settings)
    {
        int redis = ServiceProcess.FreePort();
        int[] ports = [.. Enumerable.Range(0, count).Select(_ => ServiceProcess.FreePort())];
        (string, string)[] all =
        [
            ("Rnn__Sessions__Store", "redis"), ("Rnn__Sessions__Redis", $"{Trial.Here}:{redis}"), ("Rnn__Http__Proxies", "127.0.0.0/8"), .. settings,
        ];
        var replicas = new Replicas(count, replica =>
            TrialServer.StartAsync(
            trial, models?.Invoke(replica), port: ports[replica], processor: pinned ? replica : null, settings: all));
        try
        {
            replicas.Run(Redis, "--port", $"{redis}", "--bind", Trial.Here, "--save", "", "--appendonly", "no", "--dir", replicas._folder.FullName);
            replicas.Run(Nginx, "-e", "stderr", "-p", replicas._folder.FullName, "-c", replicas.Configure(ports), "-g", "daemon off;");
            for (int replica = 0; replica < count; replica++) await replicas.RestartAsync(replica);
            await replicas.UntilAllAnswerAsync();
            return replicas;
        }
        catch
        {
            replicas.Dispose();
            throw;
        }
    }

    /// <summary>Ends all that were started and not disposed of.</summary>
    public static void EndAll()
    {
        foreach (Replicas replicas in Running.Keys) replicas.Dispose();
    }

    /// <summary>Ends a replica as if its machine had gone.</summary>
    public void Kill(int replica) => _servers[replica].Dispose();

    /// <summary>Starts a replica at the address that it had, and waits until it is ready.</summary>
    public async Task RestartAsync(int replica) => _servers[replica] = await _start(replica);

    public void Dispose()
    {
        if (!Running.TryRemove(this, out _)) return;
        foreach (TrialServer? server in _servers) server?.Dispose();
        foreach (Process helper in _helpers)
        {
            // nginx ends its workers when it is asked to; killed, it would leave them.
            using Process? end = helper.HasExited ? null : Process.Start("kill", $"{helper.Id}");
            if (!helper.WaitForExit(5_000)) helper.Kill(entireProcessTree: true);
            helper.Dispose();
        }

        _folder.Delete(recursive: true);
    }

    private void Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PATH"] += ":/usr/sbin";
        Process process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _helpers.Add(process);
    }

    /// <summary>Writes the shipped configuration with the addresses of this machine.</summary>
    private string Configure(int[] ports)
    {
        string[] lines = File.ReadAllLines(Path.Combine(ServiceProcess.Repository, "docker/nginx.conf"));
        string server = lines.First(line => line.Contains("server rnn-1:8080", StringComparison.Ordinal));
        string text = string.Join('\n', lines.Where(line => !line.Contains("server rnn-2:8080", StringComparison.Ordinal)))
            .Replace(server, string.Join('\n', ports.Select(port => server.Replace("rnn-1:8080", $"{Trial.Here}:{port}", StringComparison.Ordinal))), StringComparison.Ordinal)
            .Replace("listen 8080", $"listen {Trial.Here}:{Port}", StringComparison.Ordinal)
            .Replace("/tmp/", _folder.FullName + "/", StringComparison.Ordinal);
        // Where root starts it, its workers are another user, who may not enter the folder otherwise.
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(_folder.FullName, (UnixFileMode)Convert.ToInt32("755", 8));
        string file = Path.Combine(_folder.FullName, "nginx.conf");
        File.WriteAllText(file, text);
        return file;
    }

    private async Task UntilAllAnswerAsync()
    {
        using var client = new TrialClient(Port, Trial.Here);
        for (double from = Clock.Now; (await client.SendAsync("/health/ready", null, 2)).Status != 200; await Task.Delay(20))
        {
            if (Clock.Now - from > 10) throw new IOException(string.Create(CultureInfo.InvariantCulture, $"nginx does not answer at {Port}"));
        }
    }
}
