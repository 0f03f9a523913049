using RnnService.AspNetCore.Errors;
using RnnService.AspNetCore.Options;
using RnnService.AspNetCore.Scheduling;

namespace RnnService.AspNetCore.Models;

/// <summary>
/// The models there are, by name: all folders from the start on, each replaced once it is loaded, and whenever it changes. A request waits for
/// its own model, never for another. Thread-safe.
/// </summary>
internal sealed class ModelRegistry(
    ModelsFolder folder, DefaultModels defaults, RnnModelsOptions options, Readiness readiness, TimeProvider time)
{
    private readonly Lock _lock = new();
    private ModelSet _models = new(folder.Models.Select(name => new ModelEntry(name, ModelState.Loading)), defaults);
    private TaskCompletionSource _changed = Signal();

    /// <summary>The folders as they stand now.</summary>
    public ModelSet Models => Volatile.Read(ref _models);

    /// <summary>All model folders by name.</summary>
    public IReadOnlyList<ModelEntry> Entries => Models.Entries;

    /// <summary>Why the host does not count as ready; null when it does.</summary>
    public string? NotReady => readiness.IsLeaving ? ModelNotReadyException.Stopping().Message : Models.NotReady;

    /// <summary>Replaces a folder's entry, for whoever asks from now on.</summary>
    /// <returns>The one it had.</returns>
    public ModelEntry? Set(ModelEntry entry) => Change(entry.Name, models => models.With(entry));

    /// <summary>Takes a folder's entry out.</summary>
    /// <returns>The one it had.</returns>
    public ModelEntry? Remove(string name) => Change(name, models => models.Without(name));

    /// <summary>Ends when no folder is being loaded any more.</summary>
    public async Task WaitForAllAsync(CancellationToken cancel)
    {
        while (true)
        {
            Task changed = Volatile.Read(ref _changed).Task; // before looking, so that no change is missed
            if (!Models.IsLoading) return;
            await changed.WaitAsync(cancel);
        }
    }

    /// <summary>The model's entry, whatever its state.</summary>
    /// <exception cref="ModelNotFoundException">There is no folder of that name.</exception>
    public ModelEntry Entry(string name) => Models is var models && models.Find(name) is { } entry ? entry : throw models.NoSuchModel(name);

    /// <summary>The model's entry, which is served; while it is being loaded, this waits for it.</summary>
    /// <exception cref="InferenceException">There is none of that name, or it is broken or not loaded in time.</exception>
    /// <exception cref="OperationCanceledException">Nobody waits for the answer any more.</exception>
    public async ValueTask<ModelEntry> ServedAsync(string name, CancellationToken cancel)
    {
        if (Models.Find(name)?.State == ModelState.Loading)
            await WaitAsync(models => models.Find(name)?.State == ModelState.Loading, ModelSet.LoadingSentence(name), cancel);
        ModelEntry entry = Entry(name);
        return entry.Served is null ? throw Models.NotServed(entry) : entry;
    }

    /// <summary>The model of this name, whatever it does, in hand until <see cref="UseCount.Leave"/>; while it is being loaded, this waits for it.</summary>
    /// <exception cref="InferenceException">There is none of that name, or it is broken or not loaded in time.</exception>
    /// <exception cref="OperationCanceledException">Nobody waits for the answer any more.</exception>
    public async ValueTask<ServedModel> EnterAsync(string name, CancellationToken cancel)
    {
        while (true)
        {
            ServedModel served = (await ServedAsync(name, cancel)).Served!;
            if (served.Uses.TryEnter()) return served;
        }
    }

    /// <summary>
    /// The model to answer with, in hand until <see cref="UseCount.Leave"/>; while it is being loaded, this waits for it. One that is replaced
    /// meanwhile stays the one that answers.
    /// </summary>
    /// <typeparam name="T">What it must do.</typeparam>
    /// <param name="name">As asked for; null for the default of its kind.</param>
    /// <param name="cancel">Cancelled when nobody waits for the answer any more.</param>
    /// <exception cref="InferenceException">There is none, it is broken or not loaded in time, or it does something else.</exception>
    /// <exception cref="OperationCanceledException">Nobody waits for the answer any more.</exception>
    public ValueTask<T> EnterAsync<T>(string? name, CancellationToken cancel)
        where T : ServedModel, IServedTask
    {
        ModelSet models = Models;
        ModelEntry? entry = name is null ? models.Default(ModelKind.Of<T>()) : models.Find(name);
        return entry?.Served is T served && served.Uses.TryEnter() ? new ValueTask<T>(served) : LaterAsync();

        async ValueTask<T> LaterAsync() => (T)await EnterLaterAsync(name, [ModelKind.Of<T>()], cancel);
    }

    /// <summary>As <see cref="EnterAsync{T}"/>, of either of two kinds; where none is named and each has a default, that of the first.</summary>
    /// <inheritdoc cref="EnterAsync{T}" path="/param|/exception"/>
    public ValueTask<ServedModel> EnterEitherAsync<TOne, TOther>(string? name, CancellationToken cancel)
        where TOne : ServedModel, IServedTask
        where TOther : ServedModel, IServedTask
    {
        ModelSet models = Models;
        ModelEntry? entry = name is null ? models.Default(ModelKind.Of<TOne>()) : models.Find(name);
        return entry?.Served is { } served and (TOne or TOther) && served.Uses.TryEnter()
            ? new ValueTask<ServedModel>(served)
            : EnterLaterAsync(name, [ModelKind.Of<TOne>(), ModelKind.Of<TOther>()], cancel);
    }

    private async ValueTask<ServedModel> EnterLaterAsync(string? name, ModelKind[] kinds, CancellationToken cancel)
    {
        while (true)
        {
            // One that nobody has any more was replaced before it was let go of: the next look finds another, or none.
            ServedModel served = await WaitForAsync(name, kinds, cancel);
            if (served.Uses.TryEnter()) return served;
        }
    }

    private async ValueTask<ServedModel> WaitForAsync(string? name, ModelKind[] kinds, CancellationToken cancel)
    {
        if (name is not null)
        {
            ModelEntry entry = await ServedAsync(name, cancel);
            return kinds.Contains(ModelKind.Of(entry.Loaded!.Model.Config)) ? entry.Served! : throw Models.WrongTask(entry, Expected(Models));
        }

        foreach (ModelKind kind in kinds)
        {
            ModelSet models = Models;
            if (models.Default(kind) is null && models.IsUndecided(kind)) await WaitAsync(later => later.IsUndecided(kind), models.UndecidedSentence(kind), cancel);
            if (Models.Default(kind)?.Served is { } served) return served;
        }

        ModelSet known = Models;
        throw known.NoDefault(Expected(known));

        ModelKind Expected(ModelSet models) => kinds.FirstOrDefault(kind => models.Of(kind).Any(), kinds[0]);
    }

    private ModelEntry? Change(string name, Func<ModelSet, ModelSet> change)
    {
        TaskCompletionSource changed;
        ModelEntry? before;
        lock (_lock)
        {
            before = _models.Find(name);
            Volatile.Write(ref _models, change(_models));
            changed = _changed;
            Volatile.Write(ref _changed, Signal());
        }

        changed.SetResult();
        return before;
    }

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Waits for something to be loaded, within <see cref="RnnModelsOptions.LoadWaitSeconds"/>.</summary>
    private async ValueTask WaitAsync(Func<ModelSet, bool> isPending, string reason, CancellationToken cancel)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel, readiness.Stopping);
        TimeSpan most = TimeSpan.FromSeconds(options.LoadWaitSeconds);
        long started = time.GetTimestamp();
        while (true)
        {
            Task changed = Volatile.Read(ref _changed).Task; // before looking, so that no change is missed
            if (!isPending(Models)) return;
            TimeSpan left = most - time.GetElapsedTime(started);
            try
            {
                if (left <= TimeSpan.Zero) throw new TimeoutException();
                await changed.WaitAsync(left, time, end.Token);
            }
            catch (TimeoutException)
            {
                throw new ModelNotReadyException(reason);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                throw ModelNotReadyException.Stopping();
            }
        }
    }
}
