using RnnService.Clients.Tests.Node;

namespace RnnService.Clients.Tests.Npm;

public sealed class NpmClientTests(ShippedService service)
{
    [Fact]
    public async Task The_clients_reach_the_service()
    {
        await service.StartAsync();
        NodePackages packages = await NodePackages.OfAsync("Npm");
        Assert.Equal("200", await packages.RunAsync("process.stdout.write(String((await fetch(process.argv[2] + '/models')).status));", service.Url));
    }
}
