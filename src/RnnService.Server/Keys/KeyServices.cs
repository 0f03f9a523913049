using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using RnnService.Server.Options;

namespace RnnService.Server.Keys;

/// <summary>Puts keys into the service, where it has any.</summary>
internal static class KeyServices
{
    /// <exception cref="OptionsException">The file of keys cannot be used.</exception>
    public static IServiceCollection AddKeys(this IServiceCollection services, KeyOptions options, HttpOptions http)
    {
        services.AddSingleton(options);
        if (options.File.Length == 0) return services;
        string path = Path.GetFullPath(options.File);
        try
        {
            KeyFile.Read(path);
        }
        catch (KeyFileException exception)
        {
            throw new OptionsException([$"{ServiceOptions.Section}:{nameof(ServiceOptions.Keys)}:{nameof(KeyOptions.File)}: {exception.Message}"]);
        }

        services.AddSingleton(provider => new KeyStore(path, provider.GetRequiredService<IMeterFactory>(),
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<KeyStore>>()));
        services.AddHostedService(provider => provider.GetRequiredService<KeyStore>());
        services.AddAuthentication(KeyAuthentication.Bearer)
            .AddScheme<AuthenticationSchemeOptions, KeyAuthentication>(KeyAuthentication.Bearer, configureOptions: null);
        // Whatever does not say that it is open needs a key, paths that no route takes among it; not so the port for probes, which clients do not reach.
        services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder(KeyAuthentication.Bearer)
            .RequireAssertion(context => context.Resource is HttpContext request && (IsProbe(request, http.ProbePort)
                || (ServiceKey.Of(request) is not null && KeyAccess.Refusal(request) is null))).Build());
        return services.AddRateLimiter(KeyLimits.Configure);
    }

    /// <summary>Lets in who has a key, up to its limits.</summary>
    public static void UseKeys(this IApplicationBuilder app, KeyOptions options)
    {
        if (options.File.Length > 0) app.UseAuthentication().UseAuthorization().UseRateLimiter();
    }

    private static bool IsProbe(HttpContext context, int port) => port > 0 && context.Connection.LocalPort == port;
}
