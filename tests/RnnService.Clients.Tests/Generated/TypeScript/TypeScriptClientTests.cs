using System.Text.Json;
using RnnService.Clients.Tests.Node;

namespace RnnService.Clients.Tests.Generated.TypeScript;

/// <summary>
/// Clients that generators of npm make of the committed document compile strictly, and reach every route of the service as it is shipped;
/// linters find no error in either version of it.
/// </summary>
public sealed class TypeScriptClientTests(ShippedService service)
{
    private const string Packages = "Generated/TypeScript";

    private static readonly string Sources = Path.Combine(Repository.Root, "tests", "RnnService.Clients.Tests", "Generated", "TypeScript");

    [Fact]
    public async Task OpenApi_typescript_hey_api_and_orval()
    {
        NodePackages node = await NodePackages.OfAsync(Packages);
        foreach (string file in Directory.GetFiles(Sources, "*.ts").Append(Path.Combine(Sources, "tsconfig.json")))
            File.Copy(file, Path.Combine(node.Path, Path.GetFileName(file)), overwrite: true);
        await Task.WhenAll(
            node.RunToolAsync("openapi-typescript", Operations.Newer, "-o", "openapi-typescript.ts"),
            node.RunToolAsync("openapi-ts", "-i", Operations.Newer, "-o", "hey-api"),
            node.RunToolAsync("orval", "--input", Operations.Newer, "--output", "orval/client.ts", "--client", "axios-functions"));
        await node.RunToolAsync("tsc", "-p", ".");
        await service.StartAsync();
        JsonElement said = await service.PostAsync("/generate", new { inputs = "ROMEO:", parameters = new { max_new_tokens = 2, seed = 7 } });
        foreach (string client in new[] { "openapi-fetch", "hey-api", "orval" })
        {
            string output = await node.RunAsync($"import './built/{client}.js';", service.Url);
            JsonElement seen = JsonDocument.Parse(output.Trim().Split('\n')[^1]).RootElement;
            Assert.Equal(said.GetProperty("generated_text").GetString(), seen.GetProperty("text").GetString());
            Operations.AreAllCalled([.. seen.GetProperty("calls").EnumerateArray().Select(call =>
                new Call(call.GetProperty("method").GetString()!, call.GetProperty("path").GetString()!, call.GetProperty("status").GetInt32()))]);
        }
    }

    [Fact]
    public async Task Redocly_and_spectral()
    {
        NodePackages node = await NodePackages.OfAsync(Packages);
        File.Copy(Path.Combine(Sources, "spectral.yaml"), Path.Combine(node.Path, "spectral.yaml"), overwrite: true);
        await node.RunToolAsync("redocly", "lint", "--extends", "recommended", Operations.Newer, Operations.Older);
        await node.RunToolAsync("spectral", "lint", "--ruleset", "spectral.yaml", "--fail-severity", "error", Operations.Newer, Operations.Older);
    }
}
