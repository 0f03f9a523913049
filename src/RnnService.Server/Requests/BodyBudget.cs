using System.Diagnostics.Metrics;
using System.Numerics;
using System.Threading.RateLimiting;
using RnnService.AspNetCore.Diagnostics;
using RnnService.Server.Options;

namespace RnnService.Server.Requests;

/// <summary>
/// The bytes that request bodies and large answers may take at once, all together and those of one client. A body is paid for before it is
/// kept, until its request is answered, as its texts are kept as long; an answer before it is computed, as its client may be slow to take
/// it. Thread-safe.
/// </summary>
internal sealed class BodyBudget : IDisposable
{
    /// <summary>Bytes of a body that cost nothing, so that small requests are read whatever large ones do.</summary>
    public const int Free = 16_384;

    private readonly int _most, _share;
    private readonly ConcurrencyLimiter _altogether;
    private readonly PartitionedRateLimiter<string> _byClient;

    public BodyBudget(LimitOptions limits, IMeterFactory meters)
    {
        meters.Create(RnnTelemetry.MeterName).CreateObservableGauge(
            "rnn.request.body.held", () => Held, "By", "Bytes of request bodies that are read or wait for their answer.");
        // One body that is as large as allowed always fits.
        _most = Math.Max(limits.MaxBodyBytesAltogether, limits.MaxBodyBytes);
        _share = Math.Max(_most / 2, limits.MaxBodyBytes);
        var share = new ConcurrencyLimiterOptions { PermitLimit = _share };
        _altogether = new ConcurrencyLimiter(new ConcurrencyLimiterOptions { PermitLimit = _most });
        _byClient = PartitionedRateLimiter.Create<string, string>(
            client => RateLimitPartition.GetConcurrencyLimiter(client, _ => share));
    }

    /// <summary>Bytes that are held now.</summary>
    public long Held => _most - _altogether.GetStatistics()!.CurrentAvailablePermits;

    /// <summary>What one request takes of the budget; given back when the request has been answered.</summary>
    public Lease LeaseOf(HttpContext context)
    {
        if (context.Features.Get<Lease>() is { } open) return open;
        var lease = new Lease(this, RequestFacts.Of(context).Client);
        context.Response.RegisterForDispose(lease);
        context.Features.Set(lease);
        return lease;
    }

    public void Dispose()
    {
        _altogether.Dispose();
        _byClient.Dispose();
    }

    /// <summary>Bytes that one request holds.</summary>
    internal sealed class Lease(BodyBudget budget, string client) : IDisposable
    {
        private readonly List<RateLimitLease> _parts = [];
        private int _bytes = Free;

        /// <summary>Holds at least this many bytes from now on.</summary>
        /// <exception cref="RequestProblem">The budget has no room for them.</exception>
        public void Hold(int bytes)
        {
            if (bytes <= _bytes) return;
            int more = _parts.Count == 0 ? bytes : bytes - _bytes;
            Take(budget._byClient.AttemptAcquire(client, more), "of this client");
            Take(budget._altogether.AttemptAcquire(more), "of all clients");
            _bytes = bytes;
        }

        /// <summary>Holds this many bytes more, but never more than a client may: a request that is alone is answered.</summary>
        /// <exception cref="RequestProblem">The budget has no room for them.</exception>
        public void Add(long bytes)
        {
            if (bytes > Free) Hold((int)Math.Min(bytes + (_parts.Count == 0 ? 0 : _bytes), budget._share));
        }

        /// <summary>Holds what has arrived of a body whose length is not known, in ever larger steps.</summary>
        /// <param name="bytes">Bytes there are.</param>
        /// <param name="most">Bytes there can be.</param>
        /// <exception cref="RequestProblem">The budget has no room for them.</exception>
        public void Grow(int bytes, int most)
        {
            if (bytes > _bytes) Hold((int)Math.Min(most, BitOperations.RoundUpToPowerOf2((uint)bytes)));
        }

        public void Dispose()
        {
            foreach (RateLimitLease part in _parts) part.Dispose();
            _parts.Clear();
        }

        private void Take(RateLimitLease part, string whose)
        {
            _parts.Add(part);
            if (!part.IsAcquired)
                throw new RequestProblem(ProblemKind.Overloaded, $"the request bodies {whose} that are not answered yet are too many bytes together");
        }
    }
}
