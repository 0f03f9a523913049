using BenchmarkDotNet.Running;
using RnnService.Benchmarks;
using RnnService.Benchmarks.Load;

// kernels [options of BenchmarkDotNet]   kernels and layers alone
// load …                                 the service over HTTP
// [--write] [part of a workload's name …] the table against ONNX Runtime, into results/ with --write
if (args is ["kernels", .. string[] options])
{
    BenchmarkSwitcher.FromAssembly(typeof(ProductBenchmarks).Assembly).Run(options);
    return 0;
}

if (args is ["ort-service", string folder]) return await OrtService.RunAsync(folder);
if (args is ["load", .. string[] parts]) return await LoadCommand.RunAsync(parts);

var comparison = new Comparison();
comparison.Run([.. args.Where(arg => arg != "--write")]);
if (args.Contains("--write"))
{
    string folder = AppContext.BaseDirectory;
    while (!File.Exists(Path.Combine(folder, "RnnService.Benchmarks.csproj"))) folder = Path.GetDirectoryName(folder)!;
    comparison.Write(Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "results")).FullName, "onnxruntime.md"));
}

return 0;
