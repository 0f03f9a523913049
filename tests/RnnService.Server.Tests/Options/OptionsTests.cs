using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.Extensions.Configuration;
using RnnService.AspNetCore.Options;
using RnnService.Server.Hosting;
using RnnService.Server.Options;

namespace RnnService.Server.Tests.Options;

public sealed class OptionsTests
{
    [Fact]
    public void What_is_not_set_has_its_default()
    {
        Assert.Equal(new ServiceOptions(), Read());
        Assert.Equal(7, Read(("Rnn:Limits:MaxNewTokens", "7")).Limits.MaxNewTokens);
        Assert.Equal("pos", Read(("rnn:defaults:tag", "pos")).Defaults.Tag);
    }

    [Theory]
    [InlineData("Rnn:Limits:MaxNewTokens", "0", "Rnn:Limits:MaxNewTokens is \"0\"; expected a whole number from 1 to 100000000")]
    [InlineData("Rnn:Limits:MaxNewTokens", "many", "Rnn:Limits:MaxNewTokens is \"many\"; expected a whole number from 1 to 100000000")]
    [InlineData("Rnn:Limits:MaxNewTokens", "1.5", "Rnn:Limits:MaxNewTokens is \"1.5\"; expected a whole number from 1 to 100000000")]
    [InlineData("Rnn:Limits:MaxNewToken", "1", "Rnn:Limits:MaxNewToken is not an option; did you mean Rnn:Limits:MaxNewTokens?")]
    [InlineData("Rnn:MaxNewTokens", "1", "Rnn:MaxNewTokens is not an option; did you mean Rnn:Limits:MaxNewTokens?")]
    [InlineData("Rnn:Colour", "red", "Rnn:Colour is not an option")]
    public void A_wrong_value_is_told_in_a_sentence(string key, string value, string sentence)
    {
        Assert.Equal([sentence], Assert.Throws<OptionsException>(() => Read((key, value))).Faults);
    }

    [Fact]
    public void All_wrong_values_are_told_together()
    {
        Assert.Equal(2, Assert.Throws<OptionsException>(() =>
            Read(("Rnn:Limits:MaxBodyBytes", "-1"), ("Rnn:Http:DrainSeconds", ""))).Faults.Count);
    }

    [Fact]
    public async Task An_address_that_is_taken_is_told_in_a_sentence_alone()
    {
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        string url = $"http://127.0.0.1:{((System.Net.IPEndPoint)taken.LocalEndpoint).Port}";
        (int code, string output) = await RunAsync([], ("ASPNETCORE_URLS", url), ("Rnn__Log__Format", "text"));
        Assert.Equal((1, $"Failed to bind to address {url}: address already in use; expected a free address that this user may listen "
            + "at: set ASPNETCORE_URLS, as in http://localhost:8081"), (code, output.Trim()));
    }

    [Fact]
    public async Task A_wrong_value_stops_the_start_with_the_sentence_alone()
    {
        (int code, string output) = await RunAsync([], ("Rnn__Limits__MaxNewTokens", "none"));
        Assert.Equal((2, "Rnn:Limits:MaxNewTokens is \"none\"; expected a whole number from 1 to 100000000"), (code, output.Trim()));
        (code, output) = await RunAsync([], ("Rnn__ModelsPath", "/no/such/folder"));
        Assert.Equal((2, "Rnn:ModelsPath is \"/no/such/folder\"; expected a folder that exists"), (code, output.Trim()));
    }

    [Fact]
    public async Task The_health_probe_fails_where_nothing_listens()
    {
        (int code, _) = await RunAsync(["--health"], ("ASPNETCORE_URLS", "http://127.0.0.1:1"));
        Assert.Equal(1, code);
    }

    [Theory]
    [InlineData("urls", "http://+:5000", 0, "http://localhost:5000")]
    [InlineData("urls", "https://*:1;http://0.0.0.0:5001", 0, "http://localhost:5001")]
    [InlineData("urls", "http://127.0.0.1:5002", 0, "http://127.0.0.1:5002")]
    [InlineData("urls", "https://[::]:5003", 0, "https://localhost:5003")]
    [InlineData("urls", "https://127.0.0.1:5004", 81, "http://127.0.0.1:81")]
    [InlineData("urls", "http://unix:/run/rnn.sock", 0, "http://unix:/run/rnn.sock")]
    [InlineData("http_ports", "5005", 0, "http://localhost:5005")]
    [InlineData("https_ports", "5006", 0, "https://localhost:5006")]
    [InlineData("http_ports", "5007", 81, "http://localhost:81")]
    [InlineData("Kestrel:Endpoints:A:Url", "https://*:5008", 0, "https://localhost:5008")]
    [InlineData("other", "", 0, "http://localhost:8080")]
    public void The_health_probe_knows_where_the_service_listens(string key, string value, int probePort, string url) =>
        Assert.Equal(url, Listeners.Read(Configuration((key, value)), probePort).Health.ToString());

    [Fact]
    public void The_models_folder_is_the_nearest_above()
    {
        DirectoryInfo root = Directory.CreateTempSubdirectory("rnn-find-");
        try
        {
            string models = Directory.CreateDirectory(Path.Combine(root.FullName, "models")).FullName;
            string deep = Directory.CreateDirectory(Path.Combine(root.FullName, "a", "b", "c")).FullName;
            Assert.Equal(models, ModelsPath.Find("", deep).Path);
            Assert.Equal(deep, ModelsPath.Find(deep, root.FullName).Path);
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    [Fact]
    public void The_table_of_options_says_what_the_records_say() => Repository.CompareSection("docs/operations.md", "options", Table());

    private static string Table()
    {
        Type[] roots = [typeof(ServiceOptions), typeof(RnnModelsOptions)];
        Dictionary<string, string> summaries = roots
            .SelectMany(root => XDocument.Load(Path.ChangeExtension(root.Assembly.Location, ".xml")).Descendants("member")).Where(member => member.Element("summary") is not null)
            .ToDictionary(member => member.Attribute("name")!.Value, member =>
                Regex.Replace(member.Element("summary")!.Value.Trim(), @"\s+", " "));
        var table = new StringBuilder("""
            | environment variable | default | from – to | meaning |
            |---|---|---|---|

            """);
        foreach (OptionField field in OptionsReader.Fields)
        {
            string summary = summaries[$"P:{field.Property.DeclaringType!.FullName}.{field.Property.Name}"];
            string bounds = field.Bounds is null ? "" : FormattableString.Invariant($"{field.Bounds.Minimum} – {field.Bounds.Maximum}");
            string value = field.Default is "" ? "" : string.Create(CultureInfo.InvariantCulture, $"`{field.Default}`");
            table.Append(CultureInfo.InvariantCulture, $"| `{field.EnvironmentVariable}` | {value} | {bounds} | {summary} |\n");
        }

        return table.ToString();
    }

    private static async Task<(int Code, string Output)> RunAsync(string[] arguments, params (string Key, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(ServiceOptions).Assembly.Location, .. arguments])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        foreach ((string key, string value) in environment) start.Environment[key] = value;
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output + await errors);
    }

    private static ServiceOptions Read(params (string Key, string Value)[] settings) => OptionsReader.Read(Configuration(settings));

    private static IConfiguration Configuration(params (string Key, string Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))).Build();
}
