using System.Text;
using System.Text.Json;

namespace RnnService.Onnx.Import.Files;

/// <summary>A small file that describes a model, or a text that stands in its place, such as metadata of an ONNX file.</summary>
/// <param name="Place">The file, or where the text comes from.</param>
/// <param name="Text">The text, JSON; null where it is in the file.</param>
internal sealed record TextSource(string Place, string? Text = null)
{
    /// <summary>Whether it is JSON: a file by its name.</summary>
    public bool IsJson => Text is not null || Place.EndsWith(".json", StringComparison.OrdinalIgnoreCase);

    /// <summary>The content in UTF-8.</summary>
    /// <exception cref="ImportException">The file is missing, holds more bytes than <paramref name="most"/>, is empty, or not UTF-8.</exception>
    public byte[] Read(int most) => Text is null ? InputFile.Read(Place, most) : Encoding.UTF8.GetBytes(Text);

    /// <summary>Whether one of the fields of the JSON object is a word, in whatever case.</summary>
    public bool Says(IEnumerable<string> fields, string word)
    {
        const int most = 1 << 22;
        JsonElement content = ReadObject(most);
        return fields.Any(field => content.TryGetProperty(field, out JsonElement value) && value.ValueKind == JsonValueKind.String
            && value.GetString()!.Replace('-', '_').Equals(word, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>The content as a JSON object.</summary>
    /// <exception cref="ImportException">As <see cref="Read"/>, or it is not JSON or no object.</exception>
    public JsonElement ReadObject(int most) => InputFile.ReadObject(Place, Read(most));
}
