using System.Diagnostics;
using System.Text;

namespace RnnService.Packages.Tests;

/// <summary>Runs a program as a stranger would from a shell.</summary>
internal static class Command
{
    /// <summary>What it prints; fails with all of that when its exit code is not 0.</summary>
    /// <param name="folder">Where it is started.</param>
    /// <param name="cancel">Kills it.</param>
    /// <param name="program">The program and its arguments.</param>
    public static async Task<string> RunAsync(string folder, CancellationToken cancel, params string[] program)
    {
        using Process process = Start(folder, program);
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancel), errors = process.StandardError.ReadToEndAsync(cancel);
        try
        {
            await process.WaitForExitAsync(cancel);
        }
        catch
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        string all = await output + await errors;
        Assert.True(process.ExitCode == 0, $"{string.Join(' ', program)} ended with {process.ExitCode}:\n{all}");
        return all;
    }

    /// <summary>Starts a server and waits for the line that names its address; whoever started it kills it.</summary>
    public static async Task<(Process Process, Uri Address)> ServeAsync(string folder, CancellationToken cancel, params string[] program)
    {
        Process process = Start(folder, program);
        _ = process.StandardError.ReadToEndAsync(CancellationToken.None);
        var said = new StringBuilder();
        while (await process.StandardOutput.ReadLineAsync(cancel) is { } line)
        {
            said.AppendLine(line);
            int at = line.IndexOf("http://127.0.0.1:", StringComparison.Ordinal);
            if (at < 0 || !line.Contains("istening on", StringComparison.Ordinal)) continue;
            int port = int.Parse(string.Concat(line[(at + "http://127.0.0.1:".Length)..].TakeWhile(char.IsAsciiDigit)));
            _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None); // a full pipe would stop it
            return (process, new Uri($"http://127.0.0.1:{port}"));
        }

        await process.WaitForExitAsync(cancel);
        process.Dispose();
        Assert.Fail($"{string.Join(' ', program)} ended without an address:\n{said}");
        throw new InvalidOperationException();
    }

    private static Process Start(string folder, string[] program)
    {
        var start = new ProcessStartInfo(program[0], program[1..])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // The test's own SDK run must not reach into the stranger's.
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("MSBuild", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(name);
        return Process.Start(start)!;
    }
}
