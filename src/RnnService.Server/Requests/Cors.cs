using Microsoft.AspNetCore.Cors.Infrastructure;

namespace RnnService.Server.Requests;

/// <summary>Lets pages of other origins call the service, where the operator names them.</summary>
internal static class Cors
{
    private const string Anyone = "*";

    /// <summary>How long a browser need not ask again whether it may.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(10);

    /// <summary>Reads the option: origins separated by commas, or <c>*</c>.</summary>
    /// <returns>The origins as browsers send them; those that are none in <paramref name="wrong"/>.</returns>
    public static string[] Origins(string option, out string[] wrong)
    {
        string[] all = option.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        wrong = [.. all.Where(origin => origin != Anyone && !IsOrigin(origin))];
        return [.. all.Select(origin => origin.TrimEnd('/'))];
    }

    public static void Allow(this CorsPolicyBuilder policy, string[] origins)
    {
        policy.WithMethods("GET", "HEAD", "POST", "OPTIONS").AllowAnyHeader().SetPreflightMaxAge(Remembered)
            .WithExposedHeaders(RequestMiddleware.RequestIdHeader, TextWarnings.Header, "Retry-After");
        if (origins.Contains(Anyone)) policy.AllowAnyOrigin();
        else policy.WithOrigins(origins);
    }

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? uri)
        && uri is { Scheme: "http" or "https", PathAndQuery: "/", UserInfo: "", Fragment: "" };
}
