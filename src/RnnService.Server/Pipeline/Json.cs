using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RnnService.Server.Pipeline;

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

    /// <summary>Writes a value as the whole body: its length is known, so head and body leave together.</summary>
    public static async Task WriteAsync<T>(HttpContext context, T value, string contentType)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(value, Options);
        context.Response.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method)) await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    private sealed class JsonAnswer<T>(T value) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => WriteAsync(httpContext, value, "application/json; charset=utf-8");
    }
}
