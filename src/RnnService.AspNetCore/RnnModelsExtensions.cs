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
    /// <summary>
    /// Loads the model folders of a folder when the host starts, and gives <see cref="ITextClassifier"/>, <see cref="ITextTagger"/>,
    /// <see cref="ITextGenerator"/> and <see cref="ITextTranslator"/> to whoever injects them: the default model, or with <c>[FromKeyedServices("name")]</c> the one of that
    /// name. Texts of all callers are computed together, in batches.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configure">Sets options; without it the folder <c>models</c> at the content root is read.</param>
    /// <returns>The same services.</returns>
    /// <exception cref="OptionsValidationException">When the host starts: an option is out of its bounds.</exception>
    /// <exception cref="DirectoryNotFoundException">When the host starts: there is no such folder.</exception>
    /// <example>
    /// <code>
    /// builder.Services.AddRnnModels(options => options.Path = "models");
    /// builder.Services.AddHealthChecks().AddRnnModels();
    /// …
    /// app.MapPost("/mood", (ITextClassifier classifier, [FromBody] string text, CancellationToken cancel) => classifier.ClassifyAsync(text, cancel));
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
            .AddSingleton<ModelRegistry>().AddSingleton<ComputeLoop>().AddSingleton<ModelCalls>()
            .AddSingleton<ServedModelFactory>().AddSingleton<FolderLoader>().AddSingleton<ModelChanges>().AddSingleton<LoadedMemory>()
            .AddHostedService(provider => provider.GetRequiredService<ComputeLoop>())
            .AddHostedService<ModelLoading>().AddHostedService<ModelWatch>();

        services.TryAddSingleton<ITextClassifier>(provider => new TextClassifier(ModelName.Default, provider.GetRequiredService<ModelCalls>()));
        services.TryAddSingleton<ITextTagger>(provider => new TextTagger(ModelName.Default, provider.GetRequiredService<ModelCalls>()));
        services.TryAddSingleton<ITextGenerator>(provider => new TextGenerator(ModelName.Default, provider.GetRequiredService<ModelCalls>()));
        services.TryAddSingleton<ITextTranslator>(provider => new TextTranslator(ModelName.Default, provider.GetRequiredService<ModelCalls>()));
        services.TryAddKeyedSingleton<ITextTranslator>(KeyedService.AnyKey, (provider, key) => new TextTranslator(NameOf(provider, key), provider.GetRequiredService<ModelCalls>()));
        services.TryAddKeyedSingleton<ITextClassifier>(KeyedService.AnyKey, (provider, key) => new TextClassifier(NameOf(provider, key), provider.GetRequiredService<ModelCalls>()));
        services.TryAddKeyedSingleton<ITextTagger>(KeyedService.AnyKey, (provider, key) => new TextTagger(NameOf(provider, key), provider.GetRequiredService<ModelCalls>()));
        services.TryAddKeyedSingleton<ITextGenerator>(KeyedService.AnyKey, (provider, key) => new TextGenerator(NameOf(provider, key), provider.GetRequiredService<ModelCalls>()));
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

    /// <exception cref="Errors.ModelNotFoundException">There is no folder of that name: told where it is injected, not at the first call.</exception>
    private static ModelName NameOf(IServiceProvider provider, object? key) => key is string name
        ? new ModelName(provider.GetRequiredService<ModelRegistry>().Entry(name).Name)
        : throw new ArgumentException($"the key of a model is {key ?? "null"}; expected its name");
}

/// <summary>Which model an injected service asks for.</summary>
/// <param name="Value">Its name; null for the default of the task.</param>
internal sealed record ModelName(string? Value)
{
    public static ModelName Default { get; } = new((string?)null);
}
