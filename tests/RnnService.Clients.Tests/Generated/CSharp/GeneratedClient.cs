using System.Reflection;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace RnnService.Clients.Tests.Generated.CSharp;

/// <summary>Generated code, compiled in memory together with a file of calls.</summary>
internal static class GeneratedClient
{
    /// <summary>Compiles it without an error and calls every operation of the service.</summary>
    /// <param name="generated">The generated files.</param>
    /// <param name="calls">The file beside this one that calls.</param>
    /// <param name="service">The service.</param>
    public static async Task CallAsync(IEnumerable<string> generated, string calls, ShippedService service)
    {
        string own = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "tests", "RnnService.Clients.Tests", "Generated", "CSharp", calls));
        Assembly assembly = Compile(generated.Append(own));
        await service.StartAsync();
        var recorder = new Operations.Recorder();
        using var client = new HttpClient(recorder) { BaseAddress = new Uri(service.Url + "/") };
        await (Task)assembly.GetType($"{typeof(GeneratedClient).Namespace}.Calls")!.GetMethod("RunAsync")!.Invoke(null, [client])!;
        Operations.AreAllCalled(recorder.Calls);
    }

    private static Assembly Compile(IEnumerable<string> sources)
    {
        string[] references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
        var compilation = CSharpCompilation.Create(
            Guid.NewGuid().ToString("N"), sources.Select(source => CSharpSyntaxTree.ParseText(source)), references.Select(file => MetadataReference.CreateFromFile(file)),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        using var compiled = new MemoryStream();
        var result = compilation.Emit(compiled);
        Assert.Empty(result.Diagnostics.Where(found => found.Severity == DiagnosticSeverity.Error).Select(found => found.ToString()).Take(10));
        compiled.Position = 0;
        return AssemblyLoadContext.Default.LoadFromStream(compiled);
    }
}
