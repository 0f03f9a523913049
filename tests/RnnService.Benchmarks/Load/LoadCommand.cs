using System.Globalization;

namespace RnnService.Benchmarks.Load;

/// <summary>
/// <c>load [PART…]</c>: the service under load, over HTTP on this machine, beside its peers. Parts: streams, crowd, classify, prompt,
/// costs; all of them when none is named.
/// </summary>
internal static class LoadCommand
{
    private static readonly (string Name, Func<LoadModels, Task> Run)[] Parts =
    [
        ("rate", StreamParts.RateAsync),
        ("streams", StreamParts.LatenciesAsync),
        ("crowd", StreamParts.CrowdAsync),
        ("prompt", StreamParts.PromptAsync),
        ("classify", ClassifyPart.RunAsync),
        ("start", CostParts.StartAsync),
    ];

    public static async Task<int> RunAsync(string[] names)
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
        foreach ((string name, Func<LoadModels, Task> run) in Parts)
        {
            if (names.Length == 0 || names.Contains(name)) await run(models);
        }

        return 0;
    }
}
