using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RnnService.AspNetCore.Errors;
using RnnService.AspNetCore.Scheduling;

namespace RnnService.AspNetCore.Models;

/// <summary>What became of a model while the others were served.</summary>
internal enum ModelChange
{
    Added,
    Replaced,
    Removed,

    /// <summary>What its folder holds cannot be served; what was served before still is.</summary>
    Refused,
}

/// <summary>
/// Adds, replaces and removes models while all are served. A new one is loaded beside the old, proves its golden answer, and takes over for
/// whoever asks from then on; what the old one has begun it ends, then it is let go of. One change after the other, so that one model at most
/// is in memory twice but for those that have something left to end. Thread-safe.
/// </summary>
internal sealed partial class ModelChanges(
    FolderLoader loader, ModelRegistry registry, ComputeLoop loop, ModelMetrics metrics, LoadedMemory memory, IHostApplicationLifetime lifetime,
    ILogger<ModelChanges> logger)
{
    private readonly SemaphoreSlim _turn = new(1);
    private int _retiring;

    /// <summary>Models that are replaced or removed and in memory still.</summary>
    public int Retiring => Volatile.Read(ref _retiring);

    /// <summary>Puts a folder's entry in the place of the one it had.</summary>
    public void Take(ModelEntry entry)
    {
        foreach (ModelScheduler scheduler in entry.Served?.Schedulers ?? []) loop.Add(scheduler);
        _ = RetireAsync(registry.Set(entry));
    }

    /// <summary>Loads a folder, new or again, once those are loaded that the host started with.</summary>
    /// <returns>
    /// The entry as it stands now: the new model, or, where the folder cannot be loaded, the old one with the reason, or, without an old one, the
    /// reason alone.
    /// </returns>
    /// <exception cref="OperationCanceledException">The host stops.</exception>
    public async Task<ModelEntry> LoadAsync(string name)
    {
        CancellationToken stopping = lifetime.ApplicationStopping;
        await _turn.WaitAsync(stopping);
        try
        {
            await registry.WaitForAllAsync(stopping);
            ModelEntry entry = await loader.LoadAsync(name, stopping);
            ModelEntry? before = registry.Models.Find(name);
            if (entry.Served is null)
            {
                metrics.Changed(ModelChange.Refused);
                LogRefused(logger, name, entry.Reason!, before?.Served is null ? "nothing is served under this name" : "what was loaded before is served on");
                if (before?.Served is not null) entry = before with { Reason = entry.Reason, Stamp = entry.Stamp };
                registry.Set(entry);
                return entry;
            }

            Take(entry);
            metrics.Changed(before?.Served is null ? ModelChange.Added : ModelChange.Replaced);
            LogServed(logger, name, ModelTasks.NameOf(entry.Loaded!.Model.Config.Task), entry.Loaded.Sha256, entry.LoadTime.TotalMilliseconds,
                before?.Loaded is { } old ? $"in place of {old.Sha256}" : "new");
            foreach (string note in entry.Loaded.Notes) LogNote(logger, name, note);
            return entry;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Takes a model out whose folder is gone.</summary>
    /// <exception cref="OperationCanceledException">The host stops.</exception>
    public Task RemoveAsync(string name) => ChangeAsync(() =>
    {
        LogRemoved(logger, name, "its folder is gone");
        return registry.Remove(name);
    });

    /// <summary>Takes a model out whose folder stays, until it is loaded again or its folder changes.</summary>
    /// <returns>Once no request gets the model any more, what ends when it is let go of.</returns>
    /// <exception cref="ModelNotFoundException">There is none of that name.</exception>
    /// <exception cref="OperationCanceledException">The host stops.</exception>
    public Task<Task> UnloadAsync(string name) => ChangeAsync(() =>
    {
        ModelEntry before = registry.Entry(name);
        LogRemoved(logger, name, "unloaded");
        return registry.Set(new ModelEntry(name, ModelState.Unloaded) { Reason = "unloaded", Stamp = before.Stamp });
    });

    private async Task<Task> ChangeAsync(Func<ModelEntry?> change)
    {
        CancellationToken stopping = lifetime.ApplicationStopping;
        await _turn.WaitAsync(stopping);
        try
        {
            await registry.WaitForAllAsync(stopping);
            ModelEntry? before = change();
            if (before?.Served is not null) metrics.Changed(ModelChange.Removed);
            return RetireAsync(before);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Lets go of a model that nobody can ask for any more, once the last has it out of hand and nothing of it is computed.</summary>
    private async Task RetireAsync(ModelEntry? before)
    {
        if (before?.Served is not { } served) return;
        Interlocked.Increment(ref _retiring);
        await served.Uses.RetireAsync();
        await loop.RemoveAsync(served.Schedulers);
        served.Loaded.Dispose();
        Interlocked.Decrement(ref _retiring);
        LogFreed(logger, served.Name, served.Loaded.Sha256);
        memory.GiveBackSoon(served.Loaded.Bytes);
    }

    [LoggerMessage(Level = LogLevel.Information,
        Message = "Model {Model} is served: {Task}, {Sha256}, {Place}, loaded in {Milliseconds:0} ms")]
    private static partial void LogServed(ILogger logger, string model, string task, string sha256, double milliseconds, string place);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Model {Model}: {Note}")]
    private static partial void LogNote(ILogger logger, string model, string note);

    [LoggerMessage(Level = LogLevel.Error, Message = "Model {Model} cannot be loaded: {Reason}; {Consequence}")]
    private static partial void LogRefused(ILogger logger, string model, string reason, string consequence);

    [LoggerMessage(Level = LogLevel.Information, Message = "Model {Model} is served no longer: {Reason}")]
    private static partial void LogRemoved(ILogger logger, string model, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Model {Model} {Sha256} has answered what it began and is let go of")]
    private static partial void LogFreed(ILogger logger, string model, string sha256);
}
