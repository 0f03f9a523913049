using System.Runtime.InteropServices;

namespace RnnService.Packages.Tests;

/// <summary>
/// The packages of this build in a folder, and a NuGet configuration that knows them. Ours are restored into a folder of the test's own, so
/// that no package of the same version from before is taken for them; everybody else's come from where this machine has them.
/// </summary>
public sealed class PackedFeed : IAsyncLifetime
{
    public static readonly string[] Names = ["RnnService.Engine", "RnnService.Audio", "RnnService.Training", "RnnService.Onnx", "RnnService.AspNetCore", "RnnService.Cli"];

    private readonly string _root = Directory.CreateTempSubdirectory("rnn-packages-").FullName;

    /// <summary>The packages.</summary>
    public string Feed => Path.Combine(_root, "feed");

    /// <summary>Version that all of them have.</summary>
    public string Version { get; private set; } = "";

    /// <summary>The configuration the tests were built with.</summary>
    private static string Configuration { get; } = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    public async ValueTask InitializeAsync()
    {
        foreach (string name in Names)
        {
            await Command.RunAsync(Repository.Root, CancellationToken.None,
                "dotnet", "pack", Path.Combine("src", name), "-c", Configuration, "--no-build", "-o", Feed, "-nologo", "-v", "q");
        }

        string engine = Path.GetFileName(Directory.GetFiles(Feed, "RnnService.Engine.*.nupkg").Single());
        Version = engine["RnnService.Engine.".Length..^".nupkg".Length];
        string cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } given
            ? given
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        await File.WriteAllTextAsync(Path.Combine(_root, "nuget.config"), $"""
            <configuration>
              <config><add key="globalPackagesFolder" value="{Path.Combine(_root, "packages")}" /></config>
              <fallbackPackageFolders><add key="restored" value="{cache}" /></fallbackPackageFolders>
              <packageSources><add key="packed" value="{Feed}" /></packageSources>
            </configuration>
            """);
        await File.WriteAllTextAsync(Path.Combine(_root, "Directory.Build.props"), "<Project />"); // nothing above is the stranger's
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_root, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>An empty folder that knows the packages.</summary>
    public string NewFolder(string name) => Directory.CreateDirectory(Path.Combine(_root, name)).FullName;

    /// <summary>Creates a project that refers to packages of ours and to nothing else, and builds it.</summary>
    /// <returns>The built program.</returns>
    public async Task<string> BuildAsync(string name, string sdk, IEnumerable<string> packages, IReadOnlyDictionary<string, string> files, CancellationToken cancel)
    {
        string folder = NewFolder(name);
        string references = string.Concat(packages.Select(package => $"""<PackageReference Include="{package}" Version="{Version}" />"""));
        await File.WriteAllTextAsync(Path.Combine(folder, name + ".csproj"), $"""
            <Project Sdk="{sdk}">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
              </PropertyGroup>
              <ItemGroup>{references}</ItemGroup>
            </Project>
            """, cancel);
        foreach (var (file, text) in files) await File.WriteAllTextAsync(Path.Combine(folder, file), text, cancel);
        await Command.RunAsync(folder, cancel, "dotnet", "build", "-nologo", "-v", "q", "-o", Path.Combine(folder, "out"));
        return Path.Combine(folder, "out", name + ".dll");
    }

    /// <summary>Installs the command into a folder of its own.</summary>
    /// <returns>The program.</returns>
    public async Task<string> InstallToolAsync(CancellationToken cancel)
    {
        string folder = NewFolder("tool"), bin = Path.Combine(folder, "bin");
        await Command.RunAsync(folder, cancel, "dotnet", "tool", "install", "RnnService.Cli", "--version", Version, "--tool-path", bin);
        return Path.Combine(bin, RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? "rnn.exe" : "rnn");
    }
}
