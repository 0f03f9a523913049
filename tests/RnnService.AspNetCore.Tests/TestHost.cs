using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RnnService.AspNetCore.Models;
using RnnService.AspNetCore.Options;

namespace RnnService.AspNetCore.Tests;

/// <summary>A host with nothing but models.</summary>
internal sealed class TestHost(IHost host) : IAsyncDisposable
{
    private bool _started;

    public IServiceProvider Services => host.Services;

    public ITextClassifier Classifier => Services.GetRequiredService<ITextClassifier>();

    public ITextTagger Tagger => Services.GetRequiredService<ITextTagger>();

    public ITextGenerator Generator => Services.GetRequiredService<ITextGenerator>();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A host that is not started.</summary>
    public static TestHost Build(TinyModels models, Action<RnnModelsOptions>? configure = null, Action<IServiceCollection>? services = null)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.ClearProviders();
        builder.Services.AddRnnModels(options =>
        {
            options.Path = models.Path;
            (options.Defaults.Generate, options.Defaults.Tag) = ("shakespeare", "pos");
            options.DrainSeconds = 1;
            configure?.Invoke(options);
        });
        builder.Services.AddHealthChecks().AddRnnModels();
        services?.Invoke(builder.Services);
        return new TestHost(builder.Build());
    }

    /// <summary>A host that has loaded all its models.</summary>
    public static async Task<TestHost> StartAsync(
        TinyModels models, Action<RnnModelsOptions>? configure = null, Action<IServiceCollection>? services = null)
    {
        TestHost host = Build(models, configure, services);
        await host.StartAsync();
        await host.LoadedAsync();
        return host;
    }

    public async Task StartAsync()
    {
        await host.StartAsync(Cancel);
        _started = true;
    }

    public Task StopAsync() => host.StopAsync(Cancel);

    public Task LoadedAsync() => Services.GetRequiredService<ModelRegistry>().WaitForAllAsync(Cancel);

    public async ValueTask DisposeAsync()
    {
        if (_started) await host.StopAsync(CancellationToken.None);
        host.Dispose();
    }
}
