using BenchmarkDotNet.Running;
using RnnService.Benchmarks;
using RnnService.Benchmarks.Anomalies;
using RnnService.Benchmarks.Load;
using RnnService.Benchmarks.Trials;

// all [--write]                  both of the following
// [--write] [PART…]              the engine's tables: the workloads whose name holds a part and the costs, or all; --write: into results/
// load [--write] [PART…]         the service under load over HTTP, into results/ with --write
// trials [--label before|after]  attacks on the service, into results/trials-LABEL.json with --label; docs/reliability.md has the options
// audio                          live streams of sound: features alone, and with a network
// music MODEL TRAIN VALID        bits a character beside n-grams, and how many tunes parse and add up
// ngrams MODEL RECIPE DATA ORDER…  a language model beside n-grams, 5 or words5, on the validation part of its recipe
// poems MODEL RECIPE DATA        how many poems keep the form of their tune
// numenta FOLDER OUTPUT [SETTING…]  streams of the Numenta Anomaly Benchmark, its score and forecasts; the trained model goes into OUTPUT
// ort-service FOLDER             the peer of /classify, which load starts
// kernels [BenchmarkDotNet's …]  kernels and layers alone
switch (args)
{
    case ["kernels", .. string[] options]:
        BenchmarkSwitcher.FromAssembly(typeof(ProductBenchmarks).Assembly).Run(options);
        return 0;
    case ["audio"]:
        return AudioCommand.Run();
    case ["music", string folder, string train, string valid]:
        return MusicCommand.Run(folder, train, valid);
    case ["ngrams", string folder, string recipe, string data, .. string[] orders]:
        return NgramCommand.Run(folder, recipe, data, orders);
    case ["poems", string folder, string recipe, string data]:
        return PoemsCommand.Run(folder, recipe, data);
    case ["numenta", string folder, string output, .. string[] settings]:
        return NumentaCommand.Run(folder, output, settings);
    case ["ort-service", string folder]:
        return await OrtService.RunAsync(folder);
    case ["load", .. string[] parts]:
        return await LoadAsync(parts);
    case ["trials", .. string[] options]:
        return await TrialsCommand.RunAsync(options);
    case ["all", .. string[] how]:
        return Math.Max(EngineCommand.Run(how), await LoadAsync(how));
    default:
        return EngineCommand.Run(args);
}

static Task<int> LoadAsync(string[] args)
{
    string results = Path.Combine(ServiceProcess.Repository, "tests/RnnService.Benchmarks/results/load.md");
    return LoadCommand.RunAsync([.. args.Where(arg => arg != "--write")], args.Contains("--write") ? results : null);
}
