using System.Collections.Frozen;
using RnnService.AspNetCore.Errors;
using RnnService.Engine.Text;

namespace RnnService.AspNetCore.Models;

/// <summary>The model folders as they stand at one moment, and which of them answers for a name or a task. Never changes.</summary>
internal sealed class ModelSet
{
    private readonly DefaultModels _defaults;
    private readonly FrozenDictionary<string, ModelEntry> _byName;
    private readonly FrozenDictionary<ModelKind, (ModelEntry? Entry, bool IsUndecided)> _default;

    public ModelSet(IEnumerable<ModelEntry> entries, DefaultModels defaults)
    {
        _defaults = defaults;
        Entries = [.. entries.OrderBy(entry => entry.Name, StringComparer.Ordinal)];
        _byName = Entries.ToFrozenDictionary(entry => entry.Name, StringComparer.Ordinal);
        _default = ModelKind.All.ToFrozenDictionary(kind => kind, ChooseDefault);
    }

    /// <summary>All model folders by name.</summary>
    public IReadOnlyList<ModelEntry> Entries { get; }

    /// <summary>Whether a folder is being loaded.</summary>
    public bool IsLoading => Entries.Any(entry => entry.State == ModelState.Loading);

    public ModelSet With(ModelEntry entry) => new(Entries.Where(other => other.Name != entry.Name).Append(entry), _defaults);

    public ModelSet Without(string name) => new(Entries.Where(other => other.Name != name), _defaults);

    public ModelEntry? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The models that are served and do this.</summary>
    public IEnumerable<ModelEntry> Of(ModelKind kind) => Entries.Where(entry => entry.Loaded is { } loaded && ModelKind.Of(loaded.Model.Config) == kind);

    /// <summary>
    /// The model that answers when none is named: the configured one. Without one, or when one that may be missing is not in this folder, the
    /// only model of the kind; of several none, so that no model takes a route unasked.
    /// </summary>
    public ModelEntry? Default(ModelKind kind) => _default[kind].Entry;

    /// <summary>Whether the default of a kind depends on a folder that is being loaded.</summary>
    public bool IsUndecided(ModelKind kind) => _default[kind].IsUndecided;

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

    /// <summary>Why the default of a kind is not known yet.</summary>
    public string UndecidedSentence(ModelKind kind)
    {
        string name = NameOf(kind);
        return Find(name) is not null ? LoadingSentence(name) : "the models are being loaded, and any of them could be the second of its kind: name one as model";
    }

    public ModelNotFoundException NoSuchModel(string name) => new($"there is no model named {Quoted(name)}; {Others()}");

    /// <summary>Why a model is not served that is not being loaded either.</summary>
    public InferenceException NotServed(ModelEntry entry) => entry.State == ModelState.Unloaded
        ? new ModelNotFoundException($"the model {Quoted(entry.Name)} is unloaded; {Others()}")
        : new ModelBrokenException(entry.Name, Quoted(entry.Name), entry.Reason!, Others());

    public ModelTaskException WrongTask(ModelEntry entry, ModelKind expected) => new(
        $"{Quoted(entry.Name)} is a {ModelKind.Of(entry.Loaded!.Model.Config)}; expected a {expected}"
        + $"{(Names(expected) is { Length: > 0 } names ? ": " + names : "")}");

    /// <summary>Why no model answers for a kind where none is named.</summary>
    public InferenceException NoDefault(ModelKind kind)
    {
        string configured = NameOf(kind), names = Names(kind);
        if (names.Length == 0 && (configured.Length == 0 || Find(configured) is null))
            return new ModelNotFoundException($"no model here is a {kind}; {Others()}");
        bool isMissing = configured.Length > 0 && (!_defaults.MayBeMissing(kind.Task) || Find(configured) is { Loaded: null });
        return isMissing
            ? new ModelNotFoundException($"the default model {Quoted(configured)} is not served; {Others()}")
            : new NoDefaultModelException(kind.ToString(), names);
    }

    private static string Quoted(string name) => $"\"{Listing.Cut(name, 100)}\"";

    private string Others()
    {
        string names = Listing.Of([.. Entries.Where(entry => entry.Loaded is not null)
            .Select(entry => $"{entry.Name} ({ModelKind.Of(entry.Loaded!.Model.Config)})")]);
        return names.Length == 0 ? "no model is served" : "there are: " + names;
    }

    private string Names(ModelKind kind) => Listing.Of([.. Of(kind).Select(entry => entry.Name)]);

    /// <summary>The configured name, where it is meant for this kind: a task has one, for models that read texts unless the model that it names reads numbers.</summary>
    private string NameOf(ModelKind kind)
    {
        string name = _defaults.NameOf(kind.Task);
        bool readsNumbers = Find(name)?.Loaded is { } loaded && ModelKind.Of(loaded.Model.Config) == new ModelKind(kind.Task, ReadsNumbers: true);
        return readsNumbers == kind.ReadsNumbers ? name : "";
    }

    private (ModelEntry? Entry, bool IsUndecided) ChooseDefault(ModelKind kind)
    {
        string name = NameOf(kind);
        if (name.Length > 0)
        {
            ModelEntry? named = Find(name);
            if (named?.Loaded is { } loaded && ModelKind.Of(loaded.Model.Config) == kind) return (named, false);
            bool isLoading = named?.State == ModelState.Loading;
            // A broken one keeps its route: nothing else answers in its place.
            if (isLoading || !_defaults.MayBeMissing(kind.Task) || named is { Loaded: null }) return (null, isLoading);
        }

        ModelEntry[] candidates = [.. Of(kind).Take(2)];
        bool isUndecided = candidates.Length < 2 && IsLoading;
        return (candidates.Length == 1 && !isUndecided ? candidates[0] : null, isUndecided);
    }
}
