using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.RateLimiting;
using RnnService.Server.Requests;

namespace RnnService.Server.Keys;

/// <summary>How many requests a key may make a minute and at the same time, as its entry says.</summary>
internal static class KeyLimits
{
    public static void Configure(RateLimiterOptions options)
    {
        // Requests in flight first: one that is refused for them does not count among those of the minute.
        options.GlobalLimiter = PartitionedRateLimiter.CreateChained(
            Limiter(key => key.ConcurrentRequests, (partition, most) => RateLimitPartition.GetConcurrencyLimiter(
                partition, _ => new ConcurrencyLimiterOptions { PermitLimit = most })),
            Limiter(key => key.RequestsPerMinute, (partition, most) => RateLimitPartition.GetTokenBucketLimiter(
                partition, _ => new TokenBucketRateLimiterOptions
                {
                    TokenLimit = most,
                    TokensPerPeriod = 1,
                    ReplenishmentPeriod = TimeSpan.FromMinutes(1) / most,
                })));
        options.OnRejected = (rejected, _) => throw Problem(ServiceKey.Of(rejected.HttpContext)!, rejected.Lease);
    }

    /// <summary>A limiter of which each key has a part of its own, and a new one when its limit changes.</summary>
    private static PartitionedRateLimiter<HttpContext> Limiter(
        Func<ServiceKey, int?> most, Func<(string Name, int Most), int, RateLimitPartition<(string Name, int Most)>> limit) =>
        PartitionedRateLimiter.Create<HttpContext, (string Name, int Most)>(context =>
            ServiceKey.Of(context) is { } key && most(key) is { } value && context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is null
                ? limit((key.Name, value), value) : RateLimitPartition.GetNoLimiter(("", 0)));

    private static RequestProblem Problem(ServiceKey key, RateLimitLease lease) =>
        lease.TryGetMetadata(MetadataName.RetryAfter, out TimeSpan wait)
            ? new RequestProblem(ProblemKind.Overloaded, $"this key may make {key.RequestsPerMinute} requests a minute")
            {
                RetryAfterSeconds = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)),
            }
            : new RequestProblem(ProblemKind.Overloaded, $"this key may have {key.ConcurrentRequests} requests answered at the same time");
}
