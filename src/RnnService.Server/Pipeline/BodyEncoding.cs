using System.IO.Compression;
using System.IO.Pipelines;
using Microsoft.Extensions.Primitives;

namespace RnnService.Server.Pipeline;

/// <summary>Undoes the <c>Content-Encoding</c> of a request's body while it is read, so that the reader's bound holds for what comes out.</summary>
internal static class BodyEncoding
{
    /// <summary>The encodings that are undone, as <c>Accept-Encoding</c> names them.</summary>
    public const string Known = "gzip, deflate, br";

    /// <summary>A reader of the decoded body; null where the body comes as it is.</summary>
    /// <exception cref="RequestProblem">The encoding is not known.</exception>
    public static PipeReader? Open(HttpRequest request)
    {
        StringValues header = request.Headers.ContentEncoding;
        if (header.Count == 0) return null;
        string name = header.ToString().Trim();
        Stream? decoded = name.ToLowerInvariant() switch
        {
            "gzip" or "x-gzip" => new GZipStream(request.Body, CompressionMode.Decompress),
            "deflate" => new ZLibStream(request.Body, CompressionMode.Decompress),
            "br" => new BrotliStream(request.Body, CompressionMode.Decompress),
            "" or "identity" => null,
            _ => throw new RequestProblem(ProblemKind.ContentEncoding,
                $"the content encoding is {RequestProblem.Quoted(name)}; expected one of {Known}, or no header Content-Encoding"),
        };
        return decoded is null ? null : PipeReader.Create(decoded);
    }

    /// <summary>Whether a decoder says so of a body that is not what its header says.</summary>
    public static bool IsBroken(Exception exception) => exception is InvalidDataException or InvalidOperationException;

    public static RequestProblem Broken(HttpRequest request)
    {
        string name = request.Headers.ContentEncoding.ToString().Trim().ToLowerInvariant();
        return new RequestProblem(ProblemKind.Malformed, $"the body is not what its content encoding says; expected whole {name} data");
    }
}
