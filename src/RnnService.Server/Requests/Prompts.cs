using System.Text.Json;
using System.Text.Json.Serialization;

namespace RnnService.Server.Requests;

/// <summary>A text to be continued, as it stands or as the ids of its tokens.</summary>
/// <param name="Text">The text; empty where there are tokens.</param>
/// <param name="Tokens">Ids of its tokens; null where there is a text.</param>
internal sealed record Prompt(string Text, IReadOnlyList<int>? Tokens = null);

/// <summary>Texts to be continued as OpenAI's clients send them: a string, a list of strings, a list of token ids, or a list of those.</summary>
/// <param name="Items">The texts.</param>
/// <param name="IsList">Whether they were sent as a list of texts.</param>
[JsonConverter(typeof(PromptsConverter))]
internal sealed record Prompts(IReadOnlyList<Prompt> Items, bool IsList);

internal sealed class PromptsConverter : JsonConverter<Prompts>
{
    public override Prompts Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using JsonDocument document = JsonDocument.ParseValue(ref reader);
        JsonElement prompt = document.RootElement;
        bool isList = prompt.ValueKind == JsonValueKind.Array && prompt[0].ValueKind != JsonValueKind.Number;
        return new Prompts(isList ? [.. prompt.EnumerateArray().Select(One)] : [One(prompt)], isList);
    }

    public override void Write(Utf8JsonWriter writer, Prompts value, JsonSerializerOptions options) => throw new NotSupportedException();

    private static Prompt One(JsonElement prompt) => prompt.ValueKind == JsonValueKind.String
        ? new Prompt(prompt.GetString()!)
        : new Prompt("", [.. prompt.EnumerateArray().Select(id => (int)JsonNumber.Real(id.GetRawText()))]);
}

/// <summary>What a message of a chat says: a text, or parts that are texts, one after the other.</summary>
/// <param name="Text">The text.</param>
[JsonConverter(typeof(ChatContentConverter))]
internal sealed record ChatContent(string Text);

/// <summary>A part of a message.</summary>
internal sealed record ChatPart
{
    /// <summary>What it is; these models read text alone.</summary>
    [OneOf("\"text\"")]
    public required string Type { get; init; }

    /// <summary>The text.</summary>
    [Length(0, nameof(Options.LimitOptions.MaxTextLength))]
    public required string Text { get; init; }
}

internal sealed class ChatContentConverter : JsonConverter<ChatContent>
{
    public override ChatContent Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(
        reader.TokenType == JsonTokenType.String
            ? reader.GetString()!
            : string.Concat(JsonSerializer.Deserialize<ChatPart[]>(ref reader, options)!.Select(part => part.Text)));

    public override void Write(Utf8JsonWriter writer, ChatContent value, JsonSerializerOptions options) => throw new NotSupportedException();
}
