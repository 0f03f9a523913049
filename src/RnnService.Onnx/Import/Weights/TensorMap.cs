using System.Text.Json;
using RnnService.Onnx.Import.Files;
using static RnnService.Engine.Weights.WeightFormatException;

namespace RnnService.Onnx.Import.Weights;

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
                problems.Add($"{Quote(entry.Name)} is {InputFile.Show(value)}; expected a name, or null to leave it out");
                continue;
            }

            string? target = value.GetString();
            bool isAlike = target is null || entry.Name.EndsWith('*') == target.EndsWith('*');
            if (!isAlike || HasInnerStar(entry.Name) || HasInnerStar(target ?? ""))
                problems.Add($"{Quote(entry.Name)}: {Quote(target ?? "")}; expected a * at the end of both, or none");
            entries.Add((entry.Name, target));
        }

        if (problems.Count > 0) throw new ImportException(path, problems);
        return new TensorMap(path, [.. entries.OrderBy(entry => entry.Key.EndsWith('*')).ThenByDescending(entry => entry.Key.Length)]);

        static bool HasInnerStar(string name) => name.AsSpan(0, Math.Max(0, name.Length - 1)).Contains('*');
    }

    /// <summary>The tensors under their new names, without those that are left out.</summary>
    /// <param name="tensors">The tensors by the names a file has or implies.</param>
    /// <param name="notes">Told what is left out.</param>
    /// <exception cref="ImportException">
    /// Two tensors get the same name, an entry fits no tensor, or a tensor that is a part of another is named alone.
    /// </exception>
    public List<NamedTensor> Apply(IReadOnlyCollection<NamedTensor> tensors, List<string> notes)
    {
        var renamed = new Dictionary<string, NamedTensor>(StringComparer.Ordinal);
        bool[] used = new bool[_entries.Length];
        var problems = new List<string>();
        var left = new List<string>();
        foreach (NamedTensor tensor in tensors)
        {
            string? newName = NameOf(tensor, used, problems);
            if (newName is null)
                left.Add(tensor.Name);
            else if (!renamed.TryAdd(newName, tensor with { Name = newName }) && renamed[newName].Tensor != tensor.Tensor)
                problems.Add($"{Quote(renamed[newName].Tensor.Origin)} and {Quote(tensor.Tensor.Origin)} both become {Quote(newName)}; expected a name for each");
        }

        problems.AddRange(_entries.Where((_, index) => !used[index]).Select(entry => $"{Quote(entry.Key)} fits no tensor"));
        if (problems.Count > 0) throw new ImportException(_path, problems);
        if (left.Count > 0) notes.Add($"{_path} leaves out {ImportException.List(left)}");
        return [.. renamed.Values];
    }

    private string? NameOf(NamedTensor tensor, bool[] used, List<string> problems)
    {
        string? named = null;
        bool isLeftOut = false;
        foreach (string part in tensor.Parts)
        {
            foreach (int fitting in Fitting(part)) used[fitting] = true;
            if (Fitting(part).FirstOrDefault(-1) is not (>= 0 and var index) || _entries[index].Key != part) continue;
            if (part == tensor.Whole && _entries[index].Target is { } target)
                named = target;
            else
                problems.Add($"{Quote(part)} is named alone; {tensor.Meaning}: expected an entry for {Quote(tensor.Name)}, or none");
        }

        foreach (int index in Fitting(tensor.Name).Take(1))
        {
            used[index] = true;
            isLeftOut = _entries[index].Target is null;
            // The copy alone is left out by its own name.
            if (isLeftOut && tensor.Whole is not null && _entries[index].Key == tensor.Name) continue;
            return named ?? Rename(_entries[index], tensor.Name);
        }

        if (named is null && tensor.Whole is { } whole && Fitting(whole).FirstOrDefault(-1) is >= 0 and var rest)
            named = Rename(_entries[rest], whole)?[..^(whole.Length - whole.LastIndexOf('_'))];
        return named ?? (isLeftOut ? null : tensor.Name);
    }

    // Those that fit, the one that wins first.
    private IEnumerable<int> Fitting(string name) => Enumerable.Range(0, _entries.Length).Where(index => Fits(_entries[index].Key, name));

    private static bool Fits(string key, string name) =>
        key.EndsWith('*') ? name.AsSpan().StartsWith(key.AsSpan(0, key.Length - 1)) : name == key;

    private static string? Rename((string Key, string? Target) entry, string name) => entry.Target is [.., '*']
        ? string.Concat(entry.Target.AsSpan(0, entry.Target.Length - 1), name.AsSpan(entry.Key.Length - 1))
        : entry.Target;
}
