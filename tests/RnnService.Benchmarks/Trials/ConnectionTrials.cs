using RnnService.Benchmarks.Load;

namespace RnnService.Benchmarks.Trials;

/// <summary>More connections than the system lets the service open.</summary>
internal static class ConnectionTrials
{
    private const int Files = 1024;

    public static async Task IdleAsync(Trial trial)
    {
        using TrialServer service = await TrialServer.StartAsync(trial, files: Files);
        using var held = HeldSockets.Open(service.Port, Attacks.One, trial.Count(1_000), ReadOnlyMemory<byte>.Empty, reads: false);
        await held.Sent;
        double seconds = trial.Seconds(5);
        await Task.Delay(TimeSpan.FromSeconds(trial.Seconds(1)));
        double before = service.ProcessorTime, from = Clock.Now;
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        trial.AtMost("processor while nothing is asked", (service.ProcessorTime - before) / (Clock.Now - from), 0.1, "s/s");
        Answer main = await service.AskAsync("/health/ready", trial.Seconds(5));
        Answer? probe = service.ProbePort is { } port ? await service.AskAsync("/health/ready", trial.Seconds(5), port) : null;
        trial.Tell("/health/ready on the port of requests", $"{main.StatusText}");
        trial.Tell("/health/ready on the port of probes", $"{(probe?.StatusText ?? "no such port")}");
        trial.Wanted("some health answered", main.Status == 200 || probe?.Status == 200 ? "yes" : "no", "yes");
        trial.AtLeast("warnings in the log", service.Warnings, 1, "");
        trial.AtMost("peak memory", service.PeakMemory / Trial.Megabyte, 500, "MB");
    }
}
