namespace RnnService.Server.Endpoints;

/// <summary>An answer that is sent while it grows.</summary>
internal static class GrowingAnswer
{
    /// <summary>Sets its headers, before the first of it is written: a proxy that gathers its parts, or keeps them, would undo the stream.</summary>
    public static void Begin(HttpResponse response, string contentType)
    {
        response.ContentType = contentType;
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no";
    }
}
