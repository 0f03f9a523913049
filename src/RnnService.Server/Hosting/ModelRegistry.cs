using RnnService.Engine;
using RnnService.Engine.Tasks;
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

/// <summary>The models there are, by name. Thread-safe; entries are replaced as they are loaded.</summary>
internal sealed class ModelRegistry(DefaultModels defaults)
{
    private readonly Lock _lock = new();
    private IReadOnlyList<ModelEntry> _entries = [];

    /// <summary>All model folders by name.</summary>
    public IReadOnlyList<ModelEntry> Entries => Volatile.Read(ref _entries);

    public void Set(ModelEntry entry)
    {
        lock (_lock)
        {
            Volatile.Write(ref _entries,
                [.. _entries.Where(other => other.Name != entry.Name).Append(entry).OrderBy(one => one.Name, StringComparer.Ordinal)]);
        }
    }

    /// <summary>The model's entry, whatever its state.</summary>
    /// <exception cref="RequestProblem">There is no folder of that name.</exception>
    public ModelEntry Entry(string name) =>
        Entries.FirstOrDefault(entry => entry.Name == name) ?? throw NotFound($"there is no model named {RequestProblem.Quoted(name)}");

    /// <summary>The model's entry, which is served.</summary>
    /// <exception cref="RequestProblem">There is none of that name, or it is broken or not loaded yet.</exception>
    public ModelEntry Served(string name)
    {
        ModelEntry entry = Entry(name);
        return entry.State switch
        {
            ModelState.Loading => throw new RequestProblem(ProblemKind.NotReady, $"the model {RequestProblem.Quoted(name)} is being loaded"),
            ModelState.Broken => throw NotFound($"the model {RequestProblem.Quoted(name)} cannot be served; /models/{name} says why"),
            _ => entry,
        };
    }

    /// <summary>The model to answer with.</summary>
    /// <param name="name">As asked for; null for the default of the task.</param>
    /// <param name="task">What it must do.</param>
    /// <exception cref="RequestProblem">There is none, it is broken, or it does something else.</exception>
    public ModelEntry Choose(string? name, ModelTask task)
    {
        if (name is null) return Default(task) ?? throw NoDefault(task);
        ModelEntry entry = Served(name);
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
    public ModelEntry? Default(ModelTask task)
    {
        string wanted = defaults.NameOf(task);
        ModelEntry[] candidates = [.. Of(task)];
        if (wanted.Length > 0)
        {
            if (Array.Find(candidates, entry => entry.Name == wanted) is { } found) return found;
            // A broken one keeps its route: nothing else answers in its place.
            if (!defaults.IsShipped(task) || Entries.Any(entry => entry.Name == wanted && entry.Loaded is null)) return null;
        }

        return candidates.Length == 1 ? candidates[0] : null;
    }

    /// <summary>The models that are served and do this.</summary>
    public IEnumerable<ModelEntry> Of(ModelTask task) => Entries.Where(entry => entry.Loaded?.Model.Config.Task == task);

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
