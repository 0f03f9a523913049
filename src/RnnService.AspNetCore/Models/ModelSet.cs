using System.Collections.Frozen;
using RnnService.AspNetCore.Errors;
using RnnService.Engine.Models;
using RnnService.Engine.Text;

namespace RnnService.AspNetCore.Models;

/// <summary>The model folders as they stand at one moment, and which of them answers for a name or a task. Never changes.</summary>
internal sealed class ModelSet
{
    private readonly DefaultModels _defaults;
    private readonly FrozenDictionary<string, ModelEntry> _byName;
    private readonly (ModelEntry? Entry, bool IsUndecided)[] _default = new (ModelEntry?, bool)[ModelTasks.Count];

    public ModelSet(IEnumerable<ModelEntry> entries, DefaultModels defaults)
    {
        _defaults = defaults;
        Entries = [.. entries.OrderBy(entry => entry.Name, StringComparer.Ordinal)];
        _byName = Entries.ToFrozenDictionary(entry => entry.Name, StringComparer.Ordinal);
        foreach (ModelTask task in Enum.GetValues<ModelTask>()) _default[(int)task] = ChooseDefault(task);
    }

    /// <summary>All model folders by name.</summary>
    public IReadOnlyList<ModelEntry> Entries { get; }

    /// <summary>Whether a folder is being loaded.</summary>
    public bool IsLoading => Entries.Any(entry => entry.State == ModelState.Loading);

    public ModelSet With(ModelEntry entry) => new(Entries.Where(other => other.Name != entry.Name).Append(entry), _defaults);

    public ModelSet Without(string name) => new(Entries.Where(other => other.Name != name), _defaults);

    public ModelEntry? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The models that are served and do this.</summary>
    public IEnumerable<ModelEntry> Of(ModelTask task) => Entries.Where(entry => entry.Loaded?.Model.Config.Task == task);

    /// <summary>
    /// The model that answers when none is named: the configured one. Without one, or when one that may be missing is not in this folder, the
    /// only model of the task; of several none, so that no model takes a route unasked.
    /// </summary>
    public ModelEntry? Default(ModelTask task) => _default[(int)task].Entry;

    /// <summary>Whether the default of a task depends on a folder that is being loaded.</summary>
    public bool IsUndecided(ModelTask task) => _default[(int)task].IsUndecided;

    /// <summary>Why this does not count as ready; null when it does: at least one model is served, and no default is being loaded.</summary>
    public string? NotReady
    {
        get
        {
            ModelEntry? loading = Entries.FirstOrDefault(entry => entry.State == ModelState.Loading && _defaults.Names.Contains(entry.Name));
            if (loading is not null) return LoadingSentence(loading.Name);
            if (Entries.Any(entry => entry.State == ModelState.Ready)) return null;
            return IsLoading ? "the models are being loaded" : NothingServed;
        }
    }

    /// <summary>What <see cref="NotReady"/> says where every folder is broken.</summary>
    public const string NothingServed = "no model can be served";

    public static string LoadingSentence(string name) => $"the model {Quoted(name)} is being loaded";

    /// <summary>Why the default of a task is not known yet.</summary>
    public string UndecidedSentence(ModelTask task)
    {
        string name = _defaults.NameOf(task);
        return Find(name) is not null ? LoadingSentence(name) : "the models are being loaded, and any of them could be the second of its kind: name one as model";
    }

    public ModelNotFoundException NoSuchModel(string name) => new($"there is no model named {Quoted(name)}; {Others()}");

    /// <summary>Why a model is not served that is not being loaded either.</summary>
    public InferenceException NotServed(ModelEntry entry) => entry.State == ModelState.Unloaded
        ? new ModelNotFoundException($"the model {Quoted(entry.Name)} is unloaded; {Others()}")
        : new ModelBrokenException(entry.Name, Quoted(entry.Name), entry.Reason!, Others());

    public ModelTaskException WrongTask(ModelEntry entry, ModelTask expected) => new(
        $"{Quoted(entry.Name)} is a {ModelTasks.NameOf(entry.Loaded!.Model.Config.Task)}; expected a {ModelTasks.NameOf(expected)}"
        + $"{(Names(expected) is { Length: > 0 } names ? ": " + names : "")}");

    /// <summary>Why no model answers for a task where none is named.</summary>
    public InferenceException NoDefault(ModelTask task)
    {
        string configured = _defaults.NameOf(task), names = Names(task);
        if (names.Length == 0 && (configured.Length == 0 || Find(configured) is null))
            return new ModelNotFoundException($"no model here is a {ModelTasks.NameOf(task)}; {Others()}");
        bool isMissing = configured.Length > 0 && (!_defaults.MayBeMissing(task) || Find(configured) is { Loaded: null });
        return isMissing
            ? new ModelNotFoundException($"the default model {Quoted(configured)} is not served; {Others()}")
            : new NoDefaultModelException(ModelTasks.NameOf(task), names);
    }

    private static string Quoted(string name) => $"\"{Listing.Cut(name, 100)}\"";

    private string Others()
    {
        string names = Listing.Of([.. Entries.Where(entry => entry.Loaded is not null)
            .Select(entry => $"{entry.Name} ({ModelTasks.NameOf(entry.Loaded!.Model.Config.Task)})")]);
        return names.Length == 0 ? "no model is served" : "there are: " + names;
    }

    private string Names(ModelTask task) => Listing.Of([.. Of(task).Select(entry => entry.Name)]);

    private (ModelEntry? Entry, bool IsUndecided) ChooseDefault(ModelTask task)
    {
        string name = _defaults.NameOf(task);
        if (name.Length > 0)
        {
            ModelEntry? named = Find(name);
            if (named?.Loaded?.Model.Config.Task == task) return (named, false);
            bool isLoading = named?.State == ModelState.Loading;
            // A broken one keeps its route: nothing else answers in its place.
            if (isLoading || !_defaults.MayBeMissing(task) || named is { Loaded: null }) return (null, isLoading);
        }

        ModelEntry[] candidates = [.. Of(task).Take(2)];
        bool isUndecided = candidates.Length < 2 && IsLoading;
        return (candidates.Length == 1 && !isUndecided ? candidates[0] : null, isUndecided);
    }
}
