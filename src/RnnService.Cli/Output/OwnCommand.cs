namespace RnnService.Cli.Output;

/// <summary>How this program is called where <c>rnn</c> alone is not known to the shell.</summary>
internal static class OwnCommand
{
    /// <summary>
    /// Lines that make examples work as they stand, from any folder; none where <c>rnn</c> is installed, or runs inside another program.
    /// </summary>
    /// <param name="process">The path of this process's program.</param>
    /// <param name="assembly">The path of rnn.dll.</param>
    /// <param name="searched">The folders that the shell looks for programs in.</param>
    /// <param name="windows">Whether PowerShell is the likelier shell.</param>
    public static IReadOnlyList<string> Definition(string? process, string assembly, IEnumerable<string> searched, bool windows)
    {
        string? name = Path.GetFileNameWithoutExtension(process);
        if (name is not ("rnn" or "dotnet") || assembly.Length == 0) return [];
        string folder = Path.GetDirectoryName(assembly)!;
        if (name == "rnn" && searched.Any(place => place == folder || place == Path.GetDirectoryName(process))) return []; // a tool's library lies elsewhere
        return
        [
            "rnn stands for this program, from any folder, once the shell knows it:",
            windows ? $"  function rnn {{ dotnet \"{assembly}\" @args }}" : $"  alias rnn='dotnet \"{assembly}\"'",
        ];
    }

    /// <summary>The same for this process.</summary>
    public static IReadOnlyList<string> Definition() => Definition(
        Environment.ProcessPath, typeof(OwnCommand).Assembly.Location,
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(Path.TrimEndingDirectorySeparator),
        OperatingSystem.IsWindows());
}
