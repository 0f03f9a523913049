using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace RnnService.Benchmarks.Load;

/// <summary>The service under load, over HTTP on this machine, beside its peers; and what it costs.</summary>
internal static class LoadCommand
{
    private const int Interrupted = 130;

    private static readonly (string Name, Func<LoadModels, Report, Task> Run)[] Parts =
    [
        ("rate", StreamParts.RateAsync),
        ("streams", StreamParts.LatenciesAsync),
        ("crowd", StreamParts.CrowdAsync),
        ("prompt", StreamParts.PromptAsync),
        ("prefix", PrefixPart.RunAsync),
        ("classify", ClassifyPart.RunAsync),
        ("explain", ExplainPart.RunAsync),
        ("sound", SoundPart.RunAsync),
        ("start", CostParts.StartAsync),
        ("memory", CostParts.MemoryAsync),
        ("length", CostParts.LengthAsync),
    ];

    /// <summary>Runs parts by name, all when none is named, and writes what they found into a file when one is given.</summary>
    public static async Task<int> RunAsync(string[] names, string? file)
    {
        // The runtime looks at them when the first socket is made. What a client reads is looked at where it arrives, without a detour
        // over the thread pool: this process is to take as little as it can of the processor that it shares.
        Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
        Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT", "1");
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        if (names.FirstOrDefault(name => Parts.All(part => part.Name != name)) is { } unknown)
        {
            Console.Error.WriteLine($"load: there is no part {unknown}; there are {string.Join(", ", Parts.Select(part => part.Name))}");
            return 2;
        }

        var interrupted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration key = Watch(PosixSignal.SIGINT), end = Watch(PosixSignal.SIGTERM);
        var report = new Report();
        using var models = new LoadModels();
        try
        {
            // Waits inside a part may have nobody left to end them: it is then left where it is, and ends with this process.
            Task measuring = Task.Run(() => MeasureAsync(names, models, report));
            await Task.WhenAny(interrupted.Task, ServiceProcess.Lost, measuring);
            if (interrupted.Task.IsCompleted) return Interrupted;
            if (ServiceProcess.Lost.IsCompleted) throw new IOException("a service has ended");
            await measuring;
            if (file is not null) report.Write(file);
            return 0;
        }
        catch (Exception exception) when (exception is IOException or SocketException or HttpRequestException)
        {
            // The connections of a process break before it is known to have ended.
            await Task.WhenAny(ServiceProcess.Lost, Task.Delay(TimeSpan.FromSeconds(5)));
            Console.Error.WriteLine($"load: {(ServiceProcess.Lost.IsCompleted ? await ServiceProcess.Lost : exception.Message)}; nothing was written");
            return 1;
        }
        finally
        {
            ServiceProcess.EndAll();
        }

        PosixSignalRegistration Watch(PosixSignal signal) => PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            interrupted.TrySetResult();
        });
    }

    private static async Task MeasureAsync(string[] names, LoadModels models, Report report)
    {
        foreach ((string name, Func<LoadModels, Report, Task> run) in Parts)
        {
            if (names.Length == 0 || names.Contains(name)) await run(models, report);
        }
    }
}
