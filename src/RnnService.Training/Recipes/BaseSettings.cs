using System.Text.Json;
using System.Text.Json.Nodes;
using RnnService.Engine.Models;
using RnnService.Engine.Text;

namespace RnnService.Training.Recipes;

/// <summary>
/// What a recipe has from the model that it starts from (<see cref="Recipe.From"/>): the settings without which the weights of the one are not those of
/// the other. Where the recipe does not say them they are the other's; where it says others it is refused.
/// </summary>
internal static class BaseSettings
{
    private const string Setting = "from=";

    // A dot: a setting of an object that the recipe may leave open in part.
    private static readonly string[] Shared =
        ["cell", "tokenizer", "lower_case", "embedding_size", "hidden_size", "layers", "bidirectional", "reverse", "characters"];

    private static readonly string[] OfOneTask =
        ["tie_weights", "decoder", "numbers.features", "numbers.audio", "numbers.horizon", "numbers.each_step", "numbers.separator"];

    /// <summary>The paths of the settings that a recipe has from the model that it starts from.</summary>
    public static IEnumerable<string> Paths => Shared.Concat(OfOneTask).Select(name => $"model.{name}");

    /// <summary>The model that settings start from; null where none of them says it.</summary>
    public static string? In(IReadOnlyList<string>? settings) =>
        settings?.LastOrDefault(setting => setting.StartsWith(Setting, StringComparison.Ordinal))?[Setting.Length..];

    /// <summary>Adds to a recipe's model what it leaves open.</summary>
    /// <param name="model">The recipe's <c>model</c>; changed.</param>
    /// <param name="path">The folder of the model that it starts from.</param>
    /// <exception cref="RecipeException">There is no model to start from.</exception>
    public static void Complete(JsonObject model, string path) => Add(model, path, over: false);

    /// <summary>The model of a recipe with what it has from another in the place of its own.</summary>
    /// <inheritdoc cref="Complete"/>
    public static ModelConfig Adapt(ModelConfig model, string path)
    {
        JsonObject changed = ToJson(model);
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
        foreach (var (name, expected) in Of(other, model.Task))
        {
            JsonNode? found = At(own, name, out _, out _);
            if (JsonNode.DeepEquals(found, expected) || name == "numbers.features" && found?.GetValue<int>() == 0) continue;
            throw new RecipeException($"model.{name} is {Text(found)}; expected {Text(expected)}, since from starts from {path}");
        }
    }

    /// <summary>That no model can be started from in a folder.</summary>
    public static RecipeException Wrong(string path, Exception error) =>
        new($"from is {path}; expected the folder of a model with weights: {error.Message}", error);

    private static void Add(JsonObject model, string path, bool over)
    {
        ModelTask? task = model["task"] is JsonValue value && value.TryGetValue(out string? name) && Enum.TryParse(name.Replace("_", "", StringComparison.Ordinal), ignoreCase: true, out ModelTask known)
            ? known
            : null; // the reader refuses it
        foreach (var (setting, expected) in Of(Read(path), task))
        {
            JsonNode? found = At(model, setting, out JsonObject? owner, out string key);
            if (owner is not null && (over || found is null && !owner.ContainsKey(key))) owner[key] = expected;
        }
    }

    private static IEnumerable<(string Name, JsonNode? Value)> Of(ModelConfig other, ModelTask? task)
    {
        // A language model reads text as it stands, whatever its configuration says.
        JsonObject settings = ToJson(other.Task == ModelTask.LanguageModel ? other with { LowerCase = false } : other);
        foreach (string name in other.Task == task ? Shared.Concat(OfOneTask) : Shared)
        {
            if (name == "lower_case" && task == ModelTask.LanguageModel || name.StartsWith("numbers.", StringComparison.Ordinal) && other.Numbers is null) continue;
            yield return (name, At(settings, name, out _, out _)?.DeepClone());
        }
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
