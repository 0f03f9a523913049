using System.Text;
using Microsoft.ML.OnnxRuntime;

namespace RnnService.Benchmarks.Load;

/// <summary>What was found, as Markdown: shown as it comes, and kept for the file.</summary>
internal sealed class Report
{
    private readonly StringBuilder _text = new();

    public void Add(FormattableString text) => Add(FormattableString.Invariant(text));

    public void Add(string text)
    {
        Console.WriteLine(text);
        _text.AppendLine(text);
    }

    public static string Met(bool met) => met ? "met" : "not met";

    /// <summary>Writes what was found with what it was measured on.</summary>
    public void Write(string path) => File.WriteAllText(path, $"""
        # Under load

        {Machine.Processor}; .NET {Environment.Version}, ONNX Runtime {OrtEnv.Instance().GetVersionString()}; {DateTime.UtcNow:yyyy-MM-dd}.
        Written by `dotnet run -c Release --project tests/RnnService.Benchmarks -- load --write`.

        The service, its peers and the load generator are processes of one machine and share its processors.
        {_text}
        """);
}
