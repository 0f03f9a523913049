using System.Net.Sockets;
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
catch (Exception exception) when (exception is IOException or SocketException or FormatException)
{
    // The address is taken, mostly, or none: the message says which.
    Console.Error.WriteLine($"{exception.Message.TrimEnd('.')}; expected a free address: set ASPNETCORE_URLS, as in http://localhost:8081");
    return 1;
}
