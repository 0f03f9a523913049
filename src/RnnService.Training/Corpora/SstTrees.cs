namespace RnnService.Training.Corpora;

/// <summary>
/// Trees of the Stanford Sentiment Treebank, one a line: <c>(3 (2 It) (4 (2 's) (4 good)))</c>. Texts are lower-cased, as SST-2 is.
/// </summary>
internal static class SstTrees
{
    private static readonly Dictionary<string, string> TwoClasses = new()
    {
        ["0"] = "negative",
        ["1"] = "negative",
        ["3"] = "positive",
        ["4"] = "positive",
    };

    /// <summary>The phrases in the order in which their brackets close: a phrase's parts before itself, the sentence last.</summary>
    public static IEnumerable<LabelledText> Read(CorpusSource source, CorpusFile file, ICollection<CorpusNote>? notes)
    {
        var names = source.LabelNames ?? TwoClasses;
        int sentences = 0, unnamed = 0;
        foreach (var line in file.Lines)
        {
            if (line.IsBlank) continue;
            var nodes = Nodes(line);
            sentences++;
            if (!names.ContainsKey(nodes[^1].Label)) unnamed++;
            for (int i = source.Phrases == true ? 0 : nodes.Count - 1; i < nodes.Count; i++)
            {
                if (names.TryGetValue(nodes[i].Label, out string? name)) yield return Example(name, nodes[i].Words, line) with { IsPhrase = i < nodes.Count - 1 };
            }
        }

        if (unnamed > 0 && source.LabelNames is null)
        {
            notes?.Add(new CorpusNote(
                $"{file.Path}: {unnamed} of {sentences} sentences are neutral (class 2) and left out; label_names says otherwise"));
        }
    }

    private static LabelledText Example(string name, ArraySegment<string> words, CorpusLine line) =>
        new(name, string.Join(' ', words.AsSpan())) { Path = line.Path, Line = line.Number };

    /// <summary>A word as it was before the treebank escaped its brackets, slashes and stars.</summary>
    public static string Unescape(string word) => word switch
    {
        "-LRB-" or "-lrb-" => "(",
        "-RRB-" or "-rrb-" => ")",
        _ => word.Replace("\\/", "/", StringComparison.Ordinal).Replace("\\*", "*", StringComparison.Ordinal),
    };

    private static List<(string Label, ArraySegment<string> Words)> Nodes(CorpusLine line)
    {
        string text = line.Text;
        var spans = new List<(string Label, int First, int End)>();
        var words = new List<string>();
        var open = new Stack<(string Label, int First)>();
        int at = 0;
        do
        {
            while (at < text.Length && text[at] == ' ') at++;
            char next = at < text.Length ? text[at] : '\0';
            if (next == '(')
            {
                at++;
                open.Push((Label(line, Token(line, ref at)), words.Count));
            }
            else if (next == ')' && open.Count > 0 && words.Count > open.Peek().First)
            {
                at++;
                var (label, first) = open.Pop();
                spans.Add((label, first, words.Count));
            }
            else if (open.Count > 0 && next is not (')' or '\0' or '\t'))
            {
                words.Add(Unescape(Token(line, ref at)).ToLowerInvariant());
            }
            else
            {
                throw Unexpected(line, at, open.Count > 0 ? $"a word or \"(\" or, after a word, \")\" ({open.Count} open)" : "\"(\"");
            }
        }
        while (open.Count > 0);

        if (!text.AsSpan(at).Trim(' ').IsEmpty) throw Unexpected(line, at, "the line's end after one tree");
        string[] all = [.. words];
        return [.. spans.Select(span => (span.Label, new ArraySegment<string>(all, span.First, span.End - span.First)))];
    }

    private static string Token(CorpusLine line, ref int at)
    {
        int length = line.Text.AsSpan(at).IndexOfAny(" \t()");
        if (length < 0) length = line.Text.Length - at;
        string token = line.Text.Substring(at, length);
        at += length;
        return token;
    }

    private static string Label(CorpusLine line, string label) =>
        label is ['0' or '1' or '2' or '3' or '4'] ? label : throw line.Error($"class \"{label}\" after \"(\"; expected 0, 1, 2, 3 or 4");

    private static InvalidDataException Unexpected(CorpusLine line, int at, string expected) =>
        line.Error($"{(at < line.Text.Length ? $"'{line.Text[at]}'" : "the line's end")} in column {at + 1}; expected {expected}");
}
