using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Models;

/// <summary>The JSON files of a model folder: untrusted when read, whole when written.</summary>
internal static class FolderJson
{
    /// <summary>What a file says, and its hash.</summary>
    public static (T Value, string Hash) Read<T>(string path, string file, JsonTypeInfo<T> type, int most)
    {
        string full = FolderExchange.Locate(path, file);
        try
        {
            byte[] bytes = RegularFile.ReadAllBytes(full, most);
            ReadOnlySpan<byte> text = bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? bytes.AsSpan(Encoding.UTF8.Preamble.Length) : bytes;
            T value = JsonSerializer.Deserialize(text, type) ?? throw new ModelFolderException($"{full}: is null; expected an object");
            return (value, Checksums.Hash(bytes));
        }
        catch (JsonException error)
        {
            throw new ModelFolderException(
                $"{full}{(error.LineNumber is { } line ? $", line {line + 1}" : "")}: {Reason(error)}; expected the JSON that docs/model-format.md describes", error);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelFolderException($"{full}: missing", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ModelFolderException(error.Message.StartsWith(full, StringComparison.Ordinal) ? error.Message : $"{full}: {error.Message}", error);
        }
    }

    /// <summary>What the reader says, without its own coordinates and the names of its types.</summary>
    private static string Reason(JsonException error)
    {
        string field = error.Path is { Length: > 2 } path ? path[2..] : "the file";
        if (error.Message.Contains("could not be converted", StringComparison.Ordinal)) return $"{field} is of another kind than expected";
        if (error.Message.Contains("could not be mapped", StringComparison.Ordinal)) return $"{field} is an unknown field";
        if (error.Message.StartsWith("The constructor parameter", StringComparison.Ordinal)) return $"{field} is null";
        int end = error.Message.IndexOf(". ", StringComparison.Ordinal);
        return end < 0 ? error.Message.TrimEnd('.') : error.Message[..end];
    }

    /// <summary>Writes a file as a whole or not at all.</summary>
    public static void Write<T>(string path, string file, T value, JsonTypeInfo<T> type) =>
        WholeFile.Write(Path.Combine(path, file), JsonSerializer.Serialize(value, type) + "\n");
}
