using Microsoft.AspNetCore.Cors.Infrastructure;
using RnnService.Server.Options;

namespace RnnService.Server.Requests;

/// <summary>Lets pages of other origins call the service, where the operator names them, with the headers that clients in browsers send.</summary>
internal sealed class Cors : ICorsPolicyProvider
{
    private const string Anyone = "*";

    /// <summary>How long a browser need not ask again whether it may.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(10);

    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Post, HttpMethods.Options];

    private static readonly string[] Exposed = [RequestMiddleware.RequestIdHeader, TextWarnings.Header, "Retry-After"];

    /// <summary>Headers that a page may send, by their names and by how they begin.</summary>
    private static readonly string[] Names = ["content-type", "authorization"], Beginnings = ["x-stainless-", "x-request-"];

    private readonly string[] _origins;
    private readonly CorsPolicy _policy;

    private Cors(string[] origins)
    {
        _origins = origins;
        _policy = Policy([]);
    }

    /// <summary>Reads the option: origins separated by commas, or <c>*</c>.</summary>
    /// <returns>Null where no origin is let in.</returns>
    /// <exception cref="OptionsException">It holds something else.</exception>
    public static Cors? Of(string option)
    {
        string[] all = option.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string[] wrong = [.. all.Where(origin => origin != Anyone && !IsOrigin(origin))];
        if (wrong.Length > 0)
        {
            throw new OptionsException([.. wrong.Select(origin =>
                $"{HttpOptions.PathOf(nameof(HttpOptions.CorsOrigins))} holds \"{origin}\"; expected origins such as http://localhost:5173, separated by commas, or *")]);
        }

        return all.Length == 0 ? null : new Cors([.. all.Select(origin => origin.TrimEnd('/'))]);
    }

    public Task<CorsPolicy?> GetPolicyAsync(HttpContext context, string? policyName)
    {
        string asked = context.Request.Headers.AccessControlRequestHeaders.ToString();
        return Task.FromResult<CorsPolicy?>(asked.Length == 0 ? _policy : Policy(
            [.. asked.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(MaySend)]));
    }

    /// <summary>The policy has no word for a header's beginning: it names those of the headers asked for that may be sent.</summary>
    private CorsPolicy Policy(string[] headers)
    {
        CorsPolicyBuilder policy = new CorsPolicyBuilder().WithMethods(Methods).WithHeaders(headers).WithExposedHeaders(Exposed).SetPreflightMaxAge(Remembered);
        return (_origins.Contains(Anyone) ? policy.AllowAnyOrigin() : policy.WithOrigins(_origins)).Build();
    }

    private static bool MaySend(string header) => Names.Contains(header, StringComparer.OrdinalIgnoreCase)
        || Beginnings.Any(beginning => header.StartsWith(beginning, StringComparison.OrdinalIgnoreCase));

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? uri)
        && uri is { Scheme: "http" or "https", PathAndQuery: "/", UserInfo: "", Fragment: "" };
}
