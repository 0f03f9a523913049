using System.Text.Json;
using RnnService.Engine.Text;
using RnnService.Server.Options;

namespace RnnService.Server.Requests;

/// <summary>
/// One pass over a body that gathers its faults. It ends once they are as many as are told: the work for a bad body does not grow with
/// the number of its faults.
/// </summary>
/// <param name="limits">Bounds that are options.</param>
/// <param name="root">What the object should be.</param>
/// <param name="place">Where it stands in the body; empty for the body itself.</param>
internal sealed class BodyCheck(LimitOptions limits, RequestSchema root, string place)
{
    private HashSet<string>? _listed; // places whose fields have been told

    public FaultList Malformed { get; } = new();

    public FaultList OutOfBounds { get; } = new();

    private bool IsOver => Malformed.IsFull || OutOfBounds.IsFull;

    public void Object(JsonElement element, RequestSchema schema, string path)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            Malformed.Add(path, $"{(path.Length == 0 ? "the body " : "")}is {Found(element)}; expected an object");
            return;
        }

        ulong seen = 0; // a bit for each field of the schema
        HashSet<string>? unknown = null;
        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (IsOver) return;
            if (NameOf(property) is not { } name)
            {
                Malformed.Add(path, "a field's name is not Unicode text (a surrogate without its other half)");
                continue;
            }

            string fieldPath = PathOf(path, name);
            SchemaField? field = schema.Find(name);
            bool isNew = field is null ? (unknown ??= []).Add(name) : (seen & field.Bit) == 0;
            if (!isNew)
            {
                Malformed.Add(fieldPath, "occurs twice");
            }
            else if (field is null)
            {
                Malformed.Add(fieldPath, "unknown field" + Suggestion(name, path));
            }
            else
            {
                seen |= field.Bit;
                Field(property.Value, field, fieldPath);
            }
        }

        foreach (SchemaField field in schema.Fields)
        {
            if (field.Required && (seen & field.Bit) == 0)
                OutOfBounds.Add(PathOf(path, field.Name), "is required");
        }
    }

    private void Field(JsonElement element, SchemaField field, string path)
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
            case JsonForm.NumbersByName when Is(element, JsonValueKind.Object, path, "an object"): Numbers(element, field, path); break;
            case JsonForm.WholeNumber when Is(element, JsonValueKind.Number, path, "a whole number"):
                Whole(element, field, path);
                break;
            case JsonForm.Truth when element.ValueKind is not (JsonValueKind.True or JsonValueKind.False):
                Malformed.Add(path, $"is {Found(element)}; expected true or false");
                break;
            case JsonForm.WholeNumbers when Is(element, JsonValueKind.Array, path, "a list of whole numbers"):
                Items(element, field, path, (item, at) =>
                {
                    if (Is(item, JsonValueKind.Number, at, "a whole number")) Whole(item, field, at);
                });
                break;
            case JsonForm.Prompts: Prompts(element, field, path); break;
            case JsonForm.TextOrParts when element.ValueKind == JsonValueKind.String: Text(element, field, path); break;
            case JsonForm.TextOrParts when Is(element, JsonValueKind.Array, path, "a string or a list of parts, as in [{\"type\": \"text\", \"text\": \"…\"}]"):
            case JsonForm.Objects when Is(element, JsonValueKind.Array, path, "a list of objects"):
                Items(element, field, path, (item, at) => Object(item, field.Nested!, at));
                break;
            case JsonForm.Sequences: NumberLists.Check(element, path, limits, Malformed, OutOfBounds); break;
            case JsonForm.Steps: NumberLists.CheckSteps(element, path, limits.MaxRequestTokens, Malformed, OutOfBounds); break;
            case JsonForm.AnyObject: Is(element, JsonValueKind.Object, path, "an object"); break;
            case JsonForm.AnyList when Is(element, JsonValueKind.Array, path, "a list"): Counted(element, field.Count!, path); break;
        }

        if (field.OneOf is { } allowed && !allowed.Json.Any(json => Same(element, json)))
        {
            OutOfBounds.Add(path, (allowed.Extra, allowed.Json.Count) switch
            {
                (true, 0) => "is not supported; leave it out",
                (true, _) => $"is not supported; leave it out or send {string.Join(" or ", allowed.Json)}",
                _ => $"is {Shown(element)}; expected {string.Join(" or ", allowed.Json)}",
            });
        }
    }

    private void Prompts(JsonElement element, SchemaField field, string path)
    {
        if (element.ValueKind == JsonValueKind.String) Text(element, field, path);
        else if (Is(element, JsonValueKind.Array, path, "a string, a list of strings, a list of token ids or a list of those"))
        {
            switch (element.EnumerateArray().FirstOrDefault().ValueKind)
            {
                case JsonValueKind.Number: Ids(element, field, path); break;
                case JsonValueKind.Array:
                    Items(element, field, path, (item, at) =>
                    {
                        if (Is(item, JsonValueKind.Array, at, "a list of token ids")) Ids(item, field, at);
                    });
                    break;
                default: Texts(element, field, path); break;
            }
        }
    }

    private void Ids(JsonElement element, SchemaField field, string path)
    {
        if (!Counted(element, 1, field.Length!.Most(limits), path)) return;
        Items(element, path, (item, at) =>
        {
            if (Is(item, JsonValueKind.Number, at, "a token id")
                && (!JsonNumber.TryParseWhole(item.GetRawText(), out Int128 id) || id < 0 || id > int.MaxValue))
                OutOfBounds.Add(at, $"is {Shown(item)}; expected a token id, a whole number from 0");
        });
    }

    private void Lists(JsonElement element, SchemaField field, string path) => Items(element, field, path, (list, at) =>
    {
        if (!Is(list, JsonValueKind.Array, at, "a list of strings, as in [[\"Marie\", \"Curie\"]]")) return;
        // Joined they are one text, and none of them is empty: more words than it may have characters are too many.
        if (field.Length is not { } length || Counted(list, 0, length.Most(limits), at)) Strings(list, field, at);
    });

    private void Texts(JsonElement element, SchemaField field, string path) => Items(element, field, path, (item, at) => String(item, field, at));

    private void Strings(JsonElement element, SchemaField field, string path) => Items(element, path, (item, at) => String(item, field, at));

    private void String(JsonElement element, SchemaField field, string path)
    {
        if (Is(element, JsonValueKind.String, path, "a string")) Text(element, field, path);
    }

    /// <summary>Goes through a list that has as many entries as the field may have.</summary>
    private void Items(JsonElement element, SchemaField field, string path, Action<JsonElement, string> check)
    {
        if (field.Count is not { } bounds || Counted(element, bounds, path)) Items(element, path, check);
    }

    private void Items(JsonElement element, string path, Action<JsonElement, string> check)
    {
        int index = 0;
        foreach (JsonElement item in element.EnumerateArray())
        {
            if (IsOver) return;
            check(item, $"{path}[{index++}]");
        }
    }

    private bool Counted(JsonElement element, CountAttribute bounds, string path) => Counted(element, bounds.Least, bounds.Most(limits), path);

    /// <summary>Whether a list has as many entries as it may: one that has not is not gone through.</summary>
    private bool Counted(JsonElement element, int least, int most, string path)
    {
        int count = element.GetArrayLength();
        if (count < least) OutOfBounds.Add(path, $"is an empty list; expected {least} to {most} entries");
        if (count > most) OutOfBounds.Add(path, $"holds {count} entries; at most {most} are allowed");
        return count >= least && count <= most;
    }

    private void Text(JsonElement element, SchemaField field, string path)
    {
        string? text = TextOf(element);
        if (text is null)
        {
            Malformed.Add(path, "is not Unicode text (a surrogate without its other half)");
        }
        else if (field.Length is { } bounds)
        {
            (int length, int most) = (CodePoints.Count(text), bounds.Most(limits));
            if (length < bounds.Least) OutOfBounds.Add(path, "is empty; expected a text");
            if (length > most) OutOfBounds.Add(path, $"has {length} characters; at most {most} are allowed");
        }
    }

    private void Whole(JsonElement element, SchemaField field, string path)
    {
        if (!JsonNumber.TryParseWhole(element.GetRawText(), out Int128 value))
        {
            Malformed.Add(path, $"is {Shown(element)}; expected a whole number");
            return;
        }

        if (field.Value is not { } bounds)
        {
            return; // a field that can only be switched off: its value is compared with those it may have
        }

        bool within = value >= bounds.WholeLeast && value <= bounds.WholeMost(limits);
        if (!within && !(bounds.Unset && value == ValueAttribute.NotSet)) OutOfBounds.Add(path, Beyond(bounds, element));
    }

    private void Number(JsonElement element, SchemaField field, string path)
    {
        double value = JsonNumber.Real(element.GetRawText());
        if (field.Value is not { } bounds) return;
        bool within = (bounds.Above ? value > bounds.Least : value >= bounds.Least) && value <= bounds.Most(limits);
        if (!within) OutOfBounds.Add(path, Beyond(bounds, element));
    }

    private void Numbers(JsonElement element, SchemaField field, string path)
    {
        HashSet<string> seen = [];
        foreach (JsonProperty number in element.EnumerateObject())
        {
            if (IsOver) return;
            if (NameOf(number) is not { } name) Malformed.Add(path, "a name is not Unicode text (a surrogate without its other half)");
            else if (!seen.Add(name)) Malformed.Add(PathOf(path, name), "occurs twice");
            else if (Is(number.Value, JsonValueKind.Number, PathOf(path, name), "a number")) Number(number.Value, field, PathOf(path, name));
        }
    }

    private string Beyond(ValueAttribute bounds, JsonElement element) =>
        $"is {Shown(element)}; expected a number {(bounds.Above ? "above" : "of at least")} {ValueAttribute.Text(bounds.Least)} "
        + $"and at most {bounds.MostText(limits)}{(bounds.Unset ? $", or {ValueAttribute.NotSet}" : "")}";

    private bool Is(JsonElement element, JsonValueKind kind, string path, string expected)
    {
        if (element.ValueKind == kind) return true;
        Malformed.Add(path, $"is {Found(element)}; expected {expected}");
        return false;
    }

    /// <summary>The field that was probably meant; otherwise the fields that there are at this place, once.</summary>
    private string Suggestion(string name, string parent)
    {
        if (root.Paths.Meant(name) is { } meant) return $"; did you mean {PathOf(place, meant)}?";
        if (!(_listed ??= []).Add(parent)) return "";
        string inside = parent.Length > place.Length && place.Length > 0 ? parent[(place.Length + 1)..] : parent == place ? "" : parent;
        string[] fields = [.. root.Paths.Beside(inside).Select(path => PathOf(place, path))];
        return fields.Length == 0 ? "" : $"; the fields are {Listing.Of(fields)}";
    }

    public static string Found(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a truth value",
        _ => "null",
    };

    /// <summary>A number or string as it was written, as far as it fits into a sentence; of others the kind.</summary>
    private static string Shown(JsonElement element) =>
        element.ValueKind is JsonValueKind.Number or JsonValueKind.String ? Listing.Cut(element.GetRawText()) : Found(element);

    /// <summary>A field's path; a name that is longer than any there is, is cut.</summary>
    private static string PathOf(string parent, string name) => parent.Length == 0 ? Listing.Cut(name) : $"{parent}.{Listing.Cut(name)}";

    private static bool Same(JsonElement element, string json)
    {
        using JsonDocument allowed = JsonDocument.Parse(json);
        JsonElement other = allowed.RootElement;
        return element.ValueKind == other.ValueKind && element.ValueKind switch
        {
            JsonValueKind.String => TextOf(element) == other.GetString(),
            JsonValueKind.Number => JsonNumber.Real(element.GetRawText()) == other.GetDouble(),
            JsonValueKind.Array => element.GetArrayLength() == other.GetArrayLength()
                && element.EnumerateArray().Zip(other.EnumerateArray()).All(pair => Same(pair.First, pair.Second.GetRawText())),
            JsonValueKind.Object => SameFields(element, other),
            _ => true,
        };
    }

    private static bool SameFields(JsonElement element, JsonElement other)
    {
        JsonProperty[] fields = [.. element.EnumerateObject()];
        return fields.Length == other.GetPropertyCount()
            && fields.All(field => NameOf(field) is { } name && other.TryGetProperty(name, out JsonElement value) && Same(field.Value, value.GetRawText()));
    }

    /// <summary>The text; null where there is none, or where an escape is half of a surrogate pair.</summary>
    public static string? TextOf(JsonElement element)
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

    /// <summary>A field's name; null where an escape is half of a surrogate pair.</summary>
    public static string? NameOf(JsonProperty property)
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
