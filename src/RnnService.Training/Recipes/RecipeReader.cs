using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using RnnService.Engine.Text;
using RnnService.Training.Corpora;

namespace RnnService.Training.Recipes;

/// <summary>
/// Checks a recipe as JSON before it is read: the sentences of .NET's own reader speak of .NET types and stop at half of what is wrong.
/// </summary>
internal static class RecipeReader
{
    private const int LongestShown = 40;

    /// <exception cref="RecipeException">The recipe is no object.</exception>
    public static void CheckRoot(JsonNode? root)
    {
        if (root is not JsonObject) throw NotAnObject(root, "");
    }

    /// <summary>Checks names and kinds of values; bounds are checked on what was read.</summary>
    /// <exception cref="RecipeException">A name is unknown or missing, or a value is of the wrong kind.</exception>
    public static void Check(JsonNode? root) => CheckObject(root, typeof(Recipe), "");

    /// <summary>Sets one value.</summary>
    /// <param name="root">The recipe.</param>
    /// <param name="setting"><c>path=value</c>; the value is JSON, or else a text.</param>
    /// <exception cref="RecipeException">There is no such setting.</exception>
    public static void Override(JsonNode root, string setting)
    {
        int equals = setting.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0) throw new RecipeException($"setting \"{setting}\": expected path=value, such as training.learning_rate=0.001");
        string path = setting[..equals].Trim(), text = setting[(equals + 1)..];
        string[] keys = path.Split('.');
        JsonNode? node = root;
        Type type = typeof(Recipe);
        for (int i = 0; i < keys.Length; i++)
        {
            var member = RecipeShape.Members(type).FirstOrDefault(member => member.Name == keys[i]);
            if (member.Property is null) throw new RecipeException(RecipeSettings.Unknown(string.Join('.', keys[..(i + 1)])));
            type = member.Property.PropertyType;
            if (node is not JsonObject parent) throw NotAnObject(node, string.Join('.', keys[..i]));
            if (i == keys.Length - 1)
            {
                parent[keys[i]] = ValueOf(text, type);
                return;
            }

            if (RecipeShape.PairOf(type) is not null) // the rest is a key of a dictionary, dots and all
            {
                if (parent[keys[i]] is not JsonObject pairs) parent[keys[i]] = pairs = [];
                pairs[string.Join('.', keys[(i + 1)..])] = ValueOf(text, RecipeShape.PairOf(type)!.Value.Value);
                return;
            }

            if (!RecipeShape.IsObject(type))
            {
                string own = string.Join('.', keys[..(i + 1)]);
                throw new RecipeException($"{path} is unknown: {own} is {RecipeShape.KindOf(type)}; expected {own}=VALUE");
            }

            node = parent[keys[i]] ??= new JsonObject();
        }
    }

    private static JsonNode? ValueOf(string text, Type type)
    {
        // A text is taken as it stands, even one that is a number, unless it is quoted.
        if (type == typeof(string) && text != "null" && !text.StartsWith('"')) return JsonValue.Create(text);
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return JsonValue.Create(text);
        }
    }

    private static void CheckObject(JsonNode? node, Type type, string path)
    {
        if (node is not JsonObject found) throw NotAnObject(node, path);
        var members = RecipeShape.Members(type).ToDictionary(member => member.Name, member => member.Property);
        foreach (var (name, value) in found)
        {
            string own = path.Length > 0 ? $"{path}.{name}" : name;
            if (!members.TryGetValue(name, out var property)) throw new RecipeException(RecipeSettings.Unknown(own));
            if (value is null && RecipeShape.MayBeNull(property)) continue;
            CheckValue(value, property.PropertyType, own);
        }

        string[] missing = [.. members.Where(member => RecipeShape.IsRequired(member.Value) && !found.ContainsKey(member.Key)).Select(member => member.Key)];
        if (missing.Length > 0) throw new RecipeException($"{(path.Length > 0 ? path : "the recipe")} lacks {string.Join(", ", missing)}");
    }

    private static void CheckValue(JsonNode? node, Type type, string path)
    {
        if (RecipeShape.IsObject(type))
        {
            CheckObject(node, type, path);
        }
        else if (RecipeShape.ElementOf(type) is { } element)
        {
            if (node is not JsonArray list) throw Wrong(node, type, path);
            for (int i = 0; i < list.Count; i++) CheckValue(list[i], element, string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"));
        }
        else if (RecipeShape.PairOf(type) is { } pair)
        {
            if (node is not JsonObject pairs) throw Wrong(node, type, path);
            foreach (var (key, value) in pairs)
            {
                if (pair.Key == typeof(int) && !int.TryParse(key, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
                    throw new RecipeException($"{path} has the key \"{key}\"; expected a whole number");
                CheckValue(value, pair.Value, $"{path}.{key}");
            }
        }
        else if (!Fits(node as JsonValue, Nullable.GetUnderlyingType(type) ?? type))
        {
            throw Wrong(node, type, path);
        }
    }

    private static bool Fits(JsonValue? value, Type type)
    {
        if (value is null) return false;
        JsonValueKind kind = value.GetValueKind();
        if (type == typeof(string)) return kind == JsonValueKind.String;
        if (type == typeof(CorpusColumn) && kind == JsonValueKind.String) return true;
        if (type == typeof(bool)) return kind is JsonValueKind.True or JsonValueKind.False;
        if (type.IsEnum) return kind == JsonValueKind.String && Enum.GetNames(type).Select(RecipeShape.NameOf).Contains(value.GetValue<string>());
        if (kind != JsonValueKind.Number) return false;
        string number = value.ToJsonString();
        return type == typeof(int) || type == typeof(CorpusColumn) ? int.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)
            : type == typeof(ulong) ? ulong.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            : type == typeof(float) ? float.TryParse(number, CultureInfo.InvariantCulture, out float narrow) && float.IsFinite(narrow)
            : double.TryParse(number, CultureInfo.InvariantCulture, out double wide) && double.IsFinite(wide);
    }

    private static RecipeException NotAnObject(JsonNode? node, string path) =>
        new($"{(path.Length > 0 ? path : "the recipe")} is {Found(node)}; expected an object"
            + (node is null && path.Length > 0 ? ", or nothing at all for the defaults" : ""));

    private static RecipeException Wrong(JsonNode? node, Type type, string path)
    {
        Type plain = Nullable.GetUnderlyingType(type) ?? type;
        string near = plain.IsEnum && node is JsonValue value && value.TryGetValue(out string? written)
            && NearestName.Of(written, Enum.GetNames(plain).Select(RecipeShape.NameOf)) is { } meant ? $"; did you mean {meant}?" : "";
        string expected = RecipeSettings.Find(path)?.Expected
            ?? (type == typeof(int) || type == typeof(ulong) ? "a whole number" : RecipeShape.KindOf(type));
        if (plain == typeof(ulong)) expected = $"a whole number, 0 to {ulong.MaxValue}";
        return new RecipeException($"{path} is {Found(node)}; expected {expected}{near}");
    }

    private static string Found(JsonNode? node) => node switch
    {
        null => "null",
        JsonObject => "an object",
        JsonArray => "a list",
        _ when node.ToJsonString(RecipeJson.Options) is { Length: > LongestShown } text => text[..LongestShown] + "…",
        _ => node.ToJsonString(RecipeJson.Options),
    };
}
