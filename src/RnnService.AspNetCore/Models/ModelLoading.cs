using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RnnService.AspNetCore.Diagnostics;
using RnnService.AspNetCore.Options;
using RnnService.AspNetCore.Scheduling;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Onnx.Runtime;

namespace RnnService.AspNetCore.Models;

/// <summary>Reads a model from its folder; may take for ever.</summary>
internal delegate LoadedModel ModelReader(string path, CancellationToken cancel);

/// <summary>
/// Loads all model folders once the host has started, the defaults first, each on a thread of its own: what is loaded is served at once,
/// and a folder that never ends loading, such as one with a pipe for a file, holds up neither the others nor the end of the process. A
/// folder that cannot be loaded is reported and the others are served.
/// </summary>
internal sealed partial class ModelLoading(
    ModelsFolder folder,
    DefaultModels defaults,
    RnnModelsOptions options,
    ModelRegistry registry,
    ComputeLoop loop,
    SchedulingMetrics scheduling,
    ModelMetrics metrics,
    ModelReader read,
    FaultLog faults,
    TimeProvider time,
    ILogger<ModelLoading> logger) : BackgroundService
{
    /// <summary>
    /// Cost of an explanation, some 25 words and 40 milliseconds of the shipped classifier, that may be made between the steps of another: a
    /// sentence should not wait for a page.
    /// </summary>
    private const int ShortExplanation = 3_072;

    /// <summary>After this time a folder no longer counts among those that share the processors: it waits rather than computes.</summary>
    private static readonly TimeSpan Usual = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        scheduling.Observe(loop);
        metrics.Observe(registry);
        var places = new SemaphoreSlim(Environment.ProcessorCount);
        var loads = new List<Task>();
        try
        {
            foreach (string name in folder.Models.OrderByDescending(name => defaults.Names.Contains(name)))
            {
                await places.WaitAsync(stoppingToken);
                loads.Add(LoadAsync(name, places, stoppingToken));
            }

            await Task.WhenAll(loads);
            LogLoaded(logger, registry.Entries.Count(entry => entry.Loaded is not null), folder.Models.Count, folder.Path);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops, or its start fails, such as on an address that is taken. What is being loaded is left behind.
        }
    }

    /// <summary>Gives its place back when the folder is loaded, or before when that takes longer than usual.</summary>
    private async Task LoadAsync(string name, SemaphoreSlim places, CancellationToken stopping)
    {
        using var given = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        TimeSpan limit = TimeSpan.FromSeconds(options.Loading.MaxSeconds);
        long started = time.GetTimestamp();
        Task<ModelEntry> loading = OnOwnThread(() => Load(name, given.Token));
        await Task.WhenAny(loading, Task.Delay(Usual, time, stopping));
        places.Release();
        ModelEntry entry;
        try
        {
            TimeSpan left = limit - time.GetElapsedTime(started);
            entry = await loading.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, stopping);
        }
        catch (TimeoutException)
        {
            entry = Broken(name, $"not loaded within {options.Loading.MaxSeconds} s; expected a folder that loads sooner, or a higher "
                + $"{nameof(RnnModelsOptions.Loading)}:{nameof(LoadingOptions.MaxSeconds)}");
        }

        if (entry.State == ModelState.Broken || stopping.IsCancellationRequested)
        {
            // What comes too late is of no use.
            await given.CancelAsync();
            _ = loading.ContinueWith(late => late.Result.Loaded?.Model.Dispose(), CancellationToken.None,
                TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
        }

        stopping.ThrowIfCancellationRequested();
        foreach (ModelScheduler scheduler in entry.Served?.Schedulers ?? []) loop.Add(scheduler);
        registry.Set(entry);
        if (entry.Loaded is { } loaded)
        {
            LogModel(logger, name, ModelTasks.NameOf(loaded.Model.Config.Task), loaded.Parameters, entry.LoadTime.TotalMilliseconds);
            foreach (string note in loaded.Notes) LogNote(logger, name, note);
        }
        else
        {
            LogBroken(logger, name, entry.Reason!);
        }
    }

    private ModelEntry Load(string name, CancellationToken cancel)
    {
        string path = Path.Combine(folder.Path, name);
        long started = time.GetTimestamp();
        try
        {
            cancel.ThrowIfCancellationRequested();
            LoadedModel loaded = read(path, cancel);
            return new ModelEntry(name, ModelState.Ready)
            {
                Served = Serve(name, loaded),
                Files = ModelFile.Read(path, options.KeptFiles),
                LoadTime = time.GetElapsedTime(started),
            };
        }
        catch (Exception exception)
        {
            // Callers see what is wrong inside the folder, but not where the folder lies on this machine.
            if (FolderFault.Of(exception, path, name) is { } reason) return Broken(name, reason);
            if (!cancel.IsCancellationRequested) faults.Write(exception, "");
            return Broken(name, "loading it failed by a fault of the service; its log has more");
        }
    }

    private static ModelEntry Broken(string name, string reason) => new(name, ModelState.Broken) { Reason = reason };

    /// <summary>A thread that does not keep the process alive, as its work may never end.</summary>
    private static Task<ModelEntry> OnOwnThread(Func<ModelEntry> load)
    {
        var done = new TaskCompletionSource<ModelEntry>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => done.SetResult(load())) { IsBackground = true, Name = "load" }.Start();
        return done.Task;
    }

    private ServedModel Serve(string name, LoadedModel loaded)
    {
        bool isAside = IsAside(loaded.Model);
        TextBatcher<InspectionInput, Inspection>? inspector = loaded.Model.CanInspect ? Batcher<InspectionInput, Inspection>(
            "inspect", (texts, betweenSteps) => loaded.Model.Inspect([.. texts.Select(text => text.Text)], [.. texts.Select(text => text.Options)], betweenSteps),
            text => text.Cost, text => text.Text.Ids.Length) : null;
        return loaded.Model switch
        {
            LanguageModel model => new ServedLanguageModel(
                name, loaded, model, new GenerationScheduler(name, model, options.Batching, scheduling, time, loop, isAside), inspector),
            Classifier model => new ServedClassifier(
                name, loaded, model, Batcher<int[], float[]>("classify", model.Logits, ids => ids.Length),
                model.CanInspect ? Batcher<int[], Explanation>("explain", model.Explain, ids => model.ExplanationCost(ids.Length), ids => ids.Length, ShortExplanation) : null, inspector),
            Tagger model => new ServedTagger(
                name, loaded, model, Batcher<TaggerInput, TagScore[]>("tag", model.Tag, sentence => sentence.Length), inspector),
            _ => throw new ModelFolderException($"config.json: task is {loaded.Model.Config.Task}; expected one that this service computes"),
        };

        TextBatcher<TInput, TOutput> Batcher<TInput, TOutput>(string kind, TextComputation<TInput, TOutput> compute, Func<TInput, int> cost, Func<TInput, int>? tokens = null,
            int shortTurn = ModelScheduler.ShortTurnTokens) =>
            new(name, kind, compute, cost, options.Batching, scheduling, time, loop, isAside, tokens, shortTurn);
    }

    /// <summary>Whether a model computes in one piece, as ONNX Runtime does.</summary>
    private static bool IsAside(TextModel model) => model.Network.Backend == OnnxRuntimeNetwork.Name;

    [LoggerMessage(Level = LogLevel.Information,
        Message = "Model {Model} is ready: {Task}, {Parameters} parameters, loaded in {Milliseconds:0} ms")]
    private static partial void LogModel(ILogger logger, string model, string task, long parameters, double milliseconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Model {Model}: {Note}")]
    private static partial void LogNote(ILogger logger, string model, string note);

    [LoggerMessage(Level = LogLevel.Error, Message = "Model {Model} cannot be served: {Reason}")]
    private static partial void LogBroken(ILogger logger, string model, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Served} of {Folders} models in {Path} are served")]
    private static partial void LogLoaded(ILogger logger, int served, int folders, string path);
}
