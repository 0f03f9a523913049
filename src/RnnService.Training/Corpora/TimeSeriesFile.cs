using RnnService.Engine.Networks;

namespace RnnService.Training.Corpora;

/// <summary>
/// Sequences as the archives of UEA and UCR have them (<c>.ts</c>): lines of lists of numbers separated by commas, a list a feature, the lists separated
/// by colons, the label last. Header lines begin with <c>@</c>, comments with <c>#</c>. Lengths may differ.
/// </summary>
internal static class TimeSeriesFile
{
    public static IEnumerable<NumberExample> Read(CorpusSource source, CorpusFile file)
    {
        bool hasLabel = true, isValue = false;
        foreach (CorpusLine line in file.Lines)
        {
            string text = line.Text.Trim();
            if (text.StartsWith('@'))
            {
                string[] words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (words[0].Equals("@classLabel", StringComparison.OrdinalIgnoreCase)) hasLabel = words.Length > 1 && words[1].Equals("true", StringComparison.OrdinalIgnoreCase);
                if (words[0].Equals("@targetLabel", StringComparison.OrdinalIgnoreCase)) isValue = hasLabel = words.Length > 1 && words[1].Equals("true", StringComparison.OrdinalIgnoreCase);
                continue;
            }

            if (text.Length == 0 || text[0] == '#') continue;
            string[] parts = text.Split(':');
            string[] lists = hasLabel ? parts[..^1] : parts;
            if (lists.Length == 0) throw new InvalidDataException($"{line.Path}, line {line.Number}: has no list of numbers; expected lists and a label, separated by colons");
            string[][] cells = [.. lists.Select(list => list.Split(','))];
            int steps = cells[0].Length;
            if (cells.FirstOrDefault(list => list.Length != steps) is { } other)
                throw new InvalidDataException($"{line.Path}, line {line.Number}: a list has {other.Length} numbers; expected {steps}, as in the first");
            float[] values = new float[steps * cells.Length];
            for (int f = 0; f < cells.Length; f++)
            {
                for (int t = 0; t < steps; t++) values[t * cells.Length + f] = NumberCell.Read(cells[f][t], line.Path, line.Number);
            }

            string label = hasLabel ? parts[^1].Trim() : "";
            yield return new NumberExample
            {
                Sequence = new NumberSequence(values, cells.Length),
                Labels = hasLabel && !isValue ? [line.NameOf(label, source)] : [],
                Values = isValue ? new[] { NumberCell.Read(label, line.Path, line.Number) } : default(ReadOnlyMemory<float>),
                Name = $"{line.Path}, line {line.Number}",
            };
        }
    }
}

/// <summary>Numbers in the cells of text files.</summary>
internal static class NumberCell
{
    /// <summary>A finite number.</summary>
    /// <exception cref="InvalidDataException">It is none; the message says where.</exception>
    public static float Read(string cell, string path, int line) => TryRead(cell) is { } value && float.IsFinite(value)
        ? value
        : throw new InvalidDataException(
            $"{path}, line {line}: a value is \"{Short(cell)}\"; expected a finite number: fill what is missing, such as with the value before");

    public static float? TryRead(string cell) =>
        float.TryParse(cell, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out float value) ? value : null;

    private static string Short(string cell) => cell.Length <= 40 ? cell : cell[..40];
}
