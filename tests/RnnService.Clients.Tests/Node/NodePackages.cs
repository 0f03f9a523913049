using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;

namespace RnnService.Clients.Tests.Node;

/// <summary>
/// Packages of npm that tests run: installed once, beside the tests' output, from a folder of this project with a package.json and its lock
/// file. Where there is no Node, or nothing to install from, the tests are skipped and say why.
/// </summary>
internal sealed class NodePackages
{
    private static readonly ConcurrentDictionary<string, Lazy<Task<NodePackages>>> Installed = new();

    private NodePackages(string path) => Path = path;

    /// <summary>The folder that holds node_modules.</summary>
    public string Path { get; }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The packages of a folder of this project, such as <c>Npm</c>.</summary>
    public static Task<NodePackages> OfAsync(string folder) => Installed.GetOrAdd(folder, name => new(() => InstallAsync(name))).Value;

    /// <summary>Runs a script as a module of the folder; what it imports is found among the packages.</summary>
    /// <returns>What it prints.</returns>
    public async Task<string> RunAsync(string script, params string[] arguments)
    {
        string file = System.IO.Path.Combine(Path, $"{Guid.NewGuid():N}.mjs");
        await File.WriteAllTextAsync(file, script, Cancel);
        try
        {
            return await OutputAsync("node", [file, .. arguments]);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Runs a program that a package comes with.</summary>
    /// <returns>What it prints.</returns>
    public Task<string> RunToolAsync(string tool, params string[] arguments) =>
        OutputAsync(System.IO.Path.Combine(Path, "node_modules", ".bin", tool), arguments);

    private async Task<string> OutputAsync(string program, string[] arguments)
    {
        (int code, string output, string errors) = await StartAsync(program, Path, arguments);
        Assert.True(code == 0, $"{program} {string.Join(' ', arguments)} → {code}\n{output}\n{errors}");
        return output;
    }

    private static async Task<NodePackages> InstallAsync(string folder)
    {
        string source = System.IO.Path.Combine(Repository.Root, "tests", "RnnService.Clients.Tests", folder);
        string path = System.IO.Path.Combine(AppContext.BaseDirectory, "node", folder), stamp = System.IO.Path.Combine(path, "installed.json");
        string lockFile = await File.ReadAllTextAsync(System.IO.Path.Combine(source, "package-lock.json"), Cancel);
        if (File.Exists(stamp) && await File.ReadAllTextAsync(stamp, Cancel) == lockFile) return new NodePackages(path);
        Directory.CreateDirectory(path);
        foreach (string name in new[] { "package.json", "package-lock.json" })
            File.Copy(System.IO.Path.Combine(source, name), System.IO.Path.Combine(path, name), overwrite: true);
        (int code, string output, string errors) = await StartAsync(
            OperatingSystem.IsWindows() ? "npm.cmd" : "npm", path, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=1", "--fetch-timeout=30000",
            "--loglevel=error");
        // A lock file that does not fit its package.json is this repository's fault; anything else is of the machine and its network.
        Assert.DoesNotContain("EUSAGE", errors, StringComparison.Ordinal);
        if (code != 0) Assert.Skip($"no packages of npm found: npm says {errors} {output}");
        await File.WriteAllTextAsync(stamp, lockFile, Cancel);
        return new NodePackages(path);
    }

    private static async Task<(int Code, string Output, string Errors)> StartAsync(string program, string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            WorkingDirectory = folder,
        };
        using Process process = Started(start);
        try
        {
            Task<string> errors = process.StandardError.ReadToEndAsync(Cancel);
            string output = await process.StandardOutput.ReadToEndAsync(Cancel);
            await process.WaitForExitAsync(Cancel);
            return (process.ExitCode, output, await errors);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    private static Process Started(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            Assert.Skip("no Node found: tests with packages of npm need node and npm");
            throw;
        }
    }
}
