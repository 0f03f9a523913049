using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;

namespace RnnService.Server.Requests;

/// <summary>Undoes the <c>Content-Encoding</c> of a request's body while it is read, so that the reader's bound holds for what comes out.</summary>
internal static class BodyEncoding
{
    /// <summary>The encodings that are undone, as <c>Accept-Encoding</c> names them.</summary>
    private const string Known = "gzip, deflate, br";

    private const string Identity = "identity", Gzip = "gzip", Deflate = "deflate", Brotli = "br";

    /// <summary>The encoding of the body; null where the body comes as it is.</summary>
    /// <exception cref="RequestProblem">It is not known, or there are several on top of each other.</exception>
    public static string? NameOf(HttpRequest request)
    {
        string[] names = NamesOf(request);
        return names switch
        {
            [] => null,
            [Gzip or "x-gzip"] => Gzip,
            [Deflate or Brotli] => names[0],
            _ => throw Refused(request, $"one of {Known}, or no header Content-Encoding", Known),
        };
    }

    /// <summary>Refuses a body that does not come as it is, where it is read in parts that cannot wait for a decoder.</summary>
    /// <exception cref="RequestProblem">It is encoded.</exception>
    public static void ThrowIfEncoded(HttpRequest request)
    {
        if (NamesOf(request).Length > 0) throw Refused(request, "no header Content-Encoding, as this body is read while it comes", Identity);
    }

    /// <summary>A reader of the decoded body.</summary>
    public static async ValueTask<PipeReader> OpenAsync(PipeReader body, string encoding)
    {
        var stream = new BodyStream(body);
        return PipeReader.Create(encoding switch
        {
            Gzip => new GZipStream(stream, CompressionMode.Decompress),
            Brotli => new BrotliStream(stream, CompressionMode.Decompress),
            _ when await IsZLibAsync(body) => new ZLibStream(stream, CompressionMode.Decompress),
            _ => new DeflateStream(stream, CompressionMode.Decompress),
        });
    }

    /// <summary>Whether a decoder says so of a body that is not what its header says.</summary>
    public static bool IsBroken(Exception exception) => exception is InvalidDataException or InvalidOperationException;

    public static RequestProblem Broken(HttpRequest request) => new(ProblemKind.Malformed,
        $"the body is not what its content encoding says; expected whole {NameOf(request)} data");

    private static string[] NamesOf(HttpRequest request) => request.Headers.ContentEncoding.Count == 0 ? []
        : [.. request.Headers.ContentEncoding.ToString().ToLowerInvariant()
            .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(name => name != Identity)];

    private static RequestProblem Refused(HttpRequest request, string expected, string accepted) => new(ProblemKind.ContentEncoding,
        $"the content encoding is {RequestProblem.Quoted(request.Headers.ContentEncoding.ToString())}; expected {expected}")
    { AcceptEncoding = accepted };

    /// <summary>
    /// Whether <c>deflate</c> means zlib's format, as it should (RFC 9110, 8.4.1.2); some clients send the bare compressed data instead.
    /// </summary>
    private static async ValueTask<bool> IsZLibAsync(PipeReader body)
    {
        ReadResult read = await body.ReadAtLeastAsync(2);
        byte[] first = new byte[2];
        bool isZLib = read.Buffer.Length >= 2;
        if (isZLib)
        {
            read.Buffer.Slice(0, 2).CopyTo(first);
            // RFC 1950: method 8, and the two bytes are a multiple of 31. Bare data that begins so would be a stored block of odd length.
            isZLib = (first[0] & 15) == 8 && ((first[0] << 8) | first[1]) % 31 == 0;
        }

        body.AdvanceTo(read.Buffer.Start);
        return isZLib;
    }
}
