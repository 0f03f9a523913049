using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace RnnService.Server.Requests;

/// <summary>How this service writes JSON, and reads what <see cref="RequestReader"/> has checked.</summary>
internal static class Json
{
    public static JsonSerializerOptions Options { get; } = Configure(new JsonSerializerOptions(JsonSerializerOptions.Strict));

    public static JsonSerializerOptions Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.DictionaryKeyPolicy = null;
        options.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping; // answers are application/json, never part of a page
        options.PropertyNameCaseInsensitive = false;
        options.NumberHandling = JsonNumberHandling.Strict;
        return options;
    }

    /// <summary>Answers with a value as JSON.</summary>
    public static IResult Answer<T>(T value) => new JsonAnswer<T>(value);

    /// <summary>
    /// Bytes a second at which a client has to take an answer of more than <see cref="Large"/> bytes, after five seconds: whoever does not
    /// read would have it kept.
    /// </summary>
    private const int LeastRate = 32_000;

    private const int Large = 64_000;

    /// <summary>Writes a value as the whole body: its length is known, so head and body leave together.</summary>
    public static Task WriteAsync<T>(HttpContext context, T value, string contentType) =>
        WriteBytesAsync(context, JsonSerializer.SerializeToUtf8Bytes(value, Options), contentType);

    /// <summary>Writes bytes as the whole body.</summary>
    public static async Task WriteBytesAsync(HttpContext context, ReadOnlyMemory<byte> body, string contentType)
    {
        context.Response.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        if (body.Length > Large && context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
            rate.MinDataRate = new MinDataRate(LeastRate, TimeSpan.FromSeconds(5));
        if (!HttpMethods.IsHead(context.Request.Method)) await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    private sealed class JsonAnswer<T>(T value) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => WriteAsync(httpContext, value, "application/json; charset=utf-8");
    }
}
