using System.Diagnostics;
using NJsonSchema.CodeGeneration.CSharp;
using NSwag;
using NSwag.CodeGeneration.CSharp;
using NSwag.CodeGeneration.OperationNameGenerators;

namespace RnnService.Clients.Tests.Generated.CSharp;

/// <summary>Clients that generators make of the committed documents compile, and reach every route of the service as it is shipped.</summary>
public sealed class GeneratedClientTests(ShippedService service)
{
    [Fact]
    public async Task NSwag()
    {
        OpenApiDocument document = await OpenApiDocument.FromFileAsync(Operations.Older, TestContext.Current.CancellationToken);
        var settings = new CSharpClientGeneratorSettings
        {
            ClassName = "RnnClient",
            UseBaseUrl = false,
            GenerateOptionalParameters = true,
            OperationNameGenerator = new SingleClientFromOperationIdOperationNameGenerator(),
            CSharpGeneratorSettings = { Namespace = "Rnn.NSwag", JsonLibrary = CSharpJsonLibrary.SystemTextJson, GenerateNullableReferenceTypes = true },
        };
        await GeneratedClient.CallAsync([new CSharpClientGenerator(document, settings).GenerateFile()], "NSwagCalls.cs", service);
    }

    [Fact]
    public async Task Kiota()
    {
        string folder = Path.Combine(Repository.Root, "tests", "RnnService.Clients.Tests"), output = Directory.CreateTempSubdirectory("rnn-kiota-").FullName;
        try
        {
            if (await DotnetAsync(folder, "tool", "restore") is { } missing) Assert.Skip($"Kiota could not be installed: {missing}");
            string? failure = await DotnetAsync(
                folder, "tool", "run", "kiota", "--", "generate", "-l", "CSharp", "-d", Operations.Newer, "-c", "RnnClient", "-n", "Rnn.Kiota", "-o", output);
            Assert.Null(failure);
            string[] files = Directory.GetFiles(output, "*.cs", SearchOption.AllDirectories);
            await GeneratedClient.CallAsync(files.Select(File.ReadAllText), "KiotaCalls.cs", service);
        }
        finally
        {
            Directory.Delete(output, recursive: true);
        }
    }

    /// <returns>What it says where it fails.</returns>
    private static async Task<string?> DotnetAsync(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = folder };
        start.Environment["KIOTA_OFFLINE_ENABLED"] = "true";
        using Process process = Process.Start(start)!;
        CancellationToken cancel = TestContext.Current.CancellationToken;
        Task<string> errors = process.StandardError.ReadToEndAsync(cancel);
        string output = await process.StandardOutput.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        return process.ExitCode == 0 ? null : output + await errors;
    }
}
