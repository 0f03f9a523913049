using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace RnnService.Server.Options;

/// <summary>Checks those of the framework's settings that it refuses late, with a trace, or not at all.</summary>
internal static class FrameworkSettings
{
    public const string AllowedHosts = "AllowedHosts";

    private static readonly string[] KestrelSections = ["Endpoints", "EndpointDefaults", "Certificates"];

    private static readonly string[] Formatters = ["simple", "systemd", "json", LogOptions.PlainFormatter];

    /// <exception cref="OptionsException">A setting is wrong.</exception>
    public static void Check(IConfiguration configuration)
    {
        var faults = new List<string>(LevelFaults(configuration));
        const string formatter = "Logging:Console:FormatterName";
        if (configuration[formatter] is { } name && !Formatters.Contains(name, StringComparer.OrdinalIgnoreCase))
            faults.Add($"{formatter} is \"{name}\"; expected {string.Join(", ", Formatters)}");
        IConfigurationSection kestrel = configuration.GetSection("Kestrel");
        foreach (IConfigurationSection child in kestrel.GetChildren().Where(child => !KestrelSections.Contains(child.Key, StringComparer.OrdinalIgnoreCase)))
            faults.Add($"{child.Path} is nothing that Kestrel reads; expected {string.Join(", ", KestrelSections)}");
        foreach (IConfigurationSection endpoint in kestrel.GetSection("Endpoints").GetChildren().Append(kestrel.GetSection("EndpointDefaults")))
        {
            if (endpoint["Protocols"] is { } protocols && !Enum.TryParse(protocols, ignoreCase: true, out HttpProtocols _))
                faults.Add($"{endpoint.Path}:Protocols is \"{protocols}\"; expected {string.Join(", ", Enum.GetNames<HttpProtocols>())}");
        }

        if (configuration[AllowedHosts] is not null)
        {
            string[] hosts = Hosts(configuration);
            if (hosts.Length == 0) faults.Add($"{AllowedHosts} is empty; expected names of hosts, separated by semicolons, or *");
            foreach (string host in hosts.Where(host => !IsHost(host)))
                faults.Add($"{AllowedHosts} holds \"{host}\"; expected names of hosts such as rnn.example.com or *.example.com, without scheme or port");
        }

        faults.AddRange(OtlpSettings.Faults(configuration));
        if (faults.Count > 0) throw new OptionsException(faults);
    }

    /// <summary>The log levels that are set, of all providers and of each alone.</summary>
    public static string Levels(IConfiguration configuration) =>
        string.Join(", ", LevelSettings(configuration).Select(level => $"{level.Path["Logging:".Length..].Replace("LogLevel:", "", StringComparison.Ordinal)}={level.Value}"));

    /// <summary>What is wrong with them.</summary>
    public static IEnumerable<string> LevelFaults(IConfiguration configuration) => LevelSettings(configuration)
        .Where(level => !(Enum.TryParse(level.Value, ignoreCase: true, out LogLevel known) && Enum.IsDefined(known)))
        .Select(level => $"{level.Path} is \"{level.Value}\"; expected {string.Join(", ", Enum.GetNames<LogLevel>())}");

    /// <summary>Whether the service speaks nothing but HTTP/2, unless an endpoint has its own say.</summary>
    public static bool IsHttp2Only(IConfiguration configuration) =>
        Enum.TryParse(configuration["Kestrel:EndpointDefaults:Protocols"], ignoreCase: true, out HttpProtocols protocols) && protocols == HttpProtocols.Http2;

    /// <summary>The hosts that requests may be addressed to.</summary>
    public static string[] Hosts(IConfiguration configuration) =>
        (configuration[AllowedHosts] ?? "*").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static IEnumerable<IConfigurationSection> LevelSettings(IConfiguration configuration)
    {
        IConfigurationSection logging = configuration.GetSection("Logging");
        return logging.GetChildren().Select(provider => provider.GetSection("LogLevel")).Prepend(logging.GetSection("LogLevel"))
            .SelectMany(levels => levels.GetChildren());
    }

    private static bool IsHost(string text) =>
        text == "*" || Uri.CheckHostName(text.StartsWith("*.", StringComparison.Ordinal) ? text[2..] : text) != UriHostNameType.Unknown;
}
