using System.Buffers.Text;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using RnnService.Server.Keys;

namespace RnnService.Server.Tests.Keys;

/// <summary>Keys of those who open a WebSocket and can send no header.</summary>
public sealed class SocketKeyTests
{
    private const string User = "user", Other = "other", Revoked = "revoked";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_socket_is_opened_by_a_key_among_its_subprotocols_which_nobody_is_shown()
    {
        using var models = new TinyNumberModels();
        using KeyFixture keys = new KeyFixture().Add(User).Add(Other, key => key with { Models = ["phases"] }).Add(Revoked, key => key with { Disabled = true });
        await using var service = new TestService(null, null, ("Rnn:ModelsPath", models.Path), keys.Setting);
        service.Listen();
        await service.ReadyAsync();
        var address = new UriBuilder(new Uri(service.ClientOptions.BaseAddress, "/stream/gestures")) { Scheme = "ws" };

        using (ClientWebSocket socket = Offering(SocketProtocols.Plain, KeyOf(keys[User])))
        {
            await socket.ConnectAsync(address.Uri, Cancel);
            Assert.Equal(SocketProtocols.Plain, socket.SubProtocol);
            Assert.Equal(SocketProtocols.Plain, socket.HttpResponseHeaders!["Sec-WebSocket-Protocol"].Single());
            await socket.SendAsync("""{"values": [[1, 2, 3]]}"""u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, Cancel);
            byte[] answer = new byte[1000];
            Assert.Contains("\"steps\":1", Encoding.UTF8.GetString(answer, 0, (await socket.ReceiveAsync(answer, Cancel)).Count), StringComparison.Ordinal);
        }

        foreach ((string[] offered, HttpStatusCode status) in new (string[], HttpStatusCode)[]
        {
            ([SocketProtocols.Plain], HttpStatusCode.Unauthorized),
            ([SocketProtocols.Plain, KeyOf("rnn_nobody")], HttpStatusCode.Unauthorized),
            ([SocketProtocols.Plain, KeyOf(keys[Revoked])], HttpStatusCode.Unauthorized),
            ([SocketProtocols.Plain, SocketProtocols.KeyPrefix + "!"], HttpStatusCode.Unauthorized),
            ([SocketProtocols.Plain, SocketProtocols.KeyPrefix], HttpStatusCode.Unauthorized),
            ([SocketProtocols.Plain, keys[User]], HttpStatusCode.Unauthorized), // as it is
            ([SocketProtocols.Plain, KeyOf(keys[Other])], HttpStatusCode.Forbidden),
            ([KeyOf(keys[User])], HttpStatusCode.SwitchingProtocols), // and nothing is chosen
        })
        {
            using ClientWebSocket socket = Offering(offered);
            Exception? refusal = await Record.ExceptionAsync(() => socket.ConnectAsync(address.Uri, Cancel));
            Assert.Equal(status != HttpStatusCode.SwitchingProtocols, refusal is WebSocketException);
            Assert.Equal((string.Join(", ", offered), status), (string.Join(", ", offered), socket.HttpStatusCode));
            if (status == HttpStatusCode.SwitchingProtocols) Assert.True(string.IsNullOrEmpty(socket.SubProtocol));
        }

        // Of a request that is no WebSocket's the header means nothing.
        using var plain = new HttpRequestMessage(HttpMethod.Get, "/models");
        plain.Headers.TryAddWithoutValidation("Sec-WebSocket-Protocol", KeyOf(keys[User]));
        using HttpClient client = service.Client();
        await (await client.SendAsync(plain, Cancel)).IsProblemAsync(401, "unauthorized");
        Assert.Contains(service.Logs.Lines, line => line.Contains("GET /stream/{name}", StringComparison.Ordinal));
        foreach (string secret in keys.Secrets)
        {
            Assert.DoesNotContain(service.Logs.Lines, line => line.Contains(secret[KeySecret.Prefix.Length..], StringComparison.Ordinal)
                || line.Contains(KeyOf(secret), StringComparison.Ordinal));
        }
    }

    private static string KeyOf(string key) => SocketProtocols.KeyPrefix + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(key));

    private static ClientWebSocket Offering(params string[] protocols)
    {
        var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        foreach (string protocol in protocols) socket.Options.AddSubProtocol(protocol);
        return socket;
    }
}
