using RnnService.Engine;
using RnnService.Engine.Tasks;
using RnnService.Onnx.Runtime;
using RnnService.Server.Batching;
using RnnService.Server.Pipeline;

namespace RnnService.Server.Hosting;

/// <summary>
/// Loads all model folders in parallel once the service has started, so that the probes answer meanwhile. A folder that cannot be
/// loaded is reported and the others are served.
/// </summary>
internal sealed partial class ModelLoading(
    ModelsFolder folder,
    BatchingOptions batching,
    ModelRegistry registry,
    Readiness readiness,
    ComputeLoop loop,
    ServiceMetrics metrics,
    FaultLog faults,
    TimeProvider time,
    ILogger<ModelLoading> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.Run(() => LoadAll(stoppingToken), stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // A start that fails, such as on an address that is taken, ends the loading too; the host would call that a fault of ours.
        }
    }

    private void LoadAll(CancellationToken stopping)
    {
        metrics.Observe(loop, registry);
        List<string> paths = [.. Directory.EnumerateDirectories(folder.Path).Where(path => Path.GetFileName(path)[0] != '.')];
        foreach (string path in paths) registry.Set(new ModelEntry(Path.GetFileName(path), ModelState.Loading));
        var parallel = new ParallelOptions { CancellationToken = stopping, MaxDegreeOfParallelism = Environment.ProcessorCount };
        Parallel.ForEach(paths, parallel, Load);

        int served = registry.Entries.Count(entry => entry.Loaded is not null);
        readiness.Loaded(served);
        LogLoaded(logger, served, paths.Count, folder.Path);
    }

    private void Load(string path)
    {
        string name = Path.GetFileName(path);
        long started = time.GetTimestamp();
        try
        {
            LoadedModel loaded = ModelFolder.Load(path, OnnxRuntimeNetwork.Open);
            Workload workload = WorkloadOf(name, loaded.Model);
            TimeSpan took = time.GetElapsedTime(started);
            IReadOnlyDictionary<string, ModelFile> files = ModelFiles.Read(path);
            loop.Add(workload);
            registry.Set(new ModelEntry(name, ModelState.Ready) { Loaded = loaded, Workload = workload, Files = files, LoadTime = took });
            LogModel(logger, name, ModelCard.TaskName(loaded.Model.Config.Task), loaded.Parameters, took.TotalMilliseconds);
        }
        catch (Exception exception)
        {
            // Callers see what is wrong inside the folder, but not where the folder lies on this machine.
            string reason = exception is ModelFolderException
                ? exception.Message.Replace(path, name, StringComparison.Ordinal)
                : $"the folder cannot be read ({exception.GetType().Name})";
            registry.Set(new ModelEntry(name, ModelState.Broken) { Reason = reason });
            LogBroken(logger, name, exception.Message);
            if (exception is not ModelFolderException) faults.Write(exception, "");
        }
    }

    private Workload WorkloadOf(string name, TextModel model) => model switch
    {
        LanguageModel language => new StreamWorkload(name, language, batching, metrics, time),
        Classifier classifier => new TextWorkload<int[], float[]>(
            name, "classify", classifier.Logits, ids => ids.Length, batching, metrics, time),
        Tagger tagger => new TextWorkload<TaggerInput, TagScore[]>(
            name, "tag", tagger.Tag, sentence => sentence.Length, batching, metrics, time),
        _ => throw new ModelFolderException($"config.json: task is {model.Config.Task}, which this service has no route for"),
    };

    [LoggerMessage(Level = LogLevel.Information,
        Message = "Model {Model} is ready: {Task}, {Parameters} parameters, loaded in {Milliseconds:0} ms")]
    private static partial void LogModel(ILogger logger, string model, string task, long parameters, double milliseconds);

    [LoggerMessage(Level = LogLevel.Error, Message = "Model {Model} cannot be served: {Reason}")]
    private static partial void LogBroken(ILogger logger, string model, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Served} of {Folders} models in {Path} are served")]
    private static partial void LogLoaded(ILogger logger, int served, int folders, string path);
}
