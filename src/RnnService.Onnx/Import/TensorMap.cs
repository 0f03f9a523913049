using System.Text.Json;
using static RnnService.Engine.Weights.WeightFormatException;

namespace RnnService.Onnx.Import;

/// <summary>
/// A map file: a JSON object from a tensor's name to the name it gets. A * at the end of both stands for any rest, and null leaves tensors
/// out. Where several entries fit, the one without * wins, then the longest.
/// </summary>
internal sealed class TensorMap
{
    private const int MostBytes = 1 << 16;

    private readonly string _path;
    private readonly (string Key, string? Target)[] _entries; // those that win first

    private TensorMap(string path, (string Key, string? Target)[] entries) => (_path, _entries) = (path, entries);

    /// <summary>Reads a map.</summary>
    /// <exception cref="ImportException">It is no object of names, or a * stands elsewhere than at both ends.</exception>
    public static TensorMap Read(string path)
    {
        var entries = new List<(string Key, string? Target)>();
        var problems = new List<string>();
        foreach (JsonProperty entry in new TextSource(path).ReadObject(MostBytes).EnumerateObject())
        {
            JsonElement value = entry.Value;
            if (value.ValueKind is not (JsonValueKind.String or JsonValueKind.Null))
            {
                problems.Add($"{Quote(entry.Name)} is {InputFile.Show(value)}: a name, or null to leave it out, wanted");
                continue;
            }

            string? target = value.GetString();
            bool isAlike = target is null || entry.Name.EndsWith('*') == target.EndsWith('*');
            if (!isAlike || HasInnerStar(entry.Name) || HasInnerStar(target ?? ""))
                problems.Add($"{Quote(entry.Name)}: {Quote(target ?? "")}: a * at the end of both, or none, wanted");
            entries.Add((entry.Name, target));
        }

        if (problems.Count > 0) throw new ImportException(path, problems);
        return new TensorMap(path, [.. entries.OrderBy(entry => entry.Key.EndsWith('*')).ThenByDescending(entry => entry.Key.Length)]);

        static bool HasInnerStar(string name) => name.AsSpan(0, Math.Max(0, name.Length - 1)).Contains('*');
    }

    /// <summary>The new name of each tensor, null where it is left out.</summary>
    /// <exception cref="ImportException">Two tensors get the same name, or an entry fits no tensor.</exception>
    public IReadOnlyList<(string Name, string? NewName)> Apply(IEnumerable<string> names)
    {
        var renamed = new List<(string Name, string? NewName)>();
        var origins = new Dictionary<string, string>(StringComparer.Ordinal);
        bool[] used = new bool[_entries.Length];
        var problems = new List<string>();
        foreach (string name in names)
        {
            int index = Array.FindIndex(_entries, entry => Fits(entry.Key, name));
            if (index >= 0) used[index] = true;
            string? newName = index < 0 ? name : Rename(_entries[index], name);
            renamed.Add((name, newName));
            if (newName is not null && !origins.TryAdd(newName, name))
                problems.Add($"{Quote(origins[newName])} and {Quote(name)} both become {Quote(newName)}: a name for each wanted");
        }

        problems.AddRange(_entries.Where((_, index) => !used[index]).Select(entry => $"{Quote(entry.Key)} fits no tensor"));
        return problems.Count == 0 ? renamed : throw new ImportException(_path, problems);
    }

    private static bool Fits(string key, string name) =>
        key.EndsWith('*') ? name.AsSpan().StartsWith(key.AsSpan(0, key.Length - 1)) : name == key;

    private static string? Rename((string Key, string? Target) entry, string name) => entry.Target is [.., '*']
        ? string.Concat(entry.Target.AsSpan(0, entry.Target.Length - 1), name.AsSpan(entry.Key.Length - 1))
        : entry.Target;
}
