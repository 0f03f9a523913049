using System.ComponentModel.DataAnnotations;

namespace RnnService.Server.Options;

/// <summary>How the service talks to its clients.</summary>
internal sealed record HttpOptions
{
    /// <summary>The configuration path of one of these options.</summary>
    public static string PathOf(string option) => $"{ServiceOptions.Section}:{nameof(ServiceOptions.Http)}:{option}";

    /// <summary>Seconds without a token after which a stream sends a comment, so that proxies keep it open.</summary>
    [Range(1, 3_600)]
    public int StreamKeepAliveSeconds { get; init; } = 15;

    /// <summary>Seconds that a stream of numbers is kept open of which nothing comes; then it is ended with 408.</summary>
    [Range(1, 86_400)]
    public int StreamIdleSeconds { get; init; } = 60;

    /// <summary>
    /// Seconds a turn of computing may take; from then on /health/live and /health/ready answer 503, so that whoever runs the service starts
    /// it anew. Turns take milliseconds: one that long never ends.
    /// </summary>
    [Range(1, 86_400)]
    public int StuckSeconds { get; init; } = 60;

    /// <summary>
    /// Seconds that running requests get to finish when the service is asked to stop; what is left then is answered with 503.
    /// </summary>
    [Range(0, 3_600)]
    public int DrainSeconds { get; init; } = 25;

    /// <summary>
    /// Seconds that the service goes on listening and answering after SIGTERM while <c>/health/ready</c> says 503, so that load balancers send
    /// requests elsewhere before it closes. Not after Ctrl-C, and not when it was not ready. 0: it closes at once.
    /// </summary>
    [Range(0, 600)]
    public int LingerSeconds { get; init; } = 5;

    /// <summary>
    /// Connections open at once; further ones are closed, counted and told in the log. 0: what the system's limit of open files leaves, 10000
    /// at most. More than the system allows: the service becomes unreachable once they are used up.
    /// </summary>
    [Range(0, 1_000_000)]
    public int MaxConnections { get; init; }

    /// <summary>
    /// Connections open at once from one address (of IPv6: one network of 64 bits). 0: three quarters of all, so that no address takes the service
    /// from the others. Behind a proxy all come from the proxy's.
    /// </summary>
    [Range(0, 1_000_000)]
    public int MaxConnectionsPerAddress { get; init; }

    /// <summary>
    /// Port that answers <c>/health/live</c>, <c>/health/ready</c> and <c>/metrics</c> alone, without encryption; its connections do not count
    /// among <c>MaxConnections</c>, so that probes are answered when clients have taken all. 0: none.
    /// </summary>
    [Range(0, 65_535)]
    public int ProbePort { get; init; }

    /// <summary>Seconds an idle connection is kept open.</summary>
    [Range(1, 86_400)]
    public int IdleSeconds { get; init; } = 130;

    /// <summary>Seconds a client gets to send its request headers.</summary>
    [Range(1, 3_600)]
    public int HeadersSeconds { get; init; } = 30;

    /// <summary>Most header fields of a request; more are answered with 431.</summary>
    [Range(8, 1_000)]
    public int MaxHeaders { get; init; } = 100;

    /// <summary>Most bytes of all header fields of a request together; more are answered with 431.</summary>
    [Range(1_024, 1_048_576)]
    public int MaxHeaderBytes { get; init; } = 32_768;

    /// <summary>Seconds a client gets to send the whole body of a request; then it is answered with 408 and its connection closed.</summary>
    [Range(1, 3_600)]
    public int BodySeconds { get; init; } = 30;

    /// <summary>Seconds a request waits for its model to be loaded, before it is answered with 503. 0: not at all.</summary>
    [Range(0, 3_600)]
    public int LoadWaitSeconds { get; init; } = 30;

    /// <summary>
    /// Origins whose pages may call the service from a browser, separated by commas (<c>http://localhost:5173</c>), or <c>*</c> for all.
    /// Empty: none.
    /// </summary>
    public string CorsOrigins { get; init; } = "";

    /// <summary>
    /// Addresses and networks of proxies, separated by commas (<c>10.0.0.0/8, 192.168.1.4</c>), that are believed what they say of a request:
    /// whom it is for (<c>X-Forwarded-For</c>), and the scheme, host and prefix that it was sent to (<c>-Proto</c>, <c>-Host</c>,
    /// <c>-Prefix</c>). Empty: none.
    /// </summary>
    public string Proxies { get; init; } = "";

    /// <summary>
    /// Prefix of every address, such as <c>/rnn</c>, where a proxy leaves it on the requests that it passes on. What comes without is answered
    /// too. Empty: none.
    /// </summary>
    public string PathBase { get; init; } = "";
}
