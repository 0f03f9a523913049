using RnnService.Engine.Text;

namespace RnnService.Training.Corpora;

/// <summary>Labelled text, one example a line.</summary>
internal static class LabelledLines
{
    /// <summary>The rows of a file whose columns are separated by tabs.</summary>
    public static List<TableRow> Rows(CorpusSource source, CorpusFile file) =>
        [.. from line in file.Lines.Skip(source.SkipLines ?? 0) where !line.IsBlank select new TableRow(line, line.Text.Split('\t'))];

    /// <summary>Lines as SST-2 has them.</summary>
    public static IEnumerable<LabelledText> ReadSst2(CorpusSource source, CorpusFile file)
    {
        foreach (var line in file.Lines)
        {
            if (line.IsBlank) continue;
            int space = line.Text.IndexOf(' ', StringComparison.Ordinal);
            if (space < 0) throw line.Error($"{Listing.Quote(line.Text)} has no space; expected LABEL sentence{line.OddSpaces}");
            string label = line.Text[..space], text = line.Text[(space + 1)..];
            if (label.Length == 0) throw line.Error("no label; expected one before the text");
            if (label.AsSpan().IndexOfAny('\t', '\u00A0', '\u3000') >= 0)
            {
                throw line.Error(
                    $"label {Listing.Quote(label)} has {(label.Contains('\t', StringComparison.Ordinal) ? "a tab" : "a no-break space")} in it; "
                    + "expected LABEL sentence separated by a space, or columns separated by tabs in another format",
                    new CorpusSetting("format", CorpusFormat.Labelled));
            }

            if (string.IsNullOrWhiteSpace(text)) throw line.Error($"no text after label {Listing.Quote(label)}; expected some");
            yield return Examples.Of(source, line, [label], string.Join(' ', text.Split(' ').Select(SstTrees.Unescape)));
        }
    }
}
