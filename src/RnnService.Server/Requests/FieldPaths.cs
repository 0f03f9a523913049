using RnnService.Engine.Text;

namespace RnnService.Server.Requests;

/// <summary>The dotted names of a request's fields, and which of them an unknown name probably means. Thread-safe.</summary>
internal sealed class FieldPaths(IEnumerable<string> paths)
{
    /// <summary>Names that other services use for what has another name here.</summary>
    private static readonly Dictionary<string, string> OtherNames = new(StringComparer.OrdinalIgnoreCase)
    {
        ["text"] = "inputs",
        ["texts"] = "inputs",
        ["prompt"] = "inputs",
        ["input"] = "inputs",
        ["sentence"] = "inputs",
        ["sentences"] = "inputs",
        ["query"] = "inputs",
        ["content"] = "inputs",
        ["instances"] = "inputs",
        ["messages"] = "inputs",
        ["data"] = "inputs",
        ["documents"] = "inputs",
        ["text_input"] = "inputs",
        ["max_tokens"] = "parameters.max_new_tokens",
        ["max_token"] = "parameters.max_new_tokens",
        ["max_completion_tokens"] = "parameters.max_new_tokens",
        ["max_length"] = "parameters.max_new_tokens",
        ["n_predict"] = "parameters.max_new_tokens",
        ["stop_sequences"] = "parameters.stop",
        ["top_logprobs"] = "parameters.top_n_tokens",
        ["repeat_penalty"] = "parameters.repetition_penalty",
        ["model_name"] = "model",
        ["model_id"] = "model",
        ["random_seed"] = "parameters.seed",
        ["words"] = "tokens",
        ["inputs"] = "prompt",
        ["max_new_tokens"] = "max_tokens",
    };

    /// <summary>A longer name than this means no field.</summary>
    private const int MostLetters = 64;

    private readonly string[] _paths = [.. paths];

    public IReadOnlyList<string> All => _paths;

    /// <summary>Another service's name for a field, the same name at another place, or the nearest spelling; null where none is near.</summary>
    public string? Meant(string name)
    {
        if (name.Length > MostLetters) return null;
        string? meant = OtherNames.TryGetValue(name, out string? other) && _paths.Contains(other) ? other : null;
        meant ??= Array.Find(_paths, path => Letters(LastPart(path)).Equals(Letters(name), StringComparison.OrdinalIgnoreCase));
        return meant ?? NearestName.Of(name, _paths, LastPart);
    }

    /// <summary>The fields of the object at a place.</summary>
    public IReadOnlyCollection<string> Beside(string parent) =>
        [.. _paths.Where(path => path == (parent.Length == 0 ? LastPart(path) : $"{parent}.{LastPart(path)}"))];

    private static string LastPart(string path) => path[(path.LastIndexOf('.') + 1)..];

    private static string Letters(string word) => word.Replace("_", "").Replace("-", "");
}
