using System.Text.Json;
using RnnService.Engine.Text;
using RnnService.Server.Hosting;

namespace RnnService.Server.Pipeline;

/// <summary>One pass over a body that gathers its faults.</summary>
internal sealed class BodyCheck(LimitOptions limits, Shape root)
{
    /// <summary>Names that other services use for what has another name here.</summary>
    private static readonly Dictionary<string, string> OtherNames = new(StringComparer.OrdinalIgnoreCase)
    {
        ["text"] = "inputs",
        ["texts"] = "inputs",
        ["prompt"] = "inputs",
        ["input"] = "inputs",
        ["sentence"] = "inputs",
        ["sentences"] = "inputs",
        ["query"] = "inputs",
        ["content"] = "inputs",
        ["instances"] = "inputs",
        ["messages"] = "inputs",
        ["data"] = "inputs",
        ["documents"] = "inputs",
        ["text_input"] = "inputs",
        ["max_tokens"] = "parameters.max_new_tokens",
        ["max_token"] = "parameters.max_new_tokens",
        ["max_completion_tokens"] = "parameters.max_new_tokens",
        ["max_length"] = "parameters.max_new_tokens",
        ["n_predict"] = "parameters.max_new_tokens",
        ["stop_sequences"] = "parameters.stop",
        ["top_logprobs"] = "parameters.top_n_tokens",
        ["repeat_penalty"] = "parameters.repetition_penalty",
        ["model_name"] = "model",
        ["model_id"] = "model",
        ["random_seed"] = "parameters.seed",
        ["words"] = "tokens",
    };

    public List<FieldFault> Malformed { get; } = [];

    public List<FieldFault> OutOfBounds { get; } = [];

