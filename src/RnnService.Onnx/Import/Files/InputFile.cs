using System.Text;
using System.Text.Json;

namespace RnnService.Onnx.Import.Files;

/// <summary>Reads the small files that describe a model, none of which is trusted.</summary>
internal static class InputFile
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The file's text in UTF-8, without a byte order mark.</summary>
    /// <param name="path">The file.</param>
    /// <param name="most">Bytes it may hold.</param>
    /// <exception cref="ImportException">It is missing, larger, empty, or not UTF-8.</exception>
    public static byte[] Read(string path, int most)
    {
        byte[] bytes;
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            using var content = new MemoryStream();
            byte[] block = new byte[1 << 16];
            // Block by block, since a pipe does not know its length.
            for (int count; (count = stream.Read(block)) > 0;)
            {
                if (content.Length + count > most) throw new ImportException(path, $"more than {most} bytes are refused");
                content.Write(block, 0, count);
            }

            bytes = content.ToArray();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, error);
        }

        ReadOnlySpan<byte> text = bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? bytes.AsSpan(Encoding.UTF8.Preamble.Length) : bytes;
        try
        {
            StrictUtf8.GetCharCount(text);
        }
        catch (DecoderFallbackException error)
        {
            throw new ImportException(path, $"byte {error.Index} is not UTF-8; expected a text in UTF-8", error);
        }

        return text.IsEmpty ? throw new ImportException(path, "empty") : text.ToArray();
    }

    /// <summary>A text's JSON object, in which no name occurs twice.</summary>
    /// <param name="path">Its place, for messages.</param>
    /// <param name="text">The text in UTF-8.</param>
    /// <exception cref="ImportException">It is not JSON, or no object.</exception>
    public static JsonElement ReadObject(string path, byte[] text) => ReadValue(path, text, JsonValueKind.Object, "an object");

    /// <summary>A text's JSON list; no name occurs twice in an object of it.</summary>
    /// <param name="path">Its place, for messages.</param>
    /// <param name="text">The text in UTF-8.</param>
    /// <exception cref="ImportException">It is not JSON, or no list.</exception>
    public static JsonElement ReadList(string path, byte[] text) => ReadValue(path, text, JsonValueKind.Array, "a list");

    private static JsonElement ReadValue(string path, byte[] text, JsonValueKind kind, string expected)
    {
        try
        {
            CheckEscapes(path, text);
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });
            return document.RootElement.ValueKind == kind
                ? document.RootElement.Clone()
                : throw new ImportException(path, $"{Show(document.RootElement)} found; expected {expected}");
        }
        catch (JsonException error)
        {
            throw NotJson(path, error);
        }
    }

    /// <summary>Says why a file cannot be read.</summary>
    public static ImportException Unreadable(string path, Exception error)
    {
        string problem = Directory.Exists(path) ? "a folder; expected a file" : File.Exists(path) ? error.Message : "missing";
        return new ImportException(path, problem, error);
    }

    /// <summary>Says that a file is not JSON, and where.</summary>
    public static ImportException NotJson(string path, JsonException error)
    {
        string place = error.LineNumber is { } line ? $"line {line + 1} " : "";
        string message = error.Message.ReplaceLineEndings(" ");
        int end = message.IndexOf(". ", StringComparison.Ordinal);
        return new(path, $"{place}is not JSON: {(end < 0 ? message.TrimEnd('.') : message[..end])}; expected JSON, which has no NaN and no Infinity", error);
    }

    /// <summary>A value, for messages: not longer than one can read, and on one line.</summary>
    public static string Show(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        _ => Shorten(value.GetRawText()),
    };

    private static string Shorten(string raw)
    {
        const int longest = 60;
        string shown = raw.Length <= longest ? raw : raw[..longest] + "…";
        return string.Concat(shown.Select(character => char.IsControl(character) ? '?' : character));
    }

    // A document reads strings when it is asked for them, which is too late to say where one is wrong.
    private static void CheckEscapes(string path, ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            try
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName) reader.GetString();
            }
            catch (InvalidOperationException error)
            {
                throw new ImportException(path, $"byte {reader.TokenStartIndex}: an escape that is half of a surrogate pair", error);
            }
        }
    }
}
