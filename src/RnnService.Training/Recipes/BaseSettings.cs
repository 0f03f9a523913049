using System.Text.Json;
using System.Text.Json.Nodes;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;

namespace RnnService.Training.Recipes;

/// <summary>
/// What a recipe has from the model that it starts from (<see cref="Recipe.From"/>): the settings without which the weights of the one are not those of
/// the other. Where the recipe does not say them they are the other's; where it says others it is refused. A classifier or tagger with a base has a
/// language model's layers in it, and an encoder of any sizes above.
/// </summary>
internal static class BaseSettings
{
    private const string Setting = "from=";

    private const string Below = "base";

    // A dot: a setting of an object that the recipe may leave open in part.
    private static readonly string[] Shared = ["cell", "tokenizer", "lower_case", "embedding_size", "characters"];

    private static readonly string[] OfEncoder = ["hidden_size", "layers", "bidirectional", "reverse"];

    // Those of an encoder on a base where nothing else is said: what it reads is large, and has read forward alone.
    private static readonly (string Name, JsonNode Value)[] UsualEncoder = [("hidden_size", 200), ("layers", 1), ("bidirectional", true), ("reverse", false)];

    private static readonly string[] OfOneTask =
        ["tie_weights", "decoder", "numbers.features", "numbers.audio", "numbers.horizon", "numbers.each_step", "numbers.separator"];

    /// <summary>The paths of the settings that a recipe has from the model that it starts from.</summary>
    public static IEnumerable<string> Paths => Shared.Concat(OfEncoder).Concat(OfOneTask).Select(name => $"model.{name}");

    /// <summary>The model that settings start from; null where none of them says it.</summary>
    public static string? In(IReadOnlyList<string>? settings) =>
        settings?.LastOrDefault(setting => setting.StartsWith(Setting, StringComparison.Ordinal))?[Setting.Length..];

    /// <summary>Adds to a recipe's model what it leaves open.</summary>
    /// <param name="model">The recipe's <c>model</c>; changed.</param>
    /// <param name="path">The folder of the model that it starts from.</param>
    /// <exception cref="RecipeException">There is no model to start from.</exception>
    public static void Complete(JsonObject model, string path) => Add(model, path, over: false);

    /// <summary>The model of a recipe with what it has from another in the place of its own.</summary>
    /// <param name="model">The model.</param>
    /// <param name="path">The folder of the model that it starts from.</param>
    /// <param name="settings">Settings that are made afterwards: of them only those of a base count here.</param>
    /// <exception cref="RecipeException">There is no model to start from.</exception>
    public static ModelConfig Adapt(ModelConfig model, string path, IReadOnlyList<string> settings)
    {
        JsonObject changed = ToJson(model);
        foreach (string name in OfEncoder) changed.Remove(name);
        changed.Remove(Below);
        if (settings.LastOrDefault(setting => setting.StartsWith("model.base=", StringComparison.Ordinal) || setting.StartsWith("model.base.", StringComparison.Ordinal)) is { } asked)
            changed[Below] = asked == "model.base=null" ? null : new JsonObject();
        Add(changed, path, over: true);
        return changed.Deserialize<ModelConfig>(RecipeJson.Options)!;
    }

    /// <summary>The configuration of the model in a folder.</summary>
    /// <exception cref="RecipeException">There is none.</exception>
    public static ModelConfig Read(string path)
    {
        try
        {
            ModelConfig config = FolderJson.Read(path, FolderFiles.Config, ModelJson.Files.ModelConfig, FolderFiles.MostConfigBytes).Value;
            config.Validate();
            return config;
        }
        catch (Exception error) when (error is ModelFolderException or ArgumentException)
        {
            throw Wrong(path, error);
        }
    }

    /// <summary>Checks that a model can start from another.</summary>
    /// <exception cref="RecipeException">It cannot; the message names the setting.</exception>
    public static void Check(ModelConfig model, string path)
    {
        ModelConfig other = Read(path);
        bool fits = other.Numbers is null == model.Numbers is null
            && (other.Task == model.Task || other.Task == ModelTask.LanguageModel && model.Task is ModelTask.Classifier or ModelTask.Tagger);
        if (!fits)
        {
            string task = SnakeCase.Of(model.Task), reads = model.Numbers is null ? "text" : "numbers";
            string language = model.Numbers is null && model.Task is ModelTask.Classifier or ModelTask.Tagger ? " or a language_model" : "";
            throw new RecipeException(
                $"from is {path}, a {SnakeCase.Of(other.Task)} of {(other.Numbers is null ? "text" : "numbers")}; expected a {task}{language} of {reads}");
        }

        JsonObject own = ToJson(model);
        bool canStand = other.Task != model.Task && other.Cell != CellKind.Sum;
        foreach (var (name, expected) in Of(other, model.Task, HasBase(other, own)))
        {
            JsonNode? found = At(own, name, out _, out _);
            if (JsonNode.DeepEquals(found, expected) || name == "numbers.features" && found?.GetValue<int>() == 0) continue;
            string advice = canStand && OfEncoder.Contains(name) ? "; with model.base={} it is free" : "";
            throw new RecipeException($"model.{name} is {Text(found)}; expected {Text(expected)}, since from starts from {path}{advice}");
        }
    }

