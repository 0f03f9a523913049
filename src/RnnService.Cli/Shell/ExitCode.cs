namespace RnnService.Cli.Shell;

/// <summary>What the command tells the shell.</summary>
internal static class ExitCode
{
    /// <summary>It did what was asked.</summary>
    public const int Done = 0;

    /// <summary>It could not; a sentence on standard error says why.</summary>
    public const int Failed = 1;

    /// <summary>The command line itself is wrong.</summary>
    public const int Misused = 2;

    /// <summary>Stopped by Ctrl-C or by the caller, as shells number it.</summary>
    public const int Interrupted = 130;

    /// <summary>Stopped by SIGTERM, as shells number it.</summary>
    public const int Terminated = 143;
}
