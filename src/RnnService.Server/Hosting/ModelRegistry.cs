using RnnService.Engine;
using RnnService.Engine.Tasks;
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

    public string? Reason { get; init; }

    public TimeSpan LoadTime { get; init; }
}

/// <summary>The models there are, by name. Thread-safe; entries are replaced as they are loaded.</summary>
internal sealed class ModelRegistry(DefaultModelOptions defaults)
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
        Entries.FirstOrDefault(entry => entry.Name == name) ?? throw NotFound($"there is no model named {Quoted(name)}");

    /// <summary>The model's entry, which is served.</summary>
    /// <exception cref="RequestProblem">There is none of that name, or it is broken or not loaded yet.</exception>
    public ModelEntry Served(string name)
    {
        ModelEntry entry = Entry(name);
        return entry.State switch
        {
            ModelState.Loading => throw new RequestProblem(ProblemKind.NotReady, $"the model {Quoted(name)} is being loaded"),
            ModelState.Broken => throw NotFound($"the model {Quoted(name)} cannot be served; /models/{name} says why"),
            _ => entry,
        };
    }

    /// <summary>The model to answer with.</summary>
    /// <param name="name">As asked for; null for the default of the task.</param>
    /// <param name="task">What it must do.</param>
    /// <exception cref="RequestProblem">There is none, it is broken, or it does something else.</exception>
    public ModelEntry Choose(string? name, ModelTask task)
    {
        if (name is null)
        {
            return Default(task) ?? throw NotFound(DefaultName(task) is { Length: > 0 } wanted
                ? $"the default model {Quoted(wanted)} is not served"
                : $"no model here is a {ModelCard.TaskName(task)}");
        }

        ModelEntry entry = Served(name);
        ModelTask does = entry.Loaded!.Model.Config.Task;
        if (does == task) return entry;
        throw RequestProblem.Of(ProblemKind.Validation, "model",
            $"{Quoted(name)} is a {ModelCard.TaskName(does)}; wanted a {ModelCard.TaskName(task)}"
            + $"{(Names(task) is { Length: > 0 } names ? ": " + names : "")}");
    }

    /// <summary>The model that answers when none is named: the configured one, otherwise the first by name.</summary>
    public ModelEntry? Default(ModelTask task)
    {
        string wanted = DefaultName(task);
        return Entries.FirstOrDefault(entry => entry.Loaded?.Model.Config.Task == task && (wanted.Length == 0 || entry.Name == wanted));
    }

    public string DefaultName(ModelTask task) => task switch
    {
        ModelTask.LanguageModel => defaults.Generate,
        ModelTask.Classifier => defaults.Classify,
        _ => defaults.Tag,
    };

    private RequestProblem NotFound(string sentence)
    {
        string names = string.Join(", ", Entries.Where(entry => entry.Loaded is not null)
            .Select(entry => $"{entry.Name} ({ModelCard.TaskName(entry.Loaded!.Model.Config.Task)})"));
        return new RequestProblem(ProblemKind.ModelNotFound,
            $"{sentence}; {(names.Length == 0 ? "no model is served" : "there are: " + names)}");
    }

    private string Names(ModelTask task) =>
        string.Join(", ", Entries.Where(entry => entry.Loaded?.Model.Config.Task == task).Select(entry => entry.Name));

    private static string Quoted(string name) => $"\"{(name.Length <= 100 ? name : name[..100] + "…")}\"";
}
