using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Server.Batching;
using RnnService.Server.Pipeline;

namespace RnnService.Server.Hosting;

/// <summary>Where a model folder stands.</summary>
internal enum ModelState
{
    Loading,
    Ready,
    Broken,
}

/// <summary>A model folder: the model when it could be loaded, the reason when not.</summary>
internal sealed record ModelEntry(string Name, ModelState State)
{
    public LoadedModel? Loaded { get; init; }

    /// <summary>What computes with it.</summary>
    public Workload? Workload { get; init; }

    /// <summary>What of its folder is handed out, by name.</summary>
    public IReadOnlyDictionary<string, ModelFile> Files { get; init; } = new Dictionary<string, ModelFile>();

    public string? Reason { get; init; }

    public TimeSpan LoadTime { get; init; }
}

/// <summary>
/// The models there are, by name: all folders from the start on, each replaced once it is loaded. A request waits for its own model, never
/// for another. Thread-safe.
/// </summary>
internal sealed class ModelRegistry(
    ModelsFolder folder, DefaultModels defaults, HttpOptions options, Readiness readiness, TimeProvider time)
{
    private readonly Lock _lock = new();
    private IReadOnlyList<ModelEntry> _entries = [.. folder.Models.Select(name => new ModelEntry(name, ModelState.Loading))];
    private TaskCompletionSource _changed = Signal();

    /// <summary>All model folders by name.</summary>
    public IReadOnlyList<ModelEntry> Entries => Volatile.Read(ref _entries);

    /// <summary>Why the service does not count as ready; null when it does: at least one model is served, and no default is being loaded.</summary>
    public string? NotReady
    {
        get
        {
            if (readiness.IsLeaving) return "the service is stopping";
            IReadOnlyList<ModelEntry> entries = Entries;
            ModelEntry? loading = entries.FirstOrDefault(entry => entry.State == ModelState.Loading && defaults.Names.Contains(entry.Name));
            if (loading is not null) return Loading(loading.Name);
            if (entries.Any(entry => entry.State == ModelState.Ready)) return null;
            return entries.Any(entry => entry.State == ModelState.Loading) ? "the models are being loaded" : "no model can be served; /models says why";
        }
    }

    public void Set(ModelEntry entry)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            Volatile.Write(ref _entries,
                [.. _entries.Where(other => other.Name != entry.Name).Append(entry).OrderBy(one => one.Name, StringComparer.Ordinal)]);
            changed = _changed;
            Volatile.Write(ref _changed, Signal());
        }

        changed.SetResult();
    }

    /// <summary>Ends when no folder is being loaded any more.</summary>
    public async Task WaitForAllAsync(CancellationToken cancel)
    {
        while (true)
        {
            Task changed = Volatile.Read(ref _changed).Task; // before looking, so that no change is missed
            if (Entries.All(entry => entry.State != ModelState.Loading)) return;
            await changed.WaitAsync(cancel);
        }
    }

    /// <summary>The model's entry, whatever its state.</summary>
    /// <exception cref="RequestProblem">There is no folder of that name.</exception>
    public ModelEntry Entry(string name) =>
        Find(name) ?? throw NotFound($"there is no model named {RequestProblem.Quoted(name)}");

    /// <summary>The model's entry, which is served; while it is being loaded, this waits for it.</summary>
    /// <exception cref="RequestProblem">There is none of that name, or it is broken or not loaded in time.</exception>
    /// <exception cref="OperationCanceledException">Nobody waits for the answer any more.</exception>
    public async ValueTask<ModelEntry> ServedAsync(string name, CancellationToken cancel)
    {
        if (Find(name)?.State == ModelState.Loading) await WaitAsync(() => Find(name)?.State == ModelState.Loading, Loading(name), cancel);
        return Served(name);
    }

    /// <summary>The model to answer with; while it is being loaded, this waits for it.</summary>
    /// <param name="name">As asked for; null for the default of the task.</param>
    /// <param name="task">What it must do.</param>
    /// <param name="cancel">Cancelled when nobody waits for the answer any more.</param>
    /// <exception cref="RequestProblem">There is none, it is broken or not loaded in time, or it does something else.</exception>
    /// <exception cref="OperationCanceledException">Nobody waits for the answer any more.</exception>
    public async ValueTask<ModelEntry> ChooseAsync(string? name, ModelTask task, CancellationToken cancel)
    {
        if (name is null)
        {
            if (Default(task, out bool undecided) is { } found) return found;
            if (undecided) await WaitAsync(() => Undecided(task), UndecidedReason(task), cancel);
            return Default(task) ?? throw NoDefault(task);
        }

        ModelEntry entry = await ServedAsync(name, cancel);
        ModelTask does = entry.Loaded!.Model.Config.Task;
        if (does == task) return entry;
        throw RequestProblem.Of(ProblemKind.Validation, "model",
            $"{RequestProblem.Quoted(name)} is a {ModelCard.TaskName(does)}; expected a {ModelCard.TaskName(task)}"
            + $"{(Names(task) is { Length: > 0 } names ? ": " + names : "")}");
    }

    /// <summary>
    /// The model that answers when none is named: the configured one. Without one, or when the one that comes with the service is not in
    /// this folder, the only model of the task; of several none, so that no model takes a route unasked.
    /// </summary>
    public ModelEntry? Default(ModelTask task) => Default(task, out _);

    /// <summary>The models that are served and do this.</summary>
    public IEnumerable<ModelEntry> Of(ModelTask task) => Entries.Where(entry => entry.Loaded?.Model.Config.Task == task);

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static string Loading(string name) => $"the model {RequestProblem.Quoted(name)} is being loaded";

    private ModelEntry? Find(string name) => Entries.FirstOrDefault(entry => entry.Name == name);

    private bool Undecided(ModelTask task)
    {
        Default(task, out bool undecided);
        return undecided;
    }

    /// <param name="task">What it must do.</param>
    /// <param name="undecided">Whether that depends on a folder that is being loaded.</param>
    private ModelEntry? Default(ModelTask task, out bool undecided)
    {
        string name = defaults.NameOf(task);
        undecided = false;
        if (name.Length > 0)
        {
            ModelEntry? named = Find(name);
            undecided = named?.State == ModelState.Loading;
            if (named?.Loaded?.Model.Config.Task == task) return named;
            // A broken one keeps its route: nothing else answers in its place.
            if (undecided || !defaults.IsShipped(task) || named is { Loaded: null }) return null;
        }

        ModelEntry[] candidates = [.. Of(task).Take(2)];
        undecided = candidates.Length < 2 && Entries.Any(entry => entry.State == ModelState.Loading);
        return candidates.Length == 1 && !undecided ? candidates[0] : null;
    }

    private string UndecidedReason(ModelTask task)
    {
        string name = defaults.NameOf(task);
        return Find(name) is not null ? Loading(name) : "the models are being loaded, and any of them could be the second of its kind: name one as model";
    }

    /// <summary>Waits for something to be loaded, within <see cref="HttpOptions.LoadWaitSeconds"/>.</summary>
    private async ValueTask WaitAsync(Func<bool> isPending, string reason, CancellationToken cancel)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel, readiness.Stopping);
        TimeSpan most = TimeSpan.FromSeconds(options.LoadWaitSeconds);
        long started = time.GetTimestamp();
        while (true)
        {
            Task changed = Volatile.Read(ref _changed).Task; // before looking, so that no change is missed
            if (!isPending()) return;
            TimeSpan left = most - time.GetElapsedTime(started);
            try
            {
                if (left <= TimeSpan.Zero) throw new TimeoutException();
                await changed.WaitAsync(left, time, end.Token);
            }
            catch (TimeoutException)
            {
                throw new RequestProblem(ProblemKind.NotReady, reason);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                throw Readiness.Problem();
            }
        }
    }

    private ModelEntry Served(string name)
    {
        ModelEntry entry = Entry(name);
        return entry.State == ModelState.Broken
            ? throw NotFound($"the model {RequestProblem.Quoted(name)} cannot be served; /models/{name} says why")
            : entry;
    }

    private RequestProblem NoDefault(ModelTask task)
    {
        string wanted = defaults.NameOf(task), names = Names(task);
        if (names.Length == 0 && (wanted.Length == 0 || Entries.All(entry => entry.Name != wanted)))
            return NotFound($"no model here is a {ModelCard.TaskName(task)}");
        bool isMissing = wanted.Length > 0 && (!defaults.IsShipped(task) || Entries.Any(entry => entry.Name == wanted && entry.Loaded is null));
        return isMissing
            ? NotFound($"the default model {RequestProblem.Quoted(wanted)} is not served")
            : RequestProblem.Of(ProblemKind.Validation, "model", $"is required, as several models do this and none is the default; expected {names}");
    }

    private RequestProblem NotFound(string sentence)
    {
        string names = Listing.Of([.. Entries.Where(entry => entry.Loaded is not null)
            .Select(entry => $"{entry.Name} ({ModelCard.TaskName(entry.Loaded!.Model.Config.Task)})")]);
        return new RequestProblem(ProblemKind.ModelNotFound,
            $"{sentence}; {(names.Length == 0 ? "no model is served" : "there are: " + names)}");
    }

    private string Names(ModelTask task) => Listing.Of([.. Of(task).Select(entry => entry.Name)]);
}