    public void Object(JsonElement element, Shape shape, string path)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            Malformed.Add(new FieldFault(path, $"{(path.Length == 0 ? "the body " : "")}is {Found(element)}; expected an object"));
            return;
        }

        var seen = new HashSet<string>();
        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (NameOf(property) is not { } name)
            {
                Malformed.Add(new FieldFault(path, "a field's name is not Unicode text (a surrogate without its other half)"));
                continue;
            }

            string fieldPath = PathOf(path, name);
            if (!seen.Add(name)) Malformed.Add(new FieldFault(fieldPath, "occurs twice"));
            else if (shape.Find(name) is { } field) Field(property.Value, field, fieldPath);
            else Malformed.Add(new FieldFault(fieldPath, "unknown field" + Suggestion(name, path)));
        }

        foreach (ShapeField field in shape.Fields)
        {
            if (field.Required && !seen.Contains(field.Name))
                OutOfBounds.Add(new FieldFault(PathOf(path, field.Name), "is required"));
        }
    }

    private void Field(JsonElement element, ShapeField field, string path)
    {
        if (element.ValueKind == JsonValueKind.Null && !field.Required) return;
        switch (field.Form)
        {
            case JsonForm.Object: Object(element, field.Nested!, path); break;
            case JsonForm.Text when Is(element, JsonValueKind.String, path, "a string"): Text(element, field, path); break;
            case JsonForm.TextOrTexts when element.ValueKind == JsonValueKind.String: Text(element, field, path); break;
            case JsonForm.TextOrTexts when Is(element, JsonValueKind.Array, path, "a string or a list of strings"):
                Texts(element, field, path);
                break;
            case JsonForm.Texts when element.ValueKind == JsonValueKind.String: Text(element, field, path); break;
            case JsonForm.Texts when Is(element, JsonValueKind.Array, path, "a string or a list of strings"): Texts(element, field, path); break;
            case JsonForm.ListsOfTexts when Is(element, JsonValueKind.Array, path, "a list of lists of strings, as in [[\"Marie\", \"Curie\"]]"):
                Lists(element, field, path);
                break;
            case JsonForm.Number when Is(element, JsonValueKind.Number, path, "a number"):
                Number(element, field, path);
                break;
            case JsonForm.WholeNumber when Is(element, JsonValueKind.Number, path, "a whole number"):
                Whole(element, field, path);
                break;
            case JsonForm.Truth when element.ValueKind is not (JsonValueKind.True or JsonValueKind.False):
                Malformed.Add(new FieldFault(path, $"is {Found(element)}; expected true or false"));
                break;
            case JsonForm.AnyObject: Is(element, JsonValueKind.Object, path, "an object"); break;
        }

        if (field.OneOf is { } allowed && !allowed.Json.Any(json => Same(element, json)))
        {
            OutOfBounds.Add(new FieldFault(path, (allowed.Extra, allowed.Json.Count) switch
            {
                (true, 0) => "is not supported; leave it out",
                (true, _) => $"is not supported; leave it out or send {string.Join(" or ", allowed.Json)}",
                _ => $"is {Shown(element)}; expected {string.Join(" or ", allowed.Json)}",
            }));
        }
    }

    private void Lists(JsonElement element, ShapeField field, string path)
    {
        Count(element, field, path);
        int index = 0;
        foreach (JsonElement item in element.EnumerateArray())
        {
            string itemPath = $"{path}[{index++}]";
            if (Is(item, JsonValueKind.Array, itemPath, "a list of strings, as in [[\"Marie\", \"Curie\"]]")) Texts(item, field, itemPath, counted: false);
        }
    }

    private void Texts(JsonElement element, ShapeField field, string path, bool counted = true)
    {
        if (counted) Count(element, field, path);
        int index = 0;
        foreach (JsonElement item in element.EnumerateArray())
        {
            string itemPath = $"{path}[{index++}]";
            if (Is(item, JsonValueKind.String, itemPath, "a string")) Text(item, field, itemPath);
        }
    }

    private void Count(JsonElement element, ShapeField field, string path)
    {
        if (field.Count is not { } bounds) return;
        (int count, int most) = (element.GetArrayLength(), bounds.Most(limits));
        if (count < bounds.Least) OutOfBounds.Add(new FieldFault(path, $"is an empty list; expected {bounds.Least} to {most} entries"));
        if (count > most) OutOfBounds.Add(new FieldFault(path, $"holds {count} entries; at most {most} are allowed"));
    }

    private void Text(JsonElement element, ShapeField field, string path)
    {
        string? text = TextOf(element);
        if (text is null)
        {
            Malformed.Add(new FieldFault(path, "is not Unicode text (a surrogate without its other half)"));
        }
        else if (field.Length is { } bounds)
        {
            (int length, int most) = (CodePoints.Count(text), bounds.Most(limits));
            if (length < bounds.Least) OutOfBounds.Add(new FieldFault(path, "is empty; expected a text"));
            if (length > most) OutOfBounds.Add(new FieldFault(path, $"has {length} characters; at most {most} are allowed"));
        }
    }

    private void Whole(JsonElement element, ShapeField field, string path)
    {
        if (!JsonNumber.TryParseWhole(element.GetRawText(), out Int128 value))
        {
            Malformed.Add(new FieldFault(path, $"is {Shown(element)}; expected a whole number"));
            return;
        }

        if (field.Value is not { } bounds)
        {
            return; // a field that can only be switched off: its value is compared with those it may have
        }

        bool within = value >= bounds.WholeLeast && value <= bounds.WholeMost(limits);
        if (!within && !(bounds.Unset && value == ValueAttribute.NotSet)) OutOfBounds.Add(Beyond(bounds, element, path));
    }

    private void Number(JsonElement element, ShapeField field, string path)
    {
        double value = JsonNumber.Real(element.GetRawText());
        if (field.Value is not { } bounds) return;
        bool within = (bounds.Above ? value > bounds.Least : value >= bounds.Least) && value <= bounds.Most(limits);
        if (!within) OutOfBounds.Add(Beyond(bounds, element, path));
    }

    private FieldFault Beyond(ValueAttribute bounds, JsonElement element, string path) => new(path,
        $"is {Shown(element)}; expected a number {(bounds.Above ? "above" : "of at least")} {ValueAttribute.Text(bounds.Least)} "
        + $"and at most {bounds.MostText(limits)}{(bounds.Unset ? $", or {ValueAttribute.NotSet}" : "")}");

    private bool Is(JsonElement element, JsonValueKind kind, string path, string wanted)
    {
        if (element.ValueKind == kind) return true;
        Malformed.Add(new FieldFault(path, $"is {Found(element)}; expected {wanted}"));
        return false;
    }

    /// <summary>Another service's name for a field, the same name at another place, or the nearest spelling.</summary>
    private string Suggestion(string name, string parent)
    {
        static string LastPart(string path) => path[(path.LastIndexOf('.') + 1)..];
        static string Letters(string word) => word.Replace("_", "").Replace("-", "");
        List<string> paths = [.. root.Paths()];
        string? meant = OtherNames.TryGetValue(name, out string? other) && paths.Contains(other) ? other : null;
        meant ??= paths.Find(path => Letters(LastPart(path)).Equals(Letters(name), StringComparison.OrdinalIgnoreCase));
        meant ??= NearestName.Of(name, paths, LastPart);
        if (meant is not null) return $"; did you mean {meant}?";
        string[] beside = [.. paths.Where(path => path == PathOf(parent, LastPart(path)))];
        return $"; the fields are {Listing.Of(beside)}";
    }

    private static string Found(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a truth value",
        _ => "null",
    };

    /// <summary>A number or string as it was written, as far as it fits into a sentence; of others the kind.</summary>
    private static string Shown(JsonElement element)
    {
        const int most = 40;
        if (element.ValueKind is not (JsonValueKind.Number or JsonValueKind.String)) return Found(element);
        string text = element.GetRawText();
        return text.Length <= most ? text : text[..most] + "…";
    }

    /// <summary>A field's path; a name that is longer than any there is, is cut.</summary>
    private static string PathOf(string parent, string name)
    {
        const int most = 100;
        if (name.Length > most) name = name[..most] + "…";
        return parent.Length == 0 ? name : $"{parent}.{name}";
    }

    private static bool Same(JsonElement element, string json)
    {
        using JsonDocument wanted = JsonDocument.Parse(json);
        JsonElement other = wanted.RootElement;
        return element.ValueKind == other.ValueKind && element.ValueKind switch
        {
            JsonValueKind.String => TextOf(element) == other.GetString(),
            JsonValueKind.Number => JsonNumber.Real(element.GetRawText()) == other.GetDouble(),
            _ => true,
        };
    }

    /// <summary>The text, or null where an escape is half of a surrogate pair: only then does the reader throw here.</summary>
    private static string? TextOf(JsonElement element)
    {
        try
        {
            return element.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static string? NameOf(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
