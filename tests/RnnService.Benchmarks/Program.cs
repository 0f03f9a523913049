using BenchmarkDotNet.Running;
using RnnService.Benchmarks;

// kernels [options of BenchmarkDotNet]   kernels and layers alone
// [--write] [part of a workload's name …] the table against ONNX Runtime, into results/ with --write
if (args is ["kernels", .. string[] options])
{
    BenchmarkSwitcher.FromAssembly(typeof(ProductBenchmarks).Assembly).Run(options);
    return;
}

var comparison = new Comparison();
comparison.Run([.. args.Where(arg => arg != "--write")]);
if (args.Contains("--write"))
{
    string folder = AppContext.BaseDirectory;
    while (!File.Exists(Path.Combine(folder, "RnnService.Benchmarks.csproj"))) folder = Path.GetDirectoryName(folder)!;
    comparison.Write(Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "results")).FullName, "onnxruntime.md"));
}
