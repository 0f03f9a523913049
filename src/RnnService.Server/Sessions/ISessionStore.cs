using RnnService.Server.Requests;

namespace RnnService.Server.Sessions;

/// <summary>Keeps sessions between requests. One request has a session at a time, and none overwrites what another has done. Thread-safe.</summary>
internal interface ISessionStore
{
    /// <summary>Takes a session for a request, until <see cref="SaveAsync"/> or <see cref="ReleaseAsync"/>.</summary>
    /// <exception cref="RequestProblem">Another request has it, or the store cannot be reached.</exception>
    Task<SessionLease> TakeAsync(SessionName name);

    /// <summary>Puts the state after a request in the place of the one that it began with, and gives the session back.</summary>
    /// <exception cref="RequestProblem">Another request has gone on with the session meanwhile, or the store cannot be reached.</exception>
    Task SaveAsync(SessionLease lease, SessionState state);

    /// <summary>Gives a session back as it was.</summary>
    Task ReleaseAsync(SessionLease lease);

    /// <summary>Forgets a session.</summary>
    /// <exception cref="RequestProblem">The store cannot be reached.</exception>
    Task DeleteAsync(SessionName name);
}

/// <summary>A session in the hand of one request.</summary>
/// <param name="Name">The session.</param>
/// <param name="Token">Tells this request from others.</param>
/// <param name="State">Where it stands; null for a new one.</param>
internal sealed record SessionLease(SessionName Name, string Token, SessionState? State)
{
    public static string NewToken() => Guid.NewGuid().ToString("N");

    /// <summary>What a request is told that comes while another has the session, or after another has gone on with it.</summary>
    public static RequestProblem Busy() =>
        new(ProblemKind.SessionBusy, "session.id: another request goes on with this session; expected one at a time");
}
