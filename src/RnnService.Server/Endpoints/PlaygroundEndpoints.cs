using System.Collections.Frozen;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Net.Http.Headers;

namespace RnnService.Server.Endpoints;

/// <summary>Answers the page at <c>/</c> and its parts under <c>/playground</c>: the files of wwwroot, which this assembly holds.</summary>
internal static class PlaygroundEndpoints
{
    /// <summary>Where the parts of the page are.</summary>
    public const string Path = "/playground";

    private const string Page = "index.html", Resources = "wwwroot/";

    public static void Map(IEndpointRouteBuilder routes)
    {
        FrozenDictionary<string, PageFile> files = Read().ToFrozenDictionary();
        routes.MapGet("/", (HttpContext context) => Answer(context, files[Page])).AllowAnonymous().ExcludeFromDescription();
        routes.MapGet(Path + "/{**file}", (HttpContext context, string? file) =>
            file is not (null or Page) && files.TryGetValue(file, out PageFile? found) ? Answer(context, found) : Results.NotFound())
            .AllowAnonymous().ExcludeFromDescription();
    }

    private static IResult Answer(HttpContext context, PageFile file)
    {
        // Kept, but asked for again: the next version of the service comes with other files of the same names.
        context.Response.Headers.CacheControl = "no-cache";
        return Results.Bytes(file.Content, file.ContentType, entityTag: file.Tag);
    }

    private static IEnumerable<KeyValuePair<string, PageFile>> Read()
    {
        var types = new FileExtensionContentTypeProvider();
        var assembly = Assembly.GetExecutingAssembly();
        foreach (string resource in assembly.GetManifestResourceNames())
        {
            // Built on Windows, the folders in it are parted as there.
            string name = resource.Replace('\\', '/');
            if (!name.StartsWith(Resources, StringComparison.Ordinal)) continue;
            using Stream stream = assembly.GetManifestResourceStream(resource)!;
            byte[] content = new byte[stream.Length];
            stream.ReadExactly(content);
            string type = types.TryGetContentType(name, out string? known) ? known : "text/plain"; // a licence
            yield return KeyValuePair.Create(name[Resources.Length..], new PageFile(content,
                type.StartsWith("text/", StringComparison.Ordinal) ? type + "; charset=utf-8" : type,
                new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(content))[..32]}\"", isWeak: true)));
        }
    }

    private sealed record PageFile(byte[] Content, string ContentType, EntityTagHeaderValue Tag);
}
