using System.Runtime.InteropServices;
using RnnService.AspNetCore.Models;
using RnnService.AspNetCore.Scheduling;
using RnnService.Server.Options;

namespace RnnService.Server.Hosting;

/// <summary>
/// Ends the service on a signal. After SIGTERM it goes on listening and answering for <see cref="HttpOptions.LingerSeconds"/> while it says
/// that it is not ready, so that whoever shares requests out sends them elsewhere; a second signal, or Ctrl-C, ends it at once. SIGHUP has the
/// settings read again, unless it says that the terminal is gone.
/// </summary>
internal sealed partial class SignalLifetime(
    Readiness readiness, ModelRegistry registry, HttpOptions options, SettingsReload settings, IHostApplicationLifetime lifetime, TimeProvider time,
    ILogger<SignalLifetime> logger) : IHostLifetime, IDisposable
{
    private readonly List<PosixSignalRegistration> _signals = [];
    private ITimer? _linger;

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => On(context, Terminate)));
        _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, context => On(context, Stop)));
        _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGQUIT, context => On(context, Stop)));
        _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => On(context, Console.IsInputRedirected ? settings.Reload : Stop)));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        foreach (PosixSignalRegistration signal in _signals) signal.Dispose();
        _linger?.Dispose();
    }

    /// <summary>Somebody asks for the end who may still send requests for a while.</summary>
    internal void Terminate()
    {
        // Nobody sends requests to a service that was not ready, and who asks twice is in a hurry.
        if (options.LingerSeconds == 0 || registry.NotReady is not null)
        {
            Stop();
            return;
        }

        readiness.Leave();
        LogLeaving(logger, options.LingerSeconds);
        _linger = time.CreateTimer(_ => Stop(), null, TimeSpan.FromSeconds(options.LingerSeconds), Timeout.InfiniteTimeSpan);
    }

    private static void On(PosixSignalContext context, Action act)
    {
        context.Cancel = true;
        act();
    }

    private void Stop() => lifetime.StopApplication();

    [LoggerMessage(Level = LogLevel.Information, Message = "Asked to stop: not ready from now on, and answering for {Seconds} s more")]
    private static partial void LogLeaving(ILogger logger, int seconds);
}
