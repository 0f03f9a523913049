using System.Runtime.InteropServices;

namespace RnnService.Cli.Shell;

/// <summary>Turns the first Ctrl-C or SIGTERM into an orderly stop for as long as it lives; the second ends the process as it always does.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stop;
    private readonly PosixSignalRegistration[] _registrations;

    /// <param name="error">Told that the stop is under way.</param>
    /// <param name="outer">Stops too.</param>
    public StopSignals(TextWriter error, CancellationToken outer)
    {
        Say = error.WriteLine;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(outer);
        _registrations = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM }.Select(signal => PosixSignalRegistration.Create(signal, Take))];
    }

    /// <summary>Where it is said that the stop is under way.</summary>
    public Action<string> Say { get; set; }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _stop.Token;

    /// <summary>The exit code that tells the shell what stopped the work.</summary>
    public int Code { get; private set; } = ExitCode.Interrupted;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations) registration.Dispose();
        _stop.Dispose();
    }

    private void Take(PosixSignalContext context)
    {
        if (_stop.IsCancellationRequested) return;
        context.Cancel = true;
        if (context.Signal == PosixSignal.SIGTERM) Code = ExitCode.Terminated;
        Say("Stopping after this step; once more ends at once.");
        _stop.Cancel();
    }
}
