using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RnnService.AspNetCore.Scheduling;

namespace RnnService.AspNetCore.Models;

/// <summary>
/// Loads all model folders once the host has started, the defaults first: what is loaded is served at once. A folder that cannot be loaded
/// is reported and the others are served.
/// </summary>
internal sealed partial class ModelLoading(
    ModelsFolder folder,
    DefaultModels defaults,
    FolderLoader loader,
    ModelChanges changes,
    ModelRegistry registry,
    ComputeLoop loop,
    SchedulingMetrics scheduling,
    ModelMetrics metrics,
    LoadedMemory memory,
    TimeProvider time,
    ILogger<ModelLoading> logger) : BackgroundService
{
    /// <summary>After this time a folder no longer counts among those that share the processors: it waits rather than computes.</summary>
    private static readonly TimeSpan Usual = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        scheduling.Observe(loop);
        metrics.Observe(registry, changes);
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
            memory.GiveBackSoon(registry.Entries.Sum(entry => entry.Loaded?.Bytes ?? 0));
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
        Task<ModelEntry> loading = loader.LoadAsync(name, stopping);
        await Task.WhenAny(loading, Task.Delay(Usual, time, stopping));
        places.Release();
        ModelEntry entry = await loading;
        changes.Take(entry);
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
