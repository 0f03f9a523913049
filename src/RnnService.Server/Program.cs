using RnnService.Server;
using RnnService.Server.Hosting;

if (args is ["--health", .. var settings]) return await HealthProbe.RunAsync(() => Service.Builder(settings).Configuration);

WebApplication app;
try
{
    app = Service.Build(args);
    try
    {
        await app.StartAsync();
    }
    catch
    {
        await app.DisposeAsync();
        throw;
    }
}
catch (Exception exception) when (StartFault.Of(exception) is var (code, sentence))
{
    Console.Error.WriteLine(sentence);
    return code;
}

await using (app) await app.WaitForShutdownAsync();
return 0;
