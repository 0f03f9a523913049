using BenchmarkDotNet.Running;
using RnnService.Benchmarks;
using RnnService.Benchmarks.Load;

// [--write] [PART…]              the engine's tables: the workloads whose name holds a part and the costs, or all; --write: into results/
// load …                         the service under load over HTTP
// kernels [BenchmarkDotNet's …]  kernels and layers alone
switch (args)
{
    case ["kernels", .. string[] options]:
        BenchmarkSwitcher.FromAssembly(typeof(ProductBenchmarks).Assembly).Run(options);
        return 0;
    case ["ort-service", string folder]:
        return await OrtService.RunAsync(folder);
    case ["load", .. string[] parts]:
        return await LoadCommand.RunAsync(parts);
    default:
        return EngineCommand.Run(args);
}
