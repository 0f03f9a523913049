using RnnService.Server.Hosting;

namespace RnnService.Server.Tests.Hosting;

/// <summary>Settings that keep the service from starting are told in a sentence that names them.</summary>
public sealed class StartFaultTests(SharedService shared)
{
    [Theory]
    [InlineData("urls", "foo", "ASPNETCORE_URLS holds \"foo\"; expected addresses such as")]
    [InlineData("urls", "http://localhost:8080;ftp://localhost:1", "ASPNETCORE_URLS holds \"ftp://localhost:1\"")]
    [InlineData("urls", "http://localhost:99999", "ASPNETCORE_URLS holds \"http://localhost:99999\"")]
    [InlineData("urls", "http://localhost:-1", "ASPNETCORE_URLS holds")]
    [InlineData("urls", "http://localhost:abc", "ASPNETCORE_URLS holds")]
    [InlineData("urls", "http://localhost:0", "ASPNETCORE_URLS holds")]
    [InlineData("urls", "http://127.0.0.1:8080/path", "ASPNETCORE_URLS holds")]
    [InlineData("urls", "https://127.0.0.1:0", "there is no certificate for it; expected Kestrel__Certificates__Default__Path")]
    [InlineData("http_ports", "80x", "ASPNETCORE_HTTP_PORTS holds \"80x\"; expected ports from 1 to 65535")]
    [InlineData("https_ports", "99999", "ASPNETCORE_HTTPS_PORTS holds \"99999\"")]
    [InlineData("Kestrel:Endpoints:A:Url", "foo", "Kestrel:Endpoints:A:Url is \"foo\"; expected an address")]
    [InlineData("Kestrel:Endpoints:A:Urll", "http://localhost:1", "Kestrel:Endpoints:A:Url is missing")]
    [InlineData("Kestrel:Endpoint:A:Url", "http://localhost:1", "Kestrel:Endpoint is nothing that Kestrel reads; expected Endpoints")]
    [InlineData("Kestrel:EndpointDefaults:Protocols", "Http9", "Kestrel:EndpointDefaults:Protocols is \"Http9\"; expected")]
    [InlineData("Logging:LogLevel:Default", "Loud", "Logging:LogLevel:Default is \"Loud\"; expected Trace, Debug")]
    [InlineData("Logging:Console:LogLevel:Default", "7", "Logging:Console:LogLevel:Default is \"7\"")]
    [InlineData("Logging:Console:FormatterName", "pretty", "Logging:Console:FormatterName is \"pretty\"; expected simple")]
    [InlineData("AllowedHosts", "http://x", "AllowedHosts holds \"http://x\"; expected names of hosts")]
    [InlineData("AllowedHosts", ";", "AllowedHosts is empty")]
    [InlineData("AllowedHosts", "rnn.example.com:80", "AllowedHosts holds")]
    [InlineData("Rnn:Http:ProbePort", "8080", "Rnn:Http:ProbePort is 8080, where the service itself listens")]
    [InlineData("Rnn:Routes:Swagger", "maybe", "Rnn:Routes:Swagger is \"maybe\"; expected true or false")]
    public async Task A_wrong_setting_is_a_sentence(string key, string value, string sentence)
    {
        Exception exception = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await using var app = Service.Build([$"--Rnn:ModelsPath={shared.Models.Path}", "--Logging:LogLevel:Default=None", $"--{key}={value}"]);
            await app.StartAsync(TestContext.Current.CancellationToken);
        });
        (int code, string found)? fault = StartFault.Of(exception);
        Assert.NotNull(fault);
        Assert.Equal(2, fault.Value.code);
        Assert.Contains(sentence, fault.Value.found, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Value.found);
    }

    [Fact]
    public void A_fault_of_the_service_keeps_its_trace() => Assert.Null(StartFault.Of(new KeyNotFoundException()));
}
