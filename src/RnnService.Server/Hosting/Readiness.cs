using RnnService.Server.Pipeline;

namespace RnnService.Server.Hosting;

/// <summary>Whether the service answers requests. Thread-safe.</summary>
internal sealed class Readiness
{
    private volatile string? _notLoaded = "the models are being loaded";
    private volatile bool _draining;

    /// <summary>Loading is over.</summary>
    /// <param name="served">Number of models that can be served.</param>
    public void Loaded(int served) => _notLoaded = served > 0 ? null : "no model can be served; /models says why";

    /// <summary>The service is stopping: no new work.</summary>
    public void Drain() => _draining = true;

    /// <exception cref="RequestProblem">The service is not ready.</exception>
    public void Demand()
    {
        if (_draining) throw new RequestProblem(ProblemKind.NotReady, "the service is stopping");
        if (_notLoaded is { } reason) throw new RequestProblem(ProblemKind.NotReady, reason);
    }
}
