using System.Runtime.CompilerServices;
using RnnService.AspNetCore.Diagnostics;
using RnnService.AspNetCore.Options;
using RnnService.Engine.Models;

namespace RnnService.AspNetCore.Models;

/// <summary>Reads a model from its folder; may take for ever.</summary>
internal delegate LoadedModel ModelReader(string path, CancellationToken cancel);

/// <summary>
/// Makes an entry of a model folder, which then has proven its golden answer: a model that can be served, or the reason why not. Each on a
/// thread of its own: a folder that never ends loading, such as one with a pipe for a file, holds up neither the others nor the end of the
/// process. Thread-safe.
/// </summary>
internal sealed class FolderLoader(
    ModelsFolder folder, RnnModelsOptions options, ServedModelFactory models, ModelReader read, FaultLog faults, TimeProvider time)
{
    /// <summary>Loads a folder, within <see cref="LoadingOptions.MaxSeconds"/>.</summary>
    /// <param name="name">The folder.</param>
    /// <param name="stopping">Ends it; what is being loaded is left behind.</param>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public async Task<ModelEntry> LoadAsync(string name, CancellationToken stopping)
    {
        using var given = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var stamp = new StrongBox<string>("");
        Task<ModelEntry> loading = OnOwnThread(() => Load(name, stamp, given.Token));
        try
        {
            return await loading.WaitAsync(TimeSpan.FromSeconds(options.Loading.MaxSeconds), time, stopping);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            // What comes too late is of no use.
            await given.CancelAsync();
            _ = loading.ContinueWith(late => late.Result.Loaded?.Dispose(), CancellationToken.None,
                TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            stopping.ThrowIfCancellationRequested();
            return ModelEntry.Broken(name, $"not loaded within {options.Loading.MaxSeconds} s; expected a folder that loads sooner, or a higher "
                + $"{nameof(RnnModelsOptions.Loading)}:{nameof(LoadingOptions.MaxSeconds)}") with
            { Stamp = stamp.Value! };
        }
    }

    /// <summary>A thread that does not keep the process alive, as its work may never end.</summary>
    private static Task<ModelEntry> OnOwnThread(Func<ModelEntry> load)
    {
        var done = new TaskCompletionSource<ModelEntry>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => done.SetResult(load())) { IsBackground = true, Name = "load" }.Start();
        return done.Task;
    }

    /// <param name="name">The folder.</param>
    /// <param name="stamp">Is told what the folder holds before it is read: what is saved meanwhile is found to be new.</param>
    /// <param name="cancel">Ends it.</param>
    private ModelEntry Load(string name, StrongBox<string> stamp, CancellationToken cancel)
    {
        string path = Path.Combine(folder.Path, name);
        long started = time.GetTimestamp();
        LoadedModel? loaded = null;
        try
        {
            cancel.ThrowIfCancellationRequested();
            stamp.Value = FolderStamp.Of(path).Files;
            loaded = read(path, cancel);
            return new ModelEntry(name, ModelState.Ready)
            {
                Served = models.Create(name, loaded),
                Files = ModelFile.Read(path, options.KeptFiles),
                Stamp = stamp.Value,
                LoadTime = time.GetElapsedTime(started),
            };
        }
        catch (Exception exception)
        {
            loaded?.Dispose();
            // Callers see what is wrong inside the folder, but not where the folder lies on this machine.
            string? reason = FolderFault.Of(exception, path, name);
            if (reason is null && !cancel.IsCancellationRequested) faults.Write(exception, "");
            return ModelEntry.Broken(name, reason ?? "loading it failed by a fault of the service; its log has more") with { Stamp = stamp.Value! };
        }
    }
}
