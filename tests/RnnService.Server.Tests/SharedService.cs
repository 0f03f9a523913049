using RnnService.Server.Tests;

[assembly: AssemblyFixture(typeof(SharedService))]
namespace RnnService.Server.Tests;

/// <summary>The tiny models, and a service with the usual options for the tests that need no other.</summary>
public sealed class SharedService : IAsyncLifetime
{
    public TinyModels Models { get; } = new();

    internal TestService Service { get; private set; } = null!;

    internal HttpClient Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Service = await TestService.StartAsync(Models);
        Client = Service.Client();
    }

    public async ValueTask DisposeAsync()
    {
        await Service.DisposeAsync();
        Models.Dispose();
    }
}
