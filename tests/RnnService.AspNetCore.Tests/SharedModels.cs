using RnnService.AspNetCore.Tests;

[assembly: AssemblyFixture(typeof(SharedModels))]
namespace RnnService.AspNetCore.Tests;

/// <summary>The tiny models, written once.</summary>
public sealed class SharedModels : IDisposable
{
    public TinyModels Models { get; } = new();

    public void Dispose() => Models.Dispose();
}
