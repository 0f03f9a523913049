using RnnService.AspNetCore.Models;
using RnnService.Engine.Generation;
using RnnService.Server.Options;
using RnnService.Server.Requests;

namespace RnnService.Server.Sessions;

/// <summary>Finds where the text of a request goes on. Thread-safe.</summary>
internal sealed class GenerationSessions
{
    private const string Field = "session", ResumeField = $"{Field}.resume", IdField = $"{Field}.id", PositionField = $"{Field}.position";

    private readonly GenerationSessionOptions _options;
    private readonly StateSeal _seal;
    private readonly SessionMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ISessionStore? _store;

    public GenerationSessions(GenerationSessionOptions options, StateSeal seal, SessionMetrics metrics, TimeProvider time, ISessionStore? store = null)
    {
        (_options, _seal, _metrics, _time, _store) = (options, seal, metrics, time, store);
        if (store is MemorySessionStore memory) metrics.Observe(memory);
    }

    /// <summary>Begins a request's part of a session; whoever gets it gives it back.</summary>
    /// <param name="asked">What the request says of it; null for no session.</param>
    /// <param name="owner">Whose request it is.</param>
    /// <param name="served">The model that continues the text.</param>
    /// <exception cref="RequestProblem">The session cannot be gone on with.</exception>
    public async ValueTask<GenerationSession?> BeginAsync(SessionParameters? asked, string owner, ServedLanguageModel served)
    {
        if (asked is null) return null;
        Check(asked);
        return await CountedAsync(async () =>
        {
            bool isKept = asked.Resume is null && (asked.Id is not null || asked.ReturnState != true);
            if (isKept) return await TakeAsync(asked, asked.Id is { } id ? new SessionName(owner, id) : SessionName.New(owner), served);
            SessionState? state = asked.Resume is { } text ? await _seal.OpenAsync(owner, text) : null;
            return Begin(asked, owner, served, state, null);
        });
    }

    /// <summary>Seals or keeps where a text stands after a request.</summary>
    /// <exception cref="RequestProblem">The session cannot be kept.</exception>
    public ValueTask<SessionAnswer?> SaveAsync(GenerationSession session, GenerationStream stream) => CountedAsync<SessionAnswer?>(async () =>
    {
        if (session is { ReturnsState: false, Lease: null }) return null;
        StreamState after = stream.SaveState();
        // Whole seconds, as they are told.
        var expires = DateTimeOffset.FromUnixTimeSeconds(_time.GetUtcNow().ToUnixTimeSeconds() + _options.ExpireSeconds);
        var state = new SessionState(session.Model, after.Position, expires, after.ToBytes());
        string? text = session.ReturnsState ? await _seal.SealAsync(session.Owner, state) : null;
        if (session.Lease is { } lease)
        {
            await _store!.SaveAsync(lease, state);
            session.Lease = null;
        }

        return new SessionAnswer { Id = session.Id, State = text, Position = state.Position, Expires = expires.UtcDateTime };
    });

    /// <summary>Forgets a session, if the service keeps it.</summary>
    /// <exception cref="RequestProblem">The store cannot be reached.</exception>
    public Task DeleteAsync(SessionName name) => _store?.DeleteAsync(name) ?? Task.CompletedTask;

    /// <summary>Gives back what a request took and did not save: the session stays as it was.</summary>
    public async ValueTask ReleaseAsync(SessionLease lease)
    {
        try
        {
            await _store!.ReleaseAsync(lease);
        }
        catch (RequestProblem)
        {
            // The lease ends by itself.
        }
    }

