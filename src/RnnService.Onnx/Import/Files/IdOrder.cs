using static RnnService.Engine.Weights.WeightFormatException;

namespace RnnService.Onnx.Import.Files;

/// <summary>Names by their ids, which must be 0, 1, 2 and so on.</summary>
internal static class IdOrder
{
    /// <summary>The names in the order of their ids.</summary>
    /// <param name="entries">Names and ids as a file has them.</param>
    /// <param name="problem">Told of the first id that is missing, taken twice or negative; then the result is of no use.</param>
    public static List<string> Of(IReadOnlyCollection<(string Name, long Id)> entries, Action<string> problem)
    {
        (string Name, long Id)[] sorted = [.. entries.OrderBy(entry => entry.Id)];
        for (int id = 0; id < sorted.Length; id++)
        {
            var (name, found) = sorted[id];
            if (found == id) continue;
            if (found < 0) problem($"{Quote(name)} has id {found}; expected 0 or more");
            else if (found < id) problem($"{Quote(sorted[id - 1].Name)} and {Quote(name)} both have id {found}; expected an id for each");
            else problem($"no name has id {id}, but {Quote(name)} has {found}; expected ids from 0 to {sorted.Length - 1}");
            break;
        }

        return [.. sorted.Select(entry => entry.Name)];
    }
}
