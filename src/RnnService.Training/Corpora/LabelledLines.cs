namespace RnnService.Training.Corpora;

/// <summary>Labelled text, one example a line.</summary>
internal static class LabelledLines
{
    public static IEnumerable<LabelledText> ReadColumns(CorpusSource source, CorpusFile file)
    {
        // A tab inside a text would cut it short unseen; as many columns on every line as on the first rules that out.
        bool asDefault = source.LabelColumn is null && source.TextColumn is null;
        int wanted = asDefault ? 2 : 0;
        foreach (var line in file.Lines.Skip(source.SkipLines ?? 0))
        {
            if (line.IsBlank) continue;
            string[] columns = line.Text.Split('\t');
            if (wanted == 0) wanted = columns.Length;
            if (columns.Length != wanted)
            {
                throw line.Error($"{columns.Length} columns separated by tabs, wanted {wanted} "
                    + (asDefault ? "(label, text)" : "as on the first line"));
            }

            string label = columns[line.Place(source.LabelColumn ?? 0, wanted, "label_column")].Trim(' ');
            string text = columns[line.Place(source.TextColumn ?? 1, wanted, "text_column")];
            bool kept = source.Where is null
                || source.Where.All(condition => columns[line.Place(condition.Key, wanted, "where")] == condition.Value);
            if (kept) yield return Example(source, line, label, text);
        }
    }

    public static IEnumerable<LabelledText> ReadSst2(CorpusSource source, CorpusFile file)
    {
        foreach (var line in file.Lines)
        {
            if (line.IsBlank) continue;
            int space = line.Text.IndexOf(' ');
            if (space < 0) throw line.Error($"\"{line.Text}\" has no space: wanted LABEL sentence");
            string sentence = string.Join(' ', line.Text[(space + 1)..].Split(' ').Select(SstTrees.Unescape));
            yield return Example(source, line, line.Text[..space], sentence);
        }
    }

    private static LabelledText Example(CorpusSource source, CorpusLine line, string label, string text)
    {
        if (label.Length == 0) throw line.Error("no label: wanted one before the text");
        if (string.IsNullOrWhiteSpace(text)) throw line.Error($"no text after label \"{label}\": wanted some");
        return new LabelledText(line.NameOf(label, source), text);
    }
}
