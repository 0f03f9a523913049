using System.Globalization;
using System.Net;
using RnnService.Server.Options;

namespace RnnService.Server.Hosting;

/// <summary>
/// Where the service listens: its own addresses, and a port for probes and metrics alone, whose connections do not count among those of
/// clients. Everything about them is checked before the start, so that a wrong one is a sentence.
/// </summary>
/// <param name="Main">Addresses of the service.</param>
/// <param name="Probe">Address for probes; null when there is none.</param>
/// <param name="FromKestrel">Whether the addresses stand in the section of Kestrel.</param>
internal sealed record Listeners(IReadOnlyList<string> Main, string? Probe, bool FromKestrel)
{
    private const string DefaultUrl = "http://localhost:8080";
    private const string Urls = "urls", HttpPorts = "http_ports", HttpsPorts = "https_ports";
    private const string Endpoints = "Kestrel:Endpoints";
    private const string ProbeOption = $"{ServiceOptions.Section}:{nameof(ServiceOptions.Http)}:{nameof(HttpOptions.ProbePort)}";
    private const string Expected = "expected addresses such as http://localhost:8080, separated by semicolons";
    private const int MostPort = 65_535;

    /// <param name="configuration">As the framework reads it.</param>
    /// <param name="probePort">The port for probes; 0 for none.</param>
    /// <exception cref="OptionsException">An address cannot be listened at.</exception>
    public static Listeners Read(IConfiguration configuration, int probePort)
    {
        var faults = new List<string>();
        bool fromKestrel = configuration.GetSection(Endpoints).GetChildren().Any();
        string[] main = [.. fromKestrel ? OfKestrel(configuration, faults) : OfHost(configuration, faults)];
        string? probe = null;
        if (probePort > 0 && faults.Count == 0)
        {
            BindingAddress[] addresses = [.. main.Select(BindingAddress.Parse)];
            if (addresses.Any(address => address.Port == probePort && !address.IsUnixPipe && !address.IsNamedPipe))
                faults.Add($"{ProbeOption} is {probePort}, where the service itself listens; expected another port, or 0");
            // Seen from where the service is seen.
            string host = addresses.Select(address => address.IsUnixPipe || address.IsNamedPipe ? "localhost" : address.Host).FirstOrDefault("localhost");
            probe = string.Create(CultureInfo.InvariantCulture, $"http://{host}:{probePort}");
        }

        return faults.Count == 0 ? new Listeners(main, probe, fromKestrel) : throw new OptionsException(faults);
    }

    /// <summary>Tells the framework, which knows its own settings alone.</summary>
    public void Apply(WebApplicationBuilder builder)
    {
        if (FromKestrel)
        {
            if (Probe is not null) builder.Configuration[$"{Endpoints}:RnnProbes:Url"] = Probe;
            return;
        }

        // The ports are among the addresses; the framework would warn of them beside addresses.
        foreach (string ports in new[] { HttpPorts, HttpsPorts })
        {
            if (!string.IsNullOrEmpty(builder.Configuration[ports])) builder.Configuration[ports] = "";
        }

        builder.WebHost.UseUrls([.. Probe is null ? Main : Main.Append(Probe)]);
    }

    /// <summary>Where to ask for health from this machine.</summary>
    public BindingAddress Health => BindingAddress.Parse(Reachable(Probe ?? Main.FirstOrDefault(IsPlain) ?? Main[0]));

    /// <summary>Whether no other machine can reach an address.</summary>
    public static bool IsLocal(string url)
    {
        BindingAddress address = BindingAddress.Parse(url);
        if (address.IsUnixPipe || address.IsNamedPipe) return true;
        return address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(address.Host, out IPAddress? found) && IPAddress.IsLoopback(found));
    }

    /// <summary>An address to listen at as one to ask at from this machine.</summary>
    public static string Reachable(string url)
    {
        foreach (string anywhere in new[] { "//+", "//*", "//0.0.0.0", "//[::]" })
            url = url.Replace(anywhere, "//localhost", StringComparison.Ordinal);
        return url;
    }

    private static bool IsPlain(string url) => url.StartsWith("http://", StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<string> OfKestrel(IConfiguration configuration, List<string> faults)
    {
        foreach (IConfigurationSection endpoint in configuration.GetSection(Endpoints).GetChildren())
        {
            string? url = endpoint["Url"];
            if (string.IsNullOrEmpty(url)) faults.Add($"{endpoint.Path}:Url is missing; expected an address such as http://localhost:8080");
            else if (!CanListen(url)) faults.Add($"{endpoint.Path}:Url is \"{url}\"; expected an address such as http://localhost:8080");
            else yield return url;
        }
    }

    private static IEnumerable<string> OfHost(IConfiguration configuration, List<string> faults)
    {
        if (Split(configuration[Urls]) is { Length: > 0 } urls)
        {
            foreach (string url in urls.Where(url => !CanListen(url))) faults.Add($"ASPNETCORE_URLS holds \"{url}\"; {Expected}");
            return urls;
        }

        (string Scheme, string Port)[] ports = [.. Split(configuration[HttpPorts]).Select(port => ("http", port)),
            .. Split(configuration[HttpsPorts]).Select(port => ("https", port))];
        foreach ((string scheme, string port) in ports.Where(one => !IsPort(one.Port)))
            faults.Add($"ASPNETCORE_{scheme.ToUpperInvariant()}_PORTS holds \"{port}\"; expected ports from 1 to {MostPort}, separated by semicolons");
        return ports.Length == 0 ? [DefaultUrl] : ports.Select(one => $"{one.Scheme}://*:{one.Port}");
    }

    private static string[] Split(string? list) =>
        list?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    private static bool IsPort(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is >= 1 and <= MostPort;

    private static bool CanListen(string url)
    {
        try
        {
            BindingAddress address = BindingAddress.Parse(url);
            if (address.IsUnixPipe || address.IsNamedPipe) return true;
            // A port that is none is read as a part of the host, and the framework gives out free ports for numbers alone.
            bool isHost = address.Host.Length > 0 && (address.Host.StartsWith('[') || !address.Host.Contains(':')) && !address.Host.Any(char.IsWhiteSpace);
            return isHost && address.PathBase.Length == 0 && address.Port is >= 0 and <= MostPort
                && (address.Scheme.Equals("http", StringComparison.OrdinalIgnoreCase) || address.Scheme.Equals("https", StringComparison.OrdinalIgnoreCase))
                && (address.Port > 0 || !address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase));
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
