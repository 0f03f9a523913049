using System.Text.Json;
using System.Text.Json.Serialization;

namespace RnnService.Training.Corpora;

/// <summary>A number or a string in JSON.</summary>
internal sealed class CorpusColumnConverter : JsonConverter<CorpusColumn>
{
    public override CorpusColumn Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.Number => reader.GetInt32(),
        JsonTokenType.String => reader.GetString()!,
        _ => throw new JsonException("a column is a whole number or a name"),
    };

    public override void Write(Utf8JsonWriter writer, CorpusColumn value, JsonSerializerOptions options)
    {
        if (value.Number is { } number) writer.WriteNumberValue(number);
        else writer.WriteStringValue(value.Name);
    }
}
