[assembly: AssemblyFixture(typeof(ShippedService))]
namespace RnnService.Playground.Tests.Serving;

/// <summary>The service with the models that come with the repository.</summary>
public sealed class ShippedService : PlaygroundService
{
    private readonly ShippedModels _models = new();

    protected override string ModelsPath => _models.Path;

    public override void Dispose()
    {
        base.Dispose();
        _models.Dispose();
    }
}
