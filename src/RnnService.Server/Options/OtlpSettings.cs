using OpenTelemetry.Exporter;

namespace RnnService.Server.Options;

/// <summary>
/// Where metrics or traces are sent, in the variables that OpenTelemetry names for every program. The exporter itself reads those for all
/// signals; those of one signal, and what switches one off, are read here.
/// </summary>
/// <param name="Endpoint">The address; used as it is.</param>
/// <param name="Protocol">The protocol.</param>
/// <param name="Headers">Headers such as a token; null for those of all signals.</param>
internal sealed record OtlpSettings(Uri? Endpoint, OtlpExportProtocol? Protocol, string? Headers)
{
    private const string Prefix = "OTEL_EXPORTER_OTLP_";

    private static readonly Dictionary<string, OtlpExportProtocol> Protocols = new()
    {
        ["grpc"] = OtlpExportProtocol.Grpc,
        ["http/protobuf"] = OtlpExportProtocol.HttpProtobuf,
    };

    private static readonly string[] Signals = ["METRICS", "TRACES"];

    /// <summary>The settings of a signal; null where it is not sent.</summary>
    /// <param name="configuration">The settings.</param>
    /// <param name="signal"><c>METRICS</c> or <c>TRACES</c>.</param>
    public static OtlpSettings? Of(IConfiguration configuration, string signal)
    {
        if (string.Equals(configuration["OTEL_SDK_DISABLED"], "true", StringComparison.OrdinalIgnoreCase)
            || configuration[$"OTEL_{signal}_EXPORTER"] == "none") return null;
        string? own = configuration[$"{Prefix}{signal}_ENDPOINT"];
        if (string.IsNullOrEmpty(own) && string.IsNullOrEmpty(configuration[$"{Prefix}ENDPOINT"])) return null;
        return new OtlpSettings(
            string.IsNullOrEmpty(own) ? null : new Uri(own),
            configuration[$"{Prefix}{signal}_PROTOCOL"] is { Length: > 0 } protocol ? Protocols[protocol] : null,
            configuration[$"{Prefix}{signal}_HEADERS"]);
    }

    /// <summary>What is wrong with them: the exporter passes over what it cannot use, and sends to an address of its own.</summary>
    public static IEnumerable<string> Faults(IConfiguration configuration)
    {
        foreach (string part in Signals.Select(signal => signal + "_").Prepend(""))
        {
            if (configuration[$"{Prefix}{part}ENDPOINT"] is { Length: > 0 } endpoint
                && !(Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https"))
                yield return $"{Prefix}{part}ENDPOINT is \"{endpoint}\"; expected an address such as http://localhost:4317";
            if (configuration[$"{Prefix}{part}PROTOCOL"] is { Length: > 0 } protocol && !Protocols.ContainsKey(protocol))
                yield return $"{Prefix}{part}PROTOCOL is \"{protocol}\"; expected {string.Join(" or ", Protocols.Keys)}";
        }
    }

    /// <summary>Sets what is a signal's own.</summary>
    public void Apply(OtlpExporterOptions exporter)
    {
        // The protocol first: it has an address of its own.
        if (Protocol is { } protocol) exporter.Protocol = protocol;
        if (Endpoint is not null) exporter.Endpoint = Endpoint;
        if (Headers is not null) exporter.Headers = Headers;
    }
}
