using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using RnnService.Engine.Text;

namespace RnnService.Server.Requests;

/// <summary>What a JSON value in a request may be.</summary>
internal enum JsonForm
{
    Text,
    Number,
    WholeNumber,
    Truth,
    TextOrTexts,
    Texts,
    ListsOfTexts,
    WholeNumbers,
    NumbersByName,
    Object,
    Objects,
    Prompts,
    TextOrParts,
    Sequences,
    Steps,
    Any,
    AnyObject,
    AnyList,
}

/// <summary>A field of a request: its name on the wire, its form and its bounds, read once from the record that holds it.</summary>
internal sealed record SchemaField(PropertyInfo Property, int Index, string Name, JsonForm Form, bool Required, RequestSchema? Nested)
{
    /// <summary>Stands for it in a set of the fields of its record.</summary>
    public ulong Bit { get; } = Index < 64 ? 1UL << Index : throw new ArgumentOutOfRangeException(nameof(Index), Index, "a record has more than 64 fields");

    public ValueAttribute? Value { get; } = Property.GetCustomAttribute<ValueAttribute>();

    public LengthAttribute? Length { get; } = Property.GetCustomAttribute<LengthAttribute>();

    public CountAttribute? Count { get; } = Property.GetCustomAttribute<CountAttribute>();

    public bool OrNumbers { get; } = Property.IsDefined(typeof(OrNumbersAttribute));

    public OneOfAttribute? OneOf { get; } = Property.GetCustomAttribute<OneOfAttribute>();
}

/// <summary>The fields of a request record. One instance a type.</summary>
internal sealed class RequestSchema
{
    private static readonly ConcurrentDictionary<Type, RequestSchema> Known = new();

    private readonly Dictionary<string, SchemaField> _fields;

    private RequestSchema(Type type)
    {
        _fields = type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(FieldOf).ToDictionary(field => field.Name);
        Paths = new FieldPaths(Fields.SelectMany(field =>
            (field.Nested?.Paths.All.Select(path => $"{field.Name}.{path}") ?? []).Prepend(field.Name)));
    }

    public IReadOnlyCollection<SchemaField> Fields => _fields.Values;

    public static RequestSchema Of(Type type) => Known.GetOrAdd(type, one => new RequestSchema(one));

    public SchemaField? Find(string name) => _fields.GetValueOrDefault(name);

    /// <summary>The dotted names of all fields, nested ones included.</summary>
    public FieldPaths Paths { get; }

    private static SchemaField FieldOf(PropertyInfo property, int index)
    {
        string name = property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name
            ?? SnakeCase.Of(property.Name);
        Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        JsonForm form = FormOf(type);
        bool required = property.IsDefined(typeof(RequiredMemberAttribute));
        if (form == JsonForm.AnyObject && property.IsDefined(typeof(CountAttribute))) form = JsonForm.AnyList;
        if (form == JsonForm.AnyObject && property.IsDefined(typeof(OneOfAttribute))) form = JsonForm.Any;
        return new SchemaField(property, index, name, form, required, NestedIn(type, form));
    }

    private static JsonForm FormOf(Type type) => type switch
    {
        _ when type == typeof(string) => JsonForm.Text,
        _ when type == typeof(double) => JsonForm.Number,
        _ when type == typeof(long) || type == typeof(ulong) => JsonForm.WholeNumber,
        _ when type == typeof(bool) => JsonForm.Truth,
        _ when type == typeof(Texts) => JsonForm.TextOrTexts,
        _ when type == typeof(IReadOnlyList<string>) => JsonForm.Texts,
        _ when type == typeof(IReadOnlyList<IReadOnlyList<string>>) => JsonForm.ListsOfTexts,
        _ when type == typeof(Prompts) => JsonForm.Prompts,
        _ when type == typeof(NumberLists) => JsonForm.Sequences,
        _ when type == typeof(Engine.Networks.NumberSequence) => JsonForm.Steps,
        _ when type == typeof(ChatContent) => JsonForm.TextOrParts,
        _ when type == typeof(IReadOnlyList<long>) => JsonForm.WholeNumbers,
        _ when type == typeof(JsonElement) => JsonForm.AnyObject, // a list where it has a count, anything where it may only be what is named
        _ when type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) => JsonForm.Objects,
        _ when type == typeof(IReadOnlyDictionary<string, double>) => JsonForm.NumbersByName,
        _ => JsonForm.Object,
    };

    /// <summary>What the object is, or each object of a list.</summary>
    private static RequestSchema? NestedIn(Type type, JsonForm form) => form switch
    {
        JsonForm.Object => Of(type),
        JsonForm.Objects => Of(type.GetGenericArguments()[0]),
        JsonForm.TextOrParts => Of(typeof(ChatPart)),
        _ => null,
    };
}

/// <summary>One text or a list of texts; the answer has the form of the question.</summary>
/// <param name="Items">The texts.</param>
/// <param name="IsList">Whether they were sent as a list.</param>
[JsonConverter(typeof(TextsConverter))]
internal sealed record Texts(IReadOnlyList<string> Items, bool IsList);

internal sealed class TextsConverter : JsonConverter<Texts>
{
    public override Texts Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String
            ? new Texts([reader.GetString()!], false)
            : new Texts(JsonSerializer.Deserialize<string[]>(ref reader, options)!, true);

    public override void Write(Utf8JsonWriter writer, Texts value, JsonSerializerOptions options)
    {
        if (value.IsList) JsonSerializer.Serialize(writer, value.Items, options);
        else writer.WriteStringValue(value.Items[0]);
    }
}

/// <summary>Reads a list of strings, of which a string alone is a list of one.</summary>
internal sealed class OneOrMoreConverter : JsonConverter<IReadOnlyList<string>>
{
    public override IReadOnlyList<string> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String ? [reader.GetString()!] : JsonSerializer.Deserialize<string[]>(ref reader, options)!;

    public override void Write(Utf8JsonWriter writer, IReadOnlyList<string> value, JsonSerializerOptions options) =>
        JsonSerializer.Serialize(writer, value.ToArray(), options);
}
