using Microsoft.Extensions.Diagnostics.HealthChecks;
using RnnService.AspNetCore.Models;
using RnnService.AspNetCore.Scheduling;

namespace RnnService.AspNetCore;

/// <summary>Healthy while texts can be computed.</summary>
internal sealed class ModelsHealthCheck(ModelRegistry registry, ComputeLoop loop) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        string? fault = loop.IsStuck ? ComputeLoop.StuckSentence : registry.NotReady;
        return Task.FromResult(fault is null
            ? HealthCheckResult.Healthy()
            : new HealthCheckResult(context.Registration.FailureStatus, fault));
    }
}
