using RnnService.Server.Hosting;

namespace RnnService.Server;

/// <summary>The service as a program of its own, and as what the command <c>rnn serve</c> runs.</summary>
internal static class ServiceProgram
{
    /// <summary>Serves until a signal ends it.</summary>
    /// <param name="args">Settings, as <c>--Rnn:ModelsPath=models</c>; or <c>--health</c>, which asks a service that runs.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
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
    }
}
