using BenchmarkDotNet.Running;
using RnnService.Benchmarks;
using RnnService.Benchmarks.Load;

// kernels [options of BenchmarkDotNet]   kernels and layers alone
// load [--write] [part …] the service under load, into results/ with --write
// ort-service FOLDER the peer of /classify, which load starts
// [--write] [part of a workload's name …] the table against ONNX Runtime, into results/ with --write
bool write = args.Contains("--write");
switch (args.Where(arg => arg != "--write").ToArray())
{
    case ["kernels", .. string[] options]:
        BenchmarkSwitcher.FromAssembly(typeof(ProductBenchmarks).Assembly).Run(options);
        return 0;
    case ["load", .. string[] parts]:
        return await LoadCommand.RunAsync(parts, write ? ResultFile("load.md") : null);
    case ["ort-service", string folder]:
        return await OrtService.RunAsync(folder);
    case var names:
        var comparison = new Comparison();
        comparison.Run(names);
        if (write) comparison.Write(ResultFile("onnxruntime.md"));
        return 0;
}

static string ResultFile(string name)
{
    string folder = AppContext.BaseDirectory;
    while (!File.Exists(Path.Combine(folder, "RnnService.Benchmarks.csproj"))) folder = Path.GetDirectoryName(folder)!;
    return Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "results")).FullName, name);
}
