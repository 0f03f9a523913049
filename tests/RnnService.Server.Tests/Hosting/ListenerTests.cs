using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using RnnService.AspNetCore.Models;
using RnnService.Server.Hosting;

namespace RnnService.Server.Tests.Hosting;

/// <summary>What only real sockets show: connections that are counted, and the port for probes.</summary>
public sealed class ListenerTests(SharedService shared)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Probes_and_metrics_answer_when_clients_have_taken_all_connections()
    {
        int probePort = FreePort();
        await using WebApplication app = await StartAsync("--urls=http://127.0.0.1:0", $"--Rnn:Http:ProbePort={probePort}", "--Rnn:Http:MaxConnections=3", "--Rnn:Http:MaxConnectionsPerAddress=3");
        int port = app.Urls.Select(url => new Uri(url).Port).First(one => one != probePort);
        long refused = 0;
        using var meters = new MeterListener
        {
            // All services of this process have instruments of the same names.
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "rnn.connections.refused" && ReferenceEquals(instrument.Meter.Scope, app.Services.GetService(typeof(IMeterFactory))))
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        meters.SetMeasurementEventCallback<long>((_, count, _, _) => Interlocked.Add(ref refused, count));
        meters.Start();
        List<TcpClient> clients = [];
        for (int count = 0; count < 3; count++)
        {
            clients.Add(await ConnectAsync(port));
            Assert.Contains("200 OK", await GetAsync(clients[^1], "/health/live"), StringComparison.Ordinal);
        }

        Assert.Empty(await GetAsync(port, "/health/live"));

        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{probePort}") };
        foreach (string route in new[] { "/health/live", "/health/ready", "/metrics" })
        {
            using HttpResponseMessage answer = await http.GetAsync(route, Cancel);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        Assert.Equal(1, refused);
        foreach (string route in new[] { "/models", "/swagger/index.html", "/", "/metrics/x", "/generate" })
        {
            using HttpResponseMessage answer = await http.GetAsync(route, Cancel);
            await answer.IsProblemAsync(404, "route_not_found");
        }

        // A place that is given back is another's.
        clients[0].Dispose();
        string found;
        do found = await GetAsync(port, "/health/live");
        while (found.Length == 0);

        Assert.Contains("200 OK", found, StringComparison.Ordinal);
        foreach (TcpClient client in clients) client.Dispose();
    }

    [Fact]
    public async Task One_address_does_not_take_all_connections_and_headers_have_bounds()
    {
        await using var service = new TestService(shared.Models, null,
            ("Rnn:Http:MaxConnections", "8"), ("Rnn:Http:MaxHeaders", "10"), ("Rnn:Http:MaxHeaderBytes", "2000"));
        service.UseKestrel(port: 0);
        service.StartServer();
        await service.ReadyAsync();
        List<RawClient> flood = [];
        for (int count = 0; count < 6; count++) flood.Add(await AskAsync("127.0.0.2", 200));
        flood.Add(await AskAsync("127.0.0.2", 0));
        flood.Add(await AskAsync("127.0.0.3", 200));
        foreach (RawClient client in flood) client.Dispose();
        using RawClient large = await AskAsync("127.0.0.4", 431, new string('a', 3_000));
        using RawClient many = await AskAsync("127.0.0.5", 431, string.Concat(Enumerable.Repeat("b\r\nX-Other: ", 20)));

        async Task<RawClient> AskAsync(string from, int status, string header = "a")
        {
            RawClient client = await RawClient.ConnectAsync(service, from);
            await client.SendAsync($"GET /health/live HTTP/1.1\r\nHost: a\r\nX-Header: {header}\r\n\r\n");
            Assert.Equal((from, status), (from, (await client.ReadAsync()).Status));
            return client;
        }
    }

    [Theory]
    [InlineData(1_024, 512)]
    [InlineData(256, 64)]
    [InlineData(300, 75)]
    [InlineData(1_048_576, 10_000)]
    [InlineData(null, 10_000)]
    public void The_number_of_connections_leaves_files_for_everything_else(int? files, int connections) =>
        Assert.Equal(connections, ConnectionLimit.Automatic(files));

    [Fact]
    public async Task The_port_for_probes_stands_beside_the_addresses_of_Kestrels_section()
    {
        int probePort = FreePort();
        await using WebApplication app = await StartAsync("--Kestrel:Endpoints:A:Url=http://127.0.0.1:0", $"--Rnn:Http:ProbePort={probePort}");
        Assert.Contains($"http://127.0.0.1:{probePort}", app.Urls);
        Assert.Equal(2, app.Urls.Count);
    }

    [Fact]
    public async Task Health_is_asked_over_HTTPS_whoever_signed_the_certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=elsewhere.example.com", key, HashAlgorithmName.SHA256);
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        string file = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(file, certificate.Export(X509ContentType.Pfx), Cancel);
            await using WebApplication app = await StartAsync("--urls=https://127.0.0.1:0", $"--Kestrel:Certificates:Default:Path={file}");
            while (app.Services.GetService(typeof(ModelRegistry)) is ModelRegistry { NotReady: not null }) await Task.Yield();
            Assert.Equal(0, await HealthProbe.RunAsync(() => Service.Builder([$"--urls={app.Urls.Single()}"]).Configuration));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task<TcpClient> ConnectAsync(int port)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port, Cancel);
        return client;
    }

    /// <summary>The first bytes of the answer on a connection of its own; nothing when that is closed instead.</summary>
    private static async Task<string> GetAsync(int port, string route)
    {
        try
        {
            using TcpClient client = await ConnectAsync(port);
            return await GetAsync(client, route);
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            return "";
        }
    }

    private static async Task<string> GetAsync(TcpClient client, string route)
    {
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"GET {route} HTTP/1.1\r\nHost: localhost\r\n\r\n"), Cancel);
        byte[] answer = new byte[4096];
        return Encoding.ASCII.GetString(answer, 0, await client.GetStream().ReadAsync(answer, Cancel));
    }

    private async Task<WebApplication> StartAsync(params string[] args)
    {
        WebApplication app = Service.Build([$"--Rnn:ModelsPath={shared.Models.Path}", "--Logging:LogLevel:Default=None", "--Rnn:Log:Format=json", .. args]);
        await app.StartAsync(Cancel);
        while (app.Services.GetService(typeof(ModelRegistry)) is ModelRegistry { NotReady: not null }) await Task.Yield();
        return app;
    }
}
