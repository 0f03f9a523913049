using RnnService.Server.Hosting;

if (args is ["--health"]) return await HealthProbe.RunAsync(WebApplication.CreateBuilder().Configuration);

try
{
    await using WebApplication app = Service.Build(args);
    await app.RunAsync();
    return 0;
}
catch (OptionsException exception)
{
    foreach (string fault in exception.Faults) Console.Error.WriteLine(fault);
    return 2;
}
catch (IOException exception)
{
    // The address is taken, mostly: the message says which.
    Console.Error.WriteLine(exception.Message);
    return 1;
}
