namespace RnnService.Server.Requests;

/// <summary>
/// A way in which a request is refused or fails. <see cref="All"/> is the one status table: the code answers from it, the OpenAPI
/// document is written from it and the tests go through it row by row.
/// </summary>
/// <param name="Status">HTTP status.</param>
/// <param name="ErrorType">The word that programs look at.</param>
/// <param name="Title">The same for every occurrence.</param>
/// <param name="When">When it is answered, for the OpenAPI document.</param>
/// <param name="RetryAfterSeconds">Value of Retry-After; null where waiting does not help.</param>
internal sealed record ProblemKind(int Status, string ErrorType, string Title, string When, int? RetryAfterSeconds = null)
{
    public static readonly ProblemKind Malformed = new(400, "malformed", "The request cannot be read",
        "Not JSON, a wrong JSON type, or a field that does not exist.");

    public static readonly ProblemKind StateRefused = new(403, "state_refused", "The session state is refused",
        "The session state is no genuine one of this client: made up, changed, cut, or somebody else's.");

    public static readonly ProblemKind Unauthorized = new(401, "unauthorized", "A key is needed",
        "The service has keys, and the request came with none or with one that is not known, has expired or was revoked.");

    public static readonly ProblemKind Forbidden = new(403, "forbidden", "The key does not allow this",
        "The key may not use this model, or the route is for operators.");

    public static readonly ProblemKind ModelNotFound = new(404, "model_not_found", "There is no such model",
        "No model has this name, or none does this task; the answer names those there are.");

    public static readonly ProblemKind RouteNotFound = new(404, "route_not_found", "There is nothing here",
        "No such route.");

    public static readonly ProblemKind MethodNotAllowed = new(405, "method_not_allowed", "The route does not answer this method",
        "The route exists for another method; Allow names it.");

    public static readonly ProblemKind BodyTimeout = new(408, "timeout", "The request body did not arrive in time",
        "The body was not whole within the time for it; the connection is closed.");

    public static readonly ProblemKind StateMismatch = new(409, "state_mismatch", "The session does not fit the request",
        "The session was begun with another model, or with an earlier one of this name, or stands elsewhere than the request says.");

    public static readonly ProblemKind SessionBusy = new(409, "session_busy", "The session is in use",
        "Another request goes on with the session. Retry-After says when to come again.", 1);

    public static readonly ProblemKind StateExpired = new(410, "state_expired", "The session has expired",
        "The session state is too old to be resumed.");

    public static readonly ProblemKind TooLarge = new(413, "too_large", "The request body is too large",
        "The body is over the limit.");

    public static readonly ProblemKind MediaType = new(415, "media_type", "The request body is not JSON",
        "The content type is not application/json in UTF-8.");

    public static readonly ProblemKind ContentEncoding = new(415, "content_encoding", "The encoding of the body is not known",
        "The Content-Encoding is not one that Accept-Encoding names.");

    public static readonly ProblemKind Validation = new(422, "validation", "A value cannot be used",
        "A value is missing, out of bounds or not supported, a text too long or one that the model cannot compute, a list empty, a model of "
        + "another task.");

    public static readonly ProblemKind Overloaded = new(429, "overloaded", "Too many requests",
        "The queue is full, the bodies of waiting requests are too many bytes, or the key may not make as many requests. Retry-After says when to come again.", 1);

    public static readonly ProblemKind WaitedTooLong = new(503, "queue_timeout", "The request waited too long",
        "The request was not begun within the longest wait. Retry-After says when to come again.", 1);

    public static readonly ProblemKind Internal = new(500, "internal", "The service failed",
        "A fault of the service; traceId leads to its log.");

    public static readonly ProblemKind NotReady = new(503, "not_ready", "The service is not ready",
        "The models are being loaded or the service is stopping. Retry-After says when to come again.", 2);

    public static readonly ProblemKind SessionsUnavailable = new(503, "sessions_unavailable", "Sessions cannot be reached",
        "The store of sessions or their keys cannot be reached. Retry-After says when to come again.", 2);

    public static readonly ProblemKind Deadline = new(504, "deadline", "The deadline passed",
        "The time that the request allowed in X-Request-Deadline-Ms was over.");

    public static IReadOnlyList<ProblemKind> All { get; } =
    [
        Malformed, Unauthorized, Forbidden, StateRefused, ModelNotFound, RouteNotFound, MethodNotAllowed, BodyTimeout, StateMismatch, SessionBusy, StateExpired, TooLarge, MediaType,
        ContentEncoding, Validation, Overloaded, WaitedTooLong, Internal, NotReady, SessionsUnavailable, Deadline,
    ];

    /// <summary>What any route may answer where the service has keys, but those that are open.</summary>
    public static IReadOnlyList<ProblemKind> OfKeys { get; } = [Unauthorized, Forbidden];

    /// <summary>What a route that computes may answer.</summary>
    public static IReadOnlyList<ProblemKind> OfInference { get; } =
        [Malformed, ModelNotFound, BodyTimeout, TooLarge, MediaType, ContentEncoding, Validation, Overloaded, WaitedTooLong, Internal, NotReady,
            Deadline];

    /// <summary>What a route that continues texts may answer beside them.</summary>
    public static IReadOnlyList<ProblemKind> OfSessions { get; } = [StateRefused, StateMismatch, SessionBusy, StateExpired, SessionsUnavailable];
}
