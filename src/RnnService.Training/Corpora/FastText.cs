using RnnService.Engine.Text;

namespace RnnService.Training.Corpora;

/// <summary>Labelled text as fastText has it: <c>__label__x __label__y text</c>, labels before or after the text.</summary>
internal static class FastText
{
    public const string Prefix = "__label__";

    public static List<LabelledText> Read(CorpusSource source, CorpusFile file, ICollection<CorpusNote>? notes)
    {
        var examples = new List<LabelledText>();
        foreach (var line in file.Lines)
        {
            if (line.IsBlank) continue;
            string[] parts = line.Text.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            string[] labels = [.. parts.Where(IsLabel).Select(part => part[Prefix.Length..])];
            if (labels.Length == 0) throw line.Error($"no label; expected {Prefix}NAME before or after the text");
            if (labels.Any(label => label.Length == 0)) throw line.Error($"{Prefix} without a name; expected {Prefix}NAME");
            string text = string.Join(' ', parts.Where(part => !IsLabel(part)));
            if (text.Length == 0) throw line.Error($"no text with label {Listing.Quote(labels[0])}; expected some");
            examples.Add(Examples.Of(source, line, labels, text));
        }

        Examples.NoteSeveral(file.Path, examples, notes);
        return examples;
    }

    private static bool IsLabel(string part) => part.StartsWith(Prefix, StringComparison.Ordinal);
}
