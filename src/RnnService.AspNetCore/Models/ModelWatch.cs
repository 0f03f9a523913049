using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RnnService.AspNetCore.Diagnostics;
using RnnService.AspNetCore.Options;
using RnnService.Engine.Models;

namespace RnnService.AspNetCore.Models;

/// <summary>
/// Has the models follow their folders. It looks at them now and then: no file system tells changes of a network volume, nor where a link
/// leads in Kubernetes' volumes, and a look costs some system calls a model.
/// </summary>
internal sealed partial class ModelWatch(
    ModelsFolder folder, RnnModelsOptions options, ModelRegistry registry, ModelChanges changes, FaultLog faults, TimeProvider time,
    ILogger<ModelWatch> logger) : BackgroundService
{
    private readonly Dictionary<string, Sight> _seen = []; // of folders that are not as the registry has them
    private string? _fault;

    /// <summary>Looks once, and has done what two looks agree on.</summary>
    /// <exception cref="OperationCanceledException">The host stops.</exception>
    internal async Task LookAsync()
    {
        IReadOnlyDictionary<string, FolderStamp> stamps;
        try
        {
            stamps = ModelsFolder.Open(folder.Path).Models.ToDictionary(name => name, name => FolderStamp.Of(Path.Combine(folder.Path, name)));
            // A volume that is not there looks like this.
            if (stamps.Values.All(stamp => stamp.IsEmpty)) throw new IOException("it holds no model");
            _fault = null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (_fault != exception.Message) LogNoFolder(logger, folder.Path, exception.Message);
            _fault = exception.Message;
            return;
        }

        foreach ((string name, FolderStamp stamp) in stamps)
        {
            if (!stamp.IsEmpty && IsAtRest(name, stamp)) await changes.LoadAsync(name);
        }

        foreach (ModelEntry entry in registry.Entries)
        {
            bool isGone = !stamps.TryGetValue(entry.Name, out FolderStamp stamp) || (stamp.IsEmpty && entry.Served is not null);
            if (isGone && IsAtRest(entry.Name, default)) await changes.RemoveAsync(entry.Name);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Loading.WatchSeconds == 0) return;
        try
        {
            await registry.WaitForAllAsync(stoppingToken);
            using var timer = new PeriodicTimer(TimeSpan.FromSeconds(options.Loading.WatchSeconds), time);
            while (await timer.WaitForNextTickAsync(stoppingToken)) await LookAsync();
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
        catch (Exception exception)
        {
            // Models that are not followed are no reason to serve none.
            faults.Write(exception, "");
        }
    }

    /// <summary>Whether a folder is not as it was when it was loaded, and stays as it is now.</summary>
    private bool IsAtRest(string name, FolderStamp stamp)
    {
        if (!stamp.IsEmpty && registry.Models.Find(name)?.Stamp == stamp.Files)
        {
            _seen.Remove(name);
            return false;
        }

        if (!_seen.TryGetValue(name, out Sight seen) || seen.Stamp != stamp)
        {
            _seen[name] = new Sight(stamp, time.GetTimestamp());
            return false;
        }

        // What is being copied may stop for a while between two files.
        if (!stamp.IsEmpty && !stamp.IsWhole && time.GetElapsedTime(seen.Since) < TimeSpan.FromSeconds(options.Loading.MaxSeconds)) return false;
        _seen.Remove(name);
        return true;
    }

    /// <summary>How a folder was seen first.</summary>
    private readonly record struct Sight(FolderStamp Stamp, long Since);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The folder of models {Path} cannot be followed: {Reason}; the models stay as they are")]
    private static partial void LogNoFolder(ILogger logger, string path, string reason);
}
