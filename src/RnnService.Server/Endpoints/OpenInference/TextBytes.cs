using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using RnnService.Server.Options;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints.OpenInference;

/// <summary>
/// Reads the elements of a BYTES tensor: texts in JSON, nested or not, or each as UTF-8 after its length in four bytes. Nothing is kept
/// room for that is not there: a length or a shape is compared with the bytes first.
/// </summary>
internal static class TextBytes
{
    /// <summary>Bytes of a length.</summary>
    public const int LengthSize = 4;

    /// <exception cref="RequestProblem">The bytes are not as many texts, or a text is not one that may be sent.</exception>
    public static string[] Read(ReadOnlySpan<byte> bytes, int count, string path, LimitOptions limits)
    {
        if (bytes.Length < (long)count * LengthSize)
            throw RequestProblem.Of(ProblemKind.Malformed, path, $"has {bytes.Length} bytes; expected {count} texts, each after its length in {LengthSize} bytes");
        string[] texts = new string[count];
        for (int i = 0; i < count; i++)
        {
            string at = $"{path}[{i}]";
            if (bytes.Length < LengthSize) throw RequestProblem.Of(ProblemKind.Malformed, at, $"begins {bytes.Length} bytes before the end; expected its length in {LengthSize} bytes");
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            bytes = bytes[LengthSize..];
            if (length > (uint)bytes.Length) throw RequestProblem.Of(ProblemKind.Malformed, at, $"has the length {length}; expected {bytes.Length} bytes at most, which is what is left");
            ReadOnlySpan<byte> text = bytes[..(int)length];
            if (!Utf8.IsValid(text)) throw RequestProblem.Of(ProblemKind.Malformed, at, "is not UTF-8; expected a text");
            texts[i] = Within(Encoding.UTF8.GetString(text), at, limits);
            bytes = bytes[(int)length..];
        }

        return bytes.IsEmpty ? texts : throw RequestProblem.Of(ProblemKind.Malformed, path, $"has {bytes.Length} bytes after its last text; expected none");
    }

    /// <inheritdoc cref="Read(ReadOnlySpan{byte}, int, string, LimitOptions)"/>
    public static string[] Read(JsonElement data, int count, string path, LimitOptions limits)
    {
        var texts = new List<string>();
        Add(data, path);
        return texts.Count == count ? [.. texts]
            : throw RequestProblem.Of(ProblemKind.Validation, path, $"holds {texts.Count} texts; expected {count}, as shape says");

        void Add(JsonElement list, string at)
        {
            int index = 0;
            foreach (JsonElement item in list.EnumerateArray())
            {
                string place = $"{at}[{index++}]";
                if (item.ValueKind == JsonValueKind.Array) Add(item, place);
                else if (texts.Count == count) throw RequestProblem.Of(ProblemKind.Validation, path, $"holds more than {count} texts; expected as many as shape says");
                else texts.Add(Within(BodyCheck.TextOf(item) ?? throw RequestProblem.Of(ProblemKind.Malformed, place, "is not a text; expected a string"), place, limits));
            }
        }
    }

    private static string Within(string text, string path, LimitOptions limits)
    {
        int length = CodePoints.Count(text);
        return length <= limits.MaxTextLength ? text
            : throw RequestProblem.Of(ProblemKind.Validation, path, $"has {length} characters; at most {limits.MaxTextLength} are allowed");
    }
}
