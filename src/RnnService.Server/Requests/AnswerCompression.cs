using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.Extensions.Options;

namespace RnnService.Server.Requests;

/// <summary>Compresses answers where the client asks for it and the answer is large enough to be worth it; streams of events never.</summary>
internal sealed class AnswerCompression(IServiceProvider services, IOptions<ResponseCompressionOptions> options)
    : ResponseCompressionProvider(services, options)
{
    /// <summary>Bytes of the smallest answer that is compressed: below, it would not fill one packet less.</summary>
    public const int Least = 2_000;

    /// <summary>What is compressed: text, but not events, which must leave one by one.</summary>
    public static IReadOnlyList<string> Types { get; } =
        [.. ResponseCompressionDefaults.MimeTypes, "application/problem+json", "text/markdown", "image/svg+xml"];

    public override bool ShouldCompressResponse(HttpContext context) =>
        !(context.Response.ContentLength < Least) && base.ShouldCompressResponse(context);
}