    /// <summary>That no model can be started from in a folder.</summary>
    public static RecipeException Wrong(string path, Exception error) =>
        new($"from is {path}; expected the folder of a model with weights: {error.Message}", error);

    private static void Add(JsonObject model, string path, bool over)
    {
        ModelTask? task = TaskOf(model);
        ModelConfig other = Read(path);
        bool stands = HasBase(other, model);
        if (!model.ContainsKey(Below) && (stands || other.Base is not null && other.Task == task)) model[Below] = new JsonObject();
        foreach (var (setting, expected) in Of(other, task, stands).Concat(stands ? UsualEncoder.Select(one => (one.Name, (JsonNode?)one.Value.DeepClone())) : []))
        {
            JsonNode? found = At(model, setting, out JsonObject? owner, out string key);
            if (owner is not null && (over || found is null && !owner.ContainsKey(key))) owner[key] = expected;
        }
    }

    /// <summary>Whether a recipe's model has the other, a language model, for its base. A tagger has by itself, since its encoder is to read both ways.</summary>
    private static bool HasBase(ModelConfig other, JsonObject model)
    {
        if (other.Task != ModelTask.LanguageModel || TaskOf(model) is not (ModelTask.Classifier or ModelTask.Tagger)) return false;
        if (model.ContainsKey(Below)) return model[Below] is not null;
        return TaskOf(model) == ModelTask.Tagger && other.Tokenizer == Tokenization.Subwords && other.Cell != CellKind.Sum && !model.ContainsKey("hidden_size");
    }

    // Null where the reader refuses it.
    private static ModelTask? TaskOf(JsonObject model) =>
        model["task"] is JsonValue value && value.TryGetValue(out string? name) && Enum.TryParse(name.Replace("_", "", StringComparison.Ordinal), ignoreCase: true, out ModelTask known)
            ? known
            : null;

    private static IEnumerable<(string Name, JsonNode? Value)> Of(ModelConfig other, ModelTask? task, bool stands)
    {
        // A language model reads text as it stands, whatever its configuration says.
        JsonObject settings = ToJson(other.Task == ModelTask.LanguageModel ? other with { LowerCase = false } : other);
        foreach (string name in Shared.Concat(stands ? [] : OfEncoder).Concat(other.Task == task ? OfOneTask : []))
        {
            if (name == "lower_case" && task == ModelTask.LanguageModel || name.StartsWith("numbers.", StringComparison.Ordinal) && other.Numbers is null) continue;
            yield return (name, At(settings, name, out _, out _)?.DeepClone());
        }

        BaseConfig? below = stands ? new BaseConfig(other.Layers, other.HiddenSize) : other.Base;
        if (below is null) yield return (Below, null);
        else foreach (var (name, size) in ((string, int)[])[("layers", below.Layers), ("hidden_size", below.HiddenSize)]) yield return ($"{Below}.{name}", size);
    }

    private static JsonNode? At(JsonObject model, string name, out JsonObject? owner, out string key)
    {
        string[] keys = name.Split('.');
        (owner, key) = (keys.Length == 1 ? model : model[keys[0]] as JsonObject, keys[^1]);
        return owner?[key];
    }

    // With what is left out as a default, so that all can be compared.
    private static JsonObject ToJson(ModelConfig model)
    {
        JsonObject json = JsonSerializer.SerializeToNode(model, RecipeJson.Options)!.AsObject();
        json["tokenizer"] ??= RecipeShape.NameOf(model.Tokenizer);
        json["embedding_size"] ??= model.EmbeddingSize;
        return json;
    }

    private static string Text(JsonNode? value) => value switch
    {
        null => "none (null)",
        JsonValue text when text.TryGetValue(out string? word) => word,
        _ => value.ToJsonString(RecipeJson.Options).ReplaceLineEndings(" "),
    };
}
