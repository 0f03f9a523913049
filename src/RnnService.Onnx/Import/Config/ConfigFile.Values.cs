using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Onnx.Import.Files;
using static RnnService.Engine.Weights.WeightFormatException;

namespace RnnService.Onnx.Import.Config;

/// <content>One value at a time; null where it is not given, and where it is wrong, which is then told.</content>
internal sealed partial class ConfigFile
{
    private string Found(string field) => $"{_given[field].Spelling} is {InputFile.Show(_given[field].Value)}";

    private void Missing(string field, string expected)
    {
        _problems.Add($"{field} is missing; expected {expected}");
        _isIncomplete = true;
    }

    // The value given, or the network's where none is; both must agree.
    private T? Settle<T>(string field, T? given, T? fact) where T : struct
    {
        if (given is not { } value || fact is not { } found) return given ?? fact;
        if (!value.Equals(found)) _problems.Add($"{Found(field)}; expected {SnakeCase.Of(found.ToString()!)}, as {_facts.Witness}");
        return found;
    }

    private int Size(string field, int? fact)
    {
        int? size = Settle(field, Whole(field), fact);
        if (size is null && !_given.ContainsKey(field)) Missing(field, "a whole number");
        return size ?? 1;
    }

    private int? TokenId(string field)
    {
        int? id = Whole(field);
        if (id is null || _vocabulary is null || id >= 0 && id < _vocabulary.Tokens.Count) return id;
        _problems.Add($"{Found(field)}; expected 0 to {_vocabulary.Tokens.Count - 1}");
        return null;
    }

    private int? Whole(string field)
    {
        if (!_given.TryGetValue(field, out var given)) return null;
        if (given.Value.ValueKind == JsonValueKind.Number && given.Value.TryGetInt32(out int number)) return number;
        _problems.Add($"{Found(field)}; expected a whole number");
        return null;
    }

    private bool? Flag(string field)
    {
        if (!_given.TryGetValue(field, out var given)) return null;
        if (given.Value.ValueKind is JsonValueKind.True or JsonValueKind.False) return given.Value.GetBoolean();
        _problems.Add($"{Found(field)}; expected true or false");
        return null;
    }

    private string? Text(string field)
    {
        if (!_given.TryGetValue(field, out var given)) return null;
        if (given.Value.ValueKind == JsonValueKind.String) return given.Value.GetString();
        _problems.Add($"{Found(field)}; expected a string");
        return null;
    }

    private T? Word<T>(string field, Dictionary<string, T> words) where T : struct => WordOf(field, words, out T word) ? word : null;

    private T[]? Word<T>(string field, Dictionary<string, T[]> words) => WordOf(field, words, out T[]? word) ? word : null;

    private bool WordOf<T>(string field, Dictionary<string, T> words, out T? word)
    {
        word = default;
        if (!_given.TryGetValue(field, out var given)) return false;
        string text = given.Value.ValueKind == JsonValueKind.String ? given.Value.GetString()! : "";
        if (words.TryGetValue(text.ToLowerInvariant().Replace('-', '_'), out word)) return true;
        _problems.Add($"{Found(field)}; expected {string.Join(", ", words.Keys)}");
        return false;
    }

    private T? Nested<T>(string field, JsonTypeInfo<T> type) where T : class
    {
        if (!_given.TryGetValue(field, out var given)) return null;
        try
        {
            return given.Value.Deserialize(type);
        }
        catch (JsonException error)
        {
            _problems.Add($"{field}: {error.Message.ReplaceLineEndings(" ")}");
            return null;
        }
    }

    private IReadOnlyDictionary<string, double>? Metrics()
    {
        var metrics = Nested("metrics", ModelJson.Files.IReadOnlyDictionaryStringDouble);
        if (metrics?.FirstOrDefault(metric => !double.IsFinite(metric.Value)).Key is { } large)
            _problems.Add($"metrics: {Quote(large)} is too large; expected a finite number");
        return metrics;
    }
}
