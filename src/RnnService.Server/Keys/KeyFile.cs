using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using RnnService.Engine.Text;

namespace RnnService.Server.Keys;

/// <summary>A file of keys cannot be used: the sentence names the file, the place, what was found and what was expected.</summary>
internal sealed class KeyFileException(string message) : Exception(message);

/// <summary>
/// The file of keys: <c>{"keys": [{"name": …, "hash": …}]}</c> with the fields of <see cref="ServiceKey"/>. Read strictly, as a limit whose
/// name is misspelt would be no limit.
/// </summary>
internal sealed record KeyFile
{
    private const int MostName = 64, MostRequests = 1_000_000;

    private static readonly JsonSerializerOptions Format = new(JsonSerializerOptions.Strict)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    };

    public IReadOnlyList<ServiceKey> Keys { get; init; } = [];

    /// <summary>Reads a file.</summary>
    /// <exception cref="KeyFileException">It is not there, or not what is expected.</exception>
    public static KeyFile Read(string path) => Parse(path, Content(path));

    /// <summary>The bytes of a file.</summary>
    /// <exception cref="KeyFileException">It is not there or may not be read.</exception>
    public static byte[] Content(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new KeyFileException(exception is FileNotFoundException or DirectoryNotFoundException
                ? $"{path}: is not there; expected a file of keys, as `rnn key new` writes it"
                : $"{path}: cannot be read ({exception.GetType().Name}); expected a file that this user may read");
        }
    }

    /// <param name="path">Where it comes from, for messages.</param>
    /// <param name="content">JSON.</param>
    /// <exception cref="KeyFileException">It is not what is expected.</exception>
    public static KeyFile Parse(string path, ReadOnlySpan<byte> content)
    {
        KeyFile file;
        if (content.StartsWith("\uFEFF"u8)) content = content[3..]; // some editors write it
        try
        {
            file = JsonSerializer.Deserialize<KeyFile>(content, Format) ?? throw new KeyFileException($"{path}: is null; expected {{\"keys\": […]}}");
        }
        catch (JsonException exception)
        {
            // Its message may quote the file, and somebody may have written a key into it, even as a field's name.
            string place = exception.Path?.TrimStart('$').TrimStart('.') ?? "";
            if (place.Contains(KeySecret.Prefix, StringComparison.OrdinalIgnoreCase)) place = place[..(place.LastIndexOf(']') + 1)];
            throw new KeyFileException($"{path}: {place} in line {exception.LineNumber + 1} cannot be read; "
                + $"expected JSON with the fields {string.Join(", ", Fields)}");
        }

        var names = new HashSet<string>();
        var hashes = new HashSet<string>();
        for (int i = 0; i < file.Keys.Count; i++)
        {
            if (Fault(file.Keys[i], names, hashes) is { } fault) throw new KeyFileException($"{path}: keys[{i}]{fault}");
        }

        return file;
    }

    public string ToJson() => JsonSerializer.Serialize(this, Format) + "\n";

    /// <summary>One entry as it stands in the file.</summary>
    public static string ToJson(ServiceKey key) => JsonSerializer.Serialize(key, Format);

    /// <summary>Whether a text can be the name of a key: it stands in logs.</summary>
    public static bool IsName(string text) =>
        text.Length is > 0 and <= MostName && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.');

    public static string ExpectedName { get; } = $"1 to {MostName} letters, digits, '-', '_' and '.'";

    private static IEnumerable<string> Fields => typeof(ServiceKey).GetProperties()
        .Where(property => !property.IsDefined(typeof(JsonIgnoreAttribute), inherit: false)).Select(property => SnakeCase.Of(property.Name));

    /// <summary>What is wrong with an entry; null for nothing.</summary>
    private static string? Fault(ServiceKey? key, HashSet<string> names, HashSet<string> hashes)
    {
        if (key is null) return " is null; expected an object";
        if (!IsName(key.Name)) return $".name is {JsonSerializer.Serialize(Listing.Cut(key.Name, MostName), Format)}; expected {ExpectedName}";
        if (!names.Add(key.Name)) return $".name is \"{key.Name}\", as that of another; expected a name of its own";
        // Not quoted, as it may be a key.
        if (KeySecret.DigestIn(key.Hash) is null) return $".hash ({key.Name}) is none; expected {KeySecret.HashPrefix} and 64 hexadecimal digits";
        if (!hashes.Add(key.Hash.ToLowerInvariant())) return $".hash ({key.Name}) is that of another; expected a key of its own";
        if (key.Models is { Count: 0 }) return $".models ({key.Name}) is empty; expected names of models, or no such field for all of them";
        if (key.Models?.Any(string.IsNullOrEmpty) ?? false) return $".models ({key.Name}) holds what is no name; expected names of models";
        if (key.RequestsPerMinute is < 1 or > MostRequests)
            return $".requests_per_minute ({key.Name}) is {key.RequestsPerMinute}; expected 1 to {MostRequests}, or no such field for any number";
        return key.ConcurrentRequests < 1 ? $".concurrent_requests ({key.Name}) is {key.ConcurrentRequests}; expected 1 or more" : null;
    }
}