    private void Check(SessionParameters asked)
    {
        if (asked is { Resume: not null, Id: not null })
            throw RequestProblem.Of(ProblemKind.Validation, Field, "has resume and id; expected one of them");
        if (asked is { Position: not null, Resume: null, Id: null })
            throw RequestProblem.Of(ProblemKind.Validation, PositionField, "stands alone; expected resume or id beside it");
        if (asked.Id is { } id && !SessionName.IsId(id))
            throw RequestProblem.Of(ProblemKind.Validation, IdField, $"is {RequestProblem.Quoted(id)}; expected {SessionName.ExpectedId}");
        if (_store is not null) return;
        if (asked.Id is not null)
            throw RequestProblem.Of(ProblemKind.Validation, IdField, "names a session, and this service keeps none; expected resume and return_state");
        if (asked is { Resume: null } and not { ReturnState: true })
            throw RequestProblem.Of(ProblemKind.Validation, Field, "asks for nothing; expected return_state or resume");
    }

    private async Task<GenerationSession> TakeAsync(SessionParameters asked, SessionName name, ServedLanguageModel served)
    {
        SessionLease lease = await _store!.TakeAsync(name);
        try
        {
            if (lease.State is null && asked.Position > 0)
                throw new RequestProblem(ProblemKind.StateExpired, $"{IdField}: is kept no longer; expected a session of the last {_options.ExpireSeconds} seconds");
            return Begin(asked, name.Owner, served, lease.State, lease);
        }
        catch
        {
            await ReleaseAsync(lease);
            throw;
        }
    }

    private GenerationSession Begin(SessionParameters asked, string owner, ServedLanguageModel served, SessionState? state, SessionLease? lease)
    {
        string field = lease is null ? ResumeField : IdField, model = served.Loaded.Sha256;
        if (state is not null && state.Model != model) throw Mismatch(field, "belongs to another model, or to an earlier one of this name; expected the model that it was begun with");
        if ((asked.Position ?? state?.Position) != (state?.Position ?? asked.Position))
            throw Mismatch(PositionField, $"is {asked.Position}, and the session is at {state!.Position}; expected the same, or none");
        StreamState? stream = state is null ? null : Read(served, state, field);
        if (state is not null) _metrics.Resumed(lease is null ? SessionMetrics.State : SessionMetrics.Store);
        return new GenerationSession(this, owner, model, stream, asked.ReturnState ?? false, lease);
    }

    private static StreamState Read(ServedLanguageModel served, SessionState state, string field)
    {
        try
        {
            return served.Model.ReadState(state.Stream.Span);
        }
        catch (StreamStateException)
        {
            throw Mismatch(field, "was written by another version of this service; expected one of this version");
        }
    }

    private static RequestProblem Mismatch(string field, string message) => RequestProblem.Of(ProblemKind.StateMismatch, field, message);

    private async ValueTask<T> CountedAsync<T>(Func<Task<T>> use)
    {
        try
        {
            return await use();
        }
        catch (RequestProblem problem)
        {
            _metrics.Refused(problem.Kind);
            throw;
        }
    }
}

/// <summary>A request's part of a session.</summary>
/// <param name="sessions">Where it came from.</param>
/// <param name="owner">Whose it is.</param>
/// <param name="model">SHA-256 of its model.</param>
/// <param name="state">Where the text goes on; null for a new one.</param>
/// <param name="returnsState">Whether the answer holds the sealed state.</param>
/// <param name="lease">The session of the store; null for none.</param>
internal sealed class GenerationSession(
    GenerationSessions sessions, string owner, string model, StreamState? state, bool returnsState, SessionLease? lease) : IAsyncDisposable
{
    public string Owner { get; } = owner;

    public string Model { get; } = model;

    public StreamState? State { get; } = state;

    public bool ReturnsState { get; } = returnsState;

    /// <summary>The name under which the service keeps it.</summary>
    public string? Id { get; } = lease?.Name.Id;

    /// <summary>Until it has been saved.</summary>
    public SessionLease? Lease { get; set; } = lease;

    /// <inheritdoc cref="GenerationSessions.SaveAsync"/>
    /// <param name="stream">The text, at its end or where it stopped.</param>
    public ValueTask<SessionAnswer?> SaveAsync(GenerationStream stream) => sessions.SaveAsync(this, stream);

    public ValueTask DisposeAsync() => Lease is { } taken ? sessions.ReleaseAsync(taken) : ValueTask.CompletedTask;
}
