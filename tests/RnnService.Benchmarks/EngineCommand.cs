using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using RnnService.Benchmarks.Load;

namespace RnnService.Benchmarks;

/// <summary>The engine's tables: beside ONNX Runtime, and what it costs.</summary>
internal static class EngineCommand
{
    private const string Costs = "costs";

    public static int Run(string[] args)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        bool write = args.Contains("--write");
        string[] parts = [.. args.Where(arg => arg != "--write")];
        if (write && parts.Length > 0)
        {
            Console.Error.WriteLine("--write writes all tables: no part wanted beside it");
            return 2;
        }

        if (parts.FirstOrDefault(part => part != Costs && !Comparison.Knows(part)) is { } unknown)
        {
            Console.Error.WriteLine($"no row of the table holds '{unknown}': {Costs} or a part of a row's name wanted, such as \"LSTM M, T=1\"");
            return 2;
        }

        var report = new Report();
        string onnxRuntime = OrtEnv.Instance().GetVersionString();
        var limits = new Limits();
        report.Say($"""
            # The engine beside ONNX Runtime

            {Machine.Processor}; .NET {Environment.Version}, ONNX Runtime {onnxRuntime}; {DateTime.UtcNow:yyyy-MM-dd}.
            Written by `dotnet run -c Release --project tests/RnnService.Benchmarks -- --write`.
            """);
        new Comparison(report, limits).Run(parts);
        if (parts.Length == 0 || parts.Contains(Costs)) CostTables.Run(report);
        if (write) report.Write(Path.Combine(ServiceProcess.Repository, "tests/RnnService.Benchmarks/results/onnxruntime.md"));
        return 0;
    }
}
