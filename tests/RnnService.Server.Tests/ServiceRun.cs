using System.Diagnostics;
using System.Text;

namespace RnnService.Server.Tests;

/// <summary>The service as a process of its own, for what only a process shows: its start, its signals and its end.</summary>
internal sealed class ServiceRun : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly Task<string> _errors;

    private ServiceRun(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Starts it; it listens at a free port of this machine unless the settings say otherwise.</summary>
    public static ServiceRun Start(params (string Key, string Value)[] environment) => Start([], environment);

    public static ServiceRun Start(string[] arguments, params (string Key, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Program).Assembly.Location, .. arguments])
        {
            RedirectStandardError = true,
            RedirectStandardInput = true, // not a terminal, wherever the tests run
            RedirectStandardOutput = true,
        };
        start.Environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        foreach ((string key, string value) in environment) start.Environment[key] = value;
        return new ServiceRun(Process.Start(start)!);
    }

    /// <summary>The next line of its output that holds a text.</summary>
    public async Task<string> LineAsync(string text)
    {
        while (await _process.StandardOutput.ReadLineAsync(Cancel).AsTask().WaitAsync(Patience, Cancel) is { } line)
        {
            _output.AppendLine(line);
            if (line.Contains(text, StringComparison.Ordinal)) return line;
        }

        throw new InvalidOperationException($"it ended before it said \"{text}\": {_output}{await _errors}");
    }

    /// <summary>Where it listens, as it says itself.</summary>
    public async Task<string> UrlAsync()
    {
        const string said = "Now listening on: ";
        string line = await LineAsync(said);
        int start = line.IndexOf(said, StringComparison.Ordinal) + said.Length;
        return line[start..line.IndexOf('"', start)];
    }

    public void Signal(string name)
    {
        using Process kill = Process.Start("kill", [$"-{name}", _process.Id.ToString()]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    /// <summary>Reads the rest of its output as it comes: a pipe that nobody empties would stop the service once it is full.</summary>
    public void ReadOn() => _ = _process.StandardOutput.ReadToEndAsync(Cancel).ContinueWith(
        rest => _output.Append(rest.Result), Cancel, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);

    public async Task<int> ExitAsync()
    {
        ReadOn();
        await _process.WaitForExitAsync(Cancel).WaitAsync(Patience, Cancel);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }
}
