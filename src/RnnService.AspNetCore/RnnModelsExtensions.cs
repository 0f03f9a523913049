using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using RnnService.AspNetCore.Diagnostics;
using RnnService.AspNetCore.Models;
using RnnService.AspNetCore.Options;
using RnnService.AspNetCore.Scheduling;
using RnnService.Engine.Models;
using RnnService.Onnx.Runtime;

namespace RnnService.AspNetCore;

/// <summary>Puts models into a host.</summary>
public static class RnnModelsExtensions
{
    /// <summary>Loads the model folders of a folder when the host starts, and computes with them in batches over all callers.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configure">Sets options; without it the folder <c>models</c> at the content root is read.</param>
    /// <returns>The same services.</returns>
    /// <exception cref="OptionsValidationException">When the host starts: an option is out of its bounds.</exception>
    /// <exception cref="DirectoryNotFoundException">When the host starts: there is no such folder.</exception>
    /// <example>
    /// <code>
    /// builder.Services.AddRnnModels(options => options.Path = "models");
    /// builder.Services.AddHealthChecks().AddRnnModels();
    /// </code>
    /// </example>
    public static IServiceCollection AddRnnModels(this IServiceCollection services, Action<RnnModelsOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (configure is not null) services.Configure(configure);
        if (services.Any(one => one.ServiceType == typeof(ModelRegistry))) return services;

        services.AddOptions<RnnModelsOptions>().ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RnnModelsOptions>, OptionRanges>());
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(provider => provider.GetRequiredService<IOptions<RnnModelsOptions>>().Value);
        services.TryAddSingleton(provider => ModelsFolder.Open(Path.GetFullPath(
            provider.GetRequiredService<RnnModelsOptions>().Path, provider.GetRequiredService<IHostEnvironment>().ContentRootPath)));
        services.TryAddSingleton(provider => new DefaultModels(provider.GetRequiredService<RnnModelsOptions>().Defaults, _ => false));
        services.TryAddSingleton<ModelReader>(provider =>
        {
            TimeSpan limit = TimeSpan.FromSeconds(provider.GetRequiredService<RnnModelsOptions>().Batching.OnnxRunSeconds);
            return (path, cancel) => ModelFolder.Load(path, OnnxRuntimeNetwork.Reader(limit), cancel);
        });
        services.AddSingleton<Readiness>().AddSingleton<SchedulingMetrics>().AddSingleton<ModelMetrics>().AddSingleton<FaultLog>()
            .AddSingleton<ModelRegistry>().AddSingleton<ComputeLoop>()
            .AddHostedService(provider => provider.GetRequiredService<ComputeLoop>())
            .AddHostedService<ModelLoading>();
        return services;
    }

    /// <summary>As <see cref="AddRnnModels(IServiceCollection, Action{RnnModelsOptions}?)"/>, with options read from a section.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configuration">The section, such as <c>builder.Configuration.GetSection("Rnn")</c>.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddRnnModels(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptions<RnnModelsOptions>().Bind(configuration);
        return services.AddRnnModels();
    }

    /// <summary>
    /// Adds a check that is healthy once at least one model is loaded and no default is being loaded, until the host stops, and as long as
    /// computing goes on.
    /// </summary>
    /// <param name="checks">The host's checks.</param>
    /// <param name="name">Name of the check.</param>
    /// <param name="tags">Its tags, such as <c>ready</c>.</param>
    /// <returns>The same checks.</returns>
    public static IHealthChecksBuilder AddRnnModels(this IHealthChecksBuilder checks, string name = "rnn_models", params IEnumerable<string> tags)
    {
        ArgumentNullException.ThrowIfNull(checks);
        return checks.AddCheck<ModelsHealthCheck>(name, HealthStatus.Unhealthy, tags);
    }
}
