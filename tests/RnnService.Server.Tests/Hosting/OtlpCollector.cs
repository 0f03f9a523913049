using System.Collections.Concurrent;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace RnnService.Server.Tests.Hosting;

/// <summary>A collector that takes what is sent to it by OTLP over HTTP.</summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly WebApplication _app;
    private readonly SemaphoreSlim _news = new(0);

    private OtlpCollector(WebApplication app) => _app = app;

    public string Url => _app.Urls.Single();

    /// <summary>The bodies, by route.</summary>
    public ConcurrentQueue<(string Route, byte[] Body)> Received { get; } = new();

    public static async Task<OtlpCollector> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        WebApplication app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        var collector = new OtlpCollector(app);
        app.MapPost("/{**route}", collector.ReceiveAsync);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return collector;
    }

    /// <summary>Waits until what has come holds something.</summary>
    /// <param name="route">Where it comes.</param>
    /// <param name="read">Finds it in all bodies together; null as long as it is not there.</param>
    public async Task<T> WaitForAsync<T>(string route, Func<OtlpMessage, T?> read) where T : class
    {
        while (true)
        {
            var all = OtlpMessage.Parse([.. Received.Where(one => one.Route == route).SelectMany(one => one.Body)]); // bodies in a row are one message
            if (read(all) is { } found) return found;
            Assert.True(await _news.WaitAsync(Patience, TestContext.Current.CancellationToken), $"nothing more comes to {route}");
        }
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task ReceiveAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        Received.Enqueue((context.Request.Path, body.ToArray()));
        _news.Release();
    }
}

/// <summary>A message of protobuf, its fields by number.</summary>
internal sealed record OtlpMessage(ILookup<uint, byte[]> Fields)
{
    public static OtlpMessage Parse(byte[] bytes)
    {
        var input = new CodedInputStream(bytes);
        var fields = new List<(uint Number, byte[] Value)>();
        while (input.ReadTag() is not 0 and var tag)
        {
            fields.Add(((uint)WireFormat.GetTagFieldNumber(tag), WireFormat.GetTagWireType(tag) switch
            {
                WireFormat.WireType.LengthDelimited => input.ReadBytes().ToByteArray(),
                WireFormat.WireType.Varint => BitConverter.GetBytes(input.ReadUInt64()),
                WireFormat.WireType.Fixed64 => BitConverter.GetBytes(input.ReadFixed64()),
                _ => BitConverter.GetBytes(input.ReadFixed32()),
            }));
        }

        return new OtlpMessage(fields.ToLookup(field => field.Number, field => field.Value));
    }

    /// <summary>The messages at the end of a path of field numbers.</summary>
    public IEnumerable<OtlpMessage> At(params IEnumerable<uint> path) => path.Aggregate(
        Enumerable.Repeat(this, 1), (messages, number) => messages.SelectMany(message => message.Fields[number].Select(Parse)));

    public string Text(uint number) => System.Text.Encoding.UTF8.GetString(Fields[number].SingleOrDefault() ?? []);

    public string Hex(uint number) => Convert.ToHexStringLower(Fields[number].SingleOrDefault() ?? []);

    /// <summary>Attributes with texts and whole numbers.</summary>
    public Dictionary<string, string> Attributes(uint number) => At(number).ToDictionary(pair => pair.Text(1), pair =>
    {
        OtlpMessage value = pair.At(2).Single();
        return value.Fields.Contains(1) ? value.Text(1) : value.Fields.Contains(3) ? BitConverter.ToInt64(value.Fields[3].Single()).ToString() : "";
    });
}
