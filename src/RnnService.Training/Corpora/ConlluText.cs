using System.Globalization;

namespace RnnService.Training.Corpora;

/// <summary>The raw sentences of a CoNLL-U file and where their words stand in them.</summary>
internal static class ConlluText
{
    private const string TextComment = "# text = ";

    /// <summary>The sentences in order: the text, and its words' spans in code points, ascending.</summary>
    /// <exception cref="InvalidDataException">A sentence has no text, a line is malformed, or a word is not in the text.</exception>
    public static IEnumerable<(string Text, IReadOnlyList<(int Start, int End)> Words)> Read(CorpusFile file)
    {
        CorpusLine text = default;
        var tokens = new List<SurfaceToken>();
        int endOfToken = 0; // the last word inside the multi-word token being read
        foreach (var line in file.Lines)
        {
            if (line.IsBlank)
            {
                if (tokens.Count > 0) yield return Locate(text, tokens);
                text = default;
                tokens.Clear();
                endOfToken = 0;
            }
            else if (line.Text.StartsWith(TextComment, StringComparison.Ordinal))
            {
                text = line;
            }
            else if (line.Text[0] != '#')
            {
                string[] columns = line.Text.Split('\t', ConllReader.Form + 2);
                if (columns.Length <= ConllReader.Form)
                    throw line.Error($"{columns.Length} columns separated by tabs; expected the {ConllReader.ConlluColumns} of CoNLL-U");
                string form = columns[ConllReader.Form];
                if (columns[0].Contains('.')) continue;
                int dash = columns[0].IndexOf('-');
                int first = Number(line, dash < 0 ? columns[0] : columns[0][..dash]);
                if (dash >= 0)
                {
                    endOfToken = Number(line, columns[0][(dash + 1)..]);
                    tokens.Add(new SurfaceToken(line, form, []));
                }
                else if (first <= endOfToken)
                {
                    tokens[^1].Words.Add(form);
                }
                else
                {
                    tokens.Add(new SurfaceToken(line, form, [form]));
                }
            }
        }

        if (tokens.Count > 0) yield return Locate(text, tokens);
    }

    private static int Number(CorpusLine line, string id) =>
        int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : throw line.Error($"\"{id}\"; expected a word's number");

    private static (string Text, IReadOnlyList<(int Start, int End)> Words) Locate(CorpusLine line, List<SurfaceToken> tokens)
    {
        if (line.Text is null) throw tokens[0].Line.Error($"a sentence without \"{TextComment}\"; expected its raw text");
        string text = line.Text[TextComment.Length..];
        var spans = new List<(int Start, int End)>();
        int at = 0, codePoint = 0;
        foreach (var token in tokens)
        {
            for (; at < text.Length && char.IsWhiteSpace(text[at]); at++) codePoint++;
            if (!text.AsSpan(at).StartsWith(token.Form, StringComparison.Ordinal))
                throw token.Line.Error($"\"{token.Form}\" is not in the text of line {line.Number} at character {at}");
            foreach (string word in string.Concat(token.Words) == token.Form ? token.Words : [token.Form])
            {
                int length = word.EnumerateRunes().Count();
                spans.Add((codePoint, codePoint + length));
                codePoint += length;
            }

            at += token.Form.Length;
        }

        return (text, spans);
    }

    /// <summary>What stands in the text, and the words it is made of.</summary>
    private sealed record SurfaceToken(CorpusLine Line, string Form, List<string> Words);
}
