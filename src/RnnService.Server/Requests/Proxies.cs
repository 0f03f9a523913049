using System.Net;
using Microsoft.AspNetCore.HttpOverrides;
using RnnService.Server.Options;

namespace RnnService.Server.Requests;

/// <summary>
/// Takes a request for the one that a proxy was sent: whom it is for, and at which scheme, host and prefix. Only of proxies that are named,
/// as anybody can send these headers.
/// </summary>
internal sealed class Proxies
{
    private readonly ForwardedHeadersOptions? _forwarded;
    private readonly PathString _prefix;

    /// <exception cref="OptionsException">An option holds something else.</exception>
    public Proxies(HttpOptions options)
    {
        var faults = new List<string>();
        _forwarded = Forwarded(options.Proxies, faults);
        string prefix = options.PathBase;
        if (prefix.Length > 0 && (prefix[0] != '/' || prefix[^1] == '/' || !Uri.IsWellFormedUriString(prefix, UriKind.Relative) || prefix.AsSpan().ContainsAny('?', '#')))
            faults.Add($"{HttpOptions.PathOf(nameof(HttpOptions.PathBase))} is \"{prefix}\"; expected a path such as /rnn, without a slash at its end");
        if (faults.Count > 0) throw new OptionsException(faults);
        _prefix = prefix;
    }

    /// <summary>Comes before everything else, which sees the request as the proxy did.</summary>
    public void Use(IApplicationBuilder app)
    {
        if (_forwarded is not null) app.UseForwardedHeaders(_forwarded);
        if (!_prefix.HasValue) return;
        app.UsePathBase(_prefix);
        // Links of the page are relative: at the prefix itself they would lead beside it.
        app.Use(next => context =>
        {
            if (!context.Request.PathBase.HasValue || context.Request.Path.HasValue) return next(context);
            // A prefix of two slashes, which a careless proxy passes on, would be another host's address.
            string prefix = "/" + context.Request.PathBase.ToString().TrimStart('/', '\\');
            context.Response.Redirect($"{prefix}/{context.Request.QueryString}", permanent: false, preserveMethod: true);
            return Task.CompletedTask;
        });
    }

    private static ForwardedHeadersOptions? Forwarded(string option, List<string> faults)
    {
        string[] all = option.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (all.Length == 0) return null;
        var forwarded = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.All, ForwardLimit = null };
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (string one in all)
        {
            if (IPAddress.TryParse(one, out IPAddress? address)) forwarded.KnownProxies.Add(address);
            else if (System.Net.IPNetwork.TryParse(one, out System.Net.IPNetwork network)) forwarded.KnownIPNetworks.Add(network);
            else faults.Add($"{HttpOptions.PathOf(nameof(HttpOptions.Proxies))} holds \"{one}\"; expected addresses and networks such as 192.168.1.4 and 10.0.0.0/8, separated by commas");
        }

        return forwarded;
    }
}
