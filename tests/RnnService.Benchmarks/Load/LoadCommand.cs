using System.Globalization;

namespace RnnService.Benchmarks.Load;

/// <summary>The service under load, over HTTP on this machine, beside its peers; and what it costs.</summary>
internal static class LoadCommand
{
    private static readonly (string Name, Func<LoadModels, Report, Task> Run)[] Parts =
    [
        ("rate", StreamParts.RateAsync),
        ("streams", StreamParts.LatenciesAsync),
        ("crowd", StreamParts.CrowdAsync),
        ("prompt", StreamParts.PromptAsync),
        ("classify", ClassifyPart.RunAsync),
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

        using var models = new LoadModels();
        var report = new Report();
        foreach ((string name, Func<LoadModels, Report, Task> run) in Parts)
        {
            if (names.Length == 0 || names.Contains(name)) await run(models, report);
        }

        if (file is not null) report.Write(file);
        return 0;
    }
}
