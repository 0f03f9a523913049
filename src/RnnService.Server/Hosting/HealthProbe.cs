using System.Net;
using System.Net.Sockets;
using RnnService.Server.Options;

namespace RnnService.Server.Hosting;

/// <summary>Asks the service on this machine whether it is ready, so that a container needs no curl for its health check.</summary>
internal static class HealthProbe
{
    /// <param name="read">Reads the settings of the service.</param>
    /// <returns>0 when it is ready, otherwise 1.</returns>
    public static async Task<int> RunAsync(Func<IConfiguration> read)
    {
        try
        {
            IConfiguration configuration = read();
            int probePort = OptionsReader.Read(configuration).Http.ProbePort;
            BindingAddress address = Listeners.Read(configuration, probePort).Health;
            using var handler = new SocketsHttpHandler
            {
                // Nothing is told to whoever answers here, and a certificate of the service's own is issued for another name.
                SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true },
                ConnectCallback = address.IsUnixPipe ? (_, cancel) => ConnectAsync(address.UnixPipePath, cancel) : null,
            };
            using var client = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(3) };
            string url = address.IsUnixPipe ? $"{address.Scheme}://localhost" : $"{address.Scheme}://{address.Host}:{address.Port}";
            using var request = new HttpRequestMessage(HttpMethod.Get, $"{url}/health/ready");
            // Without encryption a port speaks one of the two.
            if (FrameworkSettings.IsHttp2Only(configuration) && address.Port != probePort) (request.Version, request.VersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact);
            using HttpResponseMessage answer = await client.SendAsync(request);
            return answer.IsSuccessStatusCode ? 0 : 1;
        }
        catch (OptionsException exception)
        {
            foreach (string fault in exception.Faults) Console.Error.WriteLine(fault);
            return 1;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            return 1;
        }
        catch (Exception exception) when (StartFault.Of(exception) is var (_, sentence))
        {
            Console.Error.WriteLine(sentence);
            return 1;
        }
    }

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
