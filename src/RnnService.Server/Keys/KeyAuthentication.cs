using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using RnnService.Engine.Text;
using RnnService.Server.Requests;

namespace RnnService.Server.Keys;

/// <summary>
/// Finds out whose request it is: by <c>Authorization: Bearer</c>, <c>X-Api-Key</c> for clients whose Authorization a proxy needs, or a subprotocol of a
/// WebSocket. What is refused ends as a row of the status table.
/// </summary>
internal sealed class KeyAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, KeyStore keys, TimeProvider time)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string Bearer = "Bearer", Header = "X-Api-Key";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(Authenticate());

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        string? failure = (await HandleAuthenticateOnceSafeAsync()).Failure?.Message;
        Response.Headers.WWWAuthenticate = failure is null ? Bearer : $"{Bearer} error=\"invalid_token\"";
        throw new RequestProblem(ProblemKind.Unauthorized, $"{failure ?? "this service needs a key"}; expected Authorization: {Bearer} and a key of this service");
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        throw new RequestProblem(ProblemKind.Forbidden, KeyAccess.Refusal(Context)!);

    private AuthenticateResult Authenticate()
    {
        if (Sent() is not { } sent) return AuthenticateResult.NoResult();
        if (keys.Now.Find(sent) is not { } key) return AuthenticateResult.Fail("this key is not known");
        if (key.Refusal(time.GetUtcNow()) is { } refusal) return AuthenticateResult.Fail(refusal);
        RequestFacts facts = RequestFacts.Of(Context);
        (facts.Owner, facts.Models) = (key.Name, key.Models);
        Context.Features.Set(key);
        var identity = new ClaimsIdentity(
            [new Claim(ClaimTypes.Name, key.Name), new Claim(ClaimTypes.Role, SnakeCase.Of(key.Role))], Scheme.Name);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme.Name));
    }

    /// <summary>What was sent as a key; null where nothing was.</summary>
    private string? Sent()
    {
        string authorization = Request.Headers.Authorization.ToString();
        if (authorization.StartsWith(Bearer + " ", StringComparison.OrdinalIgnoreCase)) return authorization[(Bearer.Length + 1)..].Trim();
        string own = Request.Headers[Header].ToString();
        return own.Length > 0 ? own : SocketProtocols.KeyOf(Context);
    }
}
