namespace RnnService.Server.Hosting;

/// <summary>Asks the service on this machine whether it is ready, so that a container needs no curl for its health check.</summary>
internal static class HealthProbe
{
    private const string DefaultUrl = "http://localhost:8080";

    /// <returns>0 when it is ready, otherwise 1.</returns>
    public static async Task<int> RunAsync(IConfiguration configuration)
    {
        try
        {
            using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(3) };
            using HttpResponseMessage answer = await client.GetAsync(new Uri(UrlOf(configuration), "/health/ready"));
            return answer.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            return 1;
        }
    }

    /// <summary>Where the service listens for plain HTTP, as seen from this machine.</summary>
    public static Uri UrlOf(IConfiguration configuration)
    {
        string? url = configuration["urls"]?.Split(';')
            .FirstOrDefault(one => one.StartsWith("http://", StringComparison.OrdinalIgnoreCase));
        string? port = configuration["http_ports"]?.Split(';').FirstOrDefault();
        url ??= port is null ? DefaultUrl : $"http://localhost:{port}";
        return new Uri(Reachable(url));
    }

    /// <summary>An address to listen at as one to ask at from this machine.</summary>
    public static string Reachable(string url)
    {
        foreach (string anywhere in new[] { "//+", "//*", "//0.0.0.0", "//[::]" })
            url = url.Replace(anywhere, "//localhost", StringComparison.Ordinal);
        return url;
    }

    /// <summary>Whether the configuration says where to listen; otherwise the service listens at <see cref="DefaultUrl"/>.</summary>
    public static string? UrlUnlessConfigured(IConfiguration configuration) =>
        (configuration["urls"] ?? configuration["http_ports"] ?? configuration["https_ports"]) is not null
            || configuration.GetSection("Kestrel:Endpoints").Exists()
            ? null
            : DefaultUrl;
}
