using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace RnnService.Training.Recipes;

/// <summary>Recipes as JSON.</summary>
internal static class RecipeJson
{
    /// <summary>How a recipe is written and read.</summary>
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DictionaryKeyPolicy = null,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    };

    private static JsonDocumentOptions Lenient => new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        AllowDuplicateProperties = false,
    };

    /// <summary>Reads a file.</summary>
    /// <exception cref="RecipeException">The file or a setting is wrong; the message begins with the file.</exception>
    public static Recipe Read(string path, IEnumerable<string> settings)
    {
        try
        {
            return Change(JsonNode.Parse(File.ReadAllText(path), documentOptions: Lenient), settings);
        }
        catch (JsonException error)
        {
            // .NET's sentence ends in places of its own counting.
            string reason = error.Message.Split(" Path:")[0].Split(" LineNumber:")[0];
            string line = error.LineNumber is { } number ? $", line {number + 1}" : "";
            throw new RecipeException($"{path}{line}: is not JSON; expected a recipe: {reason}", error);
        }
        catch (Exception error) when (error is RecipeException or IOException or UnauthorizedAccessException)
        {
            throw new RecipeException($"{path}: {error.Message}", error);
        }
    }

    /// <summary>Makes a recipe of its JSON, with some settings changed.</summary>
    /// <param name="root">The recipe's JSON, which is changed.</param>
    /// <param name="settings">Settings by dotted path.</param>
    /// <param name="namesCorpora">Whether the recipe has to name its corpora.</param>
    /// <exception cref="RecipeException">A setting is wrong.</exception>
    public static Recipe Change(JsonNode? root, IEnumerable<string> settings, bool namesCorpora = true)
    {
        RecipeReader.CheckRoot(root);
        bool isOver = HasNoWords(root!), spells = false;
        foreach (string setting in settings)
        {
            RecipeReader.Override(root!, setting);
            spells |= setting.StartsWith("model.characters", StringComparison.Ordinal);
        }

        // A tagger over characters has no words to spell out, and subwords spell: the character network goes with the words, unless it is asked for.
        if (!isOver && !spells && HasNoWords(root!)) root!["model"]!.AsObject().Remove("characters");
        if (root is JsonObject whole && whole["from"] is JsonValue from && from.TryGetValue(out string? path) && path.Length > 0 && whole["model"] is JsonObject model)
            BaseSettings.Complete(model, path);
        RecipeReader.Check(root);
        try
        {
            Recipe recipe = root.Deserialize<Recipe>(Options)!; // null for null alone, which the root is not
            recipe.Validate(namesCorpora);
            return recipe;
        }
        catch (JsonException error)
        {
            throw new RecipeException($"{error.Path?.TrimStart('$', '.')} has a wrong value; docs/recipe.md lists what is expected", error);
        }
    }

    private static bool HasNoWords(JsonNode root) =>
        root is JsonObject recipe && recipe["model"] is JsonObject model && model["tokenizer"] is JsonValue value
        && value.TryGetValue(out string? tokenizer) && tokenizer is "characters" or "subwords";
}
