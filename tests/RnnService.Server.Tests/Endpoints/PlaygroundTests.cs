using System.Net;
using System.Text.RegularExpressions;
using RnnService.Server.Requests;

namespace RnnService.Server.Tests.Endpoints;

/// <summary>The page as it is answered, and what its files may not hold. What it does in a browser is tested in one.</summary>
public sealed class PlaygroundTests(SharedService shared)
{
    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private const string Vendored = "vendor/";

    private static readonly Dictionary<string, string> Types = new()
    {
        [".html"] = "text/html",
        [".css"] = "text/css",
        [".js"] = "text/javascript",
        [".svg"] = "image/svg+xml",
        [".png"] = "image/png",
        [".txt"] = "text/plain",
        [""] = "text/plain",
        [".md"] = "text/markdown",
    };

    private static string Folder { get; } = Path.Combine(Repository.Root, "src", "RnnService.Server", "wwwroot");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Files =>
        [.. Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Folder, file).Replace('\\', '/'))];

    public static TheoryData<string> OwnFiles => [.. Files.Select(row => row.Data).Where(file => !file.StartsWith(Vendored, StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Every_file_is_answered_as_it_stands_in_the_sources(string file)
    {
        string route = file == "index.html" ? "/" : $"/playground/{file}";
        byte[] source = await File.ReadAllBytesAsync(Path.Combine(Folder, file), Cancel);
        using HttpResponseMessage answer = await shared.Client.GetAsync(route, Cancel);
        Assert.Equal(source, await answer.Content.ReadAsByteArrayAsync(Cancel));
        Assert.Equal(Types[Path.GetExtension(file)], answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal(Policy, answer.Headers.GetValues("Content-Security-Policy").Single());
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("no-cache", answer.Headers.CacheControl?.ToString());

        using HttpResponseMessage head = await shared.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, route), Cancel);
        Assert.Equal(source.Length, head.Content.Headers.ContentLength);
        using var again = new HttpRequestMessage(HttpMethod.Get, route) { Headers = { IfNoneMatch = { answer.Headers.ETag! } } };
        using HttpResponseMessage known = await shared.Client.SendAsync(again, Cancel);
        Assert.Equal(HttpStatusCode.NotModified, known.StatusCode);
        Assert.Empty(await known.Content.ReadAsByteArrayAsync(Cancel));

        using var narrow = new HttpRequestMessage(HttpMethod.Get, route) { Headers = { { "Accept-Encoding", "br" } } };
        using HttpResponseMessage small = await shared.Client.SendAsync(narrow, Cancel);
        bool isText = !file.EndsWith(".png", StringComparison.Ordinal);
        Assert.Equal(isText && source.Length >= AnswerCompression.Least ? ["br"] : [], small.Content.Headers.ContentEncoding);
    }

    [Fact]
    public void The_page_is_in_the_assembly_alone()
    {
        Assert.Equal(Files.Select(row => row.Data).Order(StringComparer.Ordinal), typeof(Program).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith("wwwroot/", StringComparison.Ordinal)).Select(name => name["wwwroot/".Length..]).Order(StringComparer.Ordinal));
        Assert.False(Directory.Exists(Path.Combine(Path.GetDirectoryName(typeof(Program).Assembly.Location)!, "wwwroot")));
    }

    /// <summary>
    /// The policy would keep a browser from it: better known before. Vendored files are as others publish them, with addresses of sounds and their own
    /// home in functions that the page does not call; that none of it is loaded is seen in the browser.
    /// </summary>
    [Theory]
    [MemberData(nameof(OwnFiles))]
    public void No_file_has_a_script_or_a_style_in_a_page_or_an_address_outside(string file)
    {
        string text = File.ReadAllText(Path.Combine(Folder, file));
        if (Path.GetExtension(file) is not (".html" or ".css" or ".js" or ".svg")) return;
        string code = Regex.Replace(text, @"/\*.*?\*/|<!--.*?-->|(?m)(?<=^|\s)//.*$", "", RegexOptions.Singleline)
            .Replace("http://www.w3.org/", "", StringComparison.Ordinal);
        Assert.DoesNotMatch(@"https?://\w", code);
        Assert.DoesNotMatch("""(src|href|url|from|import)\s*[=(]?\s*["']?//""", code);
        Assert.DoesNotMatch("""(?i)<[a-z][^<>]*\s(style|on[a-z]+)\s*=""", code);
        Assert.DoesNotMatch(@"\b(eval|new Function)\s*\(", code);
        if (file.EndsWith(".html", StringComparison.Ordinal))
        {
            Assert.DoesNotMatch("(?i)<style", code);
            Assert.All(Regex.Matches(code, "(?i)<script[^>]*>"), tag => Assert.Contains(" src=", tag.Value, StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("/playground")]
    [InlineData("/playground/")]
    [InlineData("/playground/index.html")]
    [InlineData("/playground/nothing.js")]
    [InlineData("/playground/..%2Fappsettings.json")]
    [InlineData("/index.html")]
    public async Task Nothing_else_is_there(string route)
    {
        using HttpResponseMessage answer = await shared.Client.GetAsync(route, Cancel);
        await answer.IsProblemAsync(404, "route_not_found");
    }

    [Fact]
    public async Task Switched_off_the_root_leads_to_Swagger_UI()
    {
        await using TestService service = await TestService.StartAsync(shared.Models, ("Rnn:Routes:Playground", "false"));
        using HttpClient client = service.Client();
        using HttpResponseMessage root = await client.GetAsync("/", Cancel);
        Assert.Equal(HttpStatusCode.Redirect, root.StatusCode);
        Assert.Equal("/swagger", root.Headers.Location?.OriginalString);
        using HttpResponseMessage part = await client.GetAsync("/playground/app.js", Cancel);
        await part.IsProblemAsync(404, "route_not_found");

        await using TestService neither = await TestService.StartAsync(
            shared.Models, ("Rnn:Routes:Playground", "false"), ("Rnn:Routes:Swagger", "false"));
        using HttpClient other = neither.Client();
        using HttpResponseMessage nothing = await other.GetAsync("/", Cancel);
        await nothing.IsProblemAsync(405, "method_not_allowed"); // it continues texts that are posted
    }
}
