using System.Globalization;
using RnnService.Engine.Text;

namespace RnnService.Training.Corpora;

/// <summary>What the columns of a tagged corpus hold: which count words, are numbers, or mark spans.</summary>
internal sealed class ColumnCensus
{
    private const int MostWords = 20_000, FewWords = 3;

    private int[] _counting = [], _numbers = [], _marks = [];
    private HashSet<string>[] _values = [];
    private int _words;

    /// <summary>Takes in the columns of a word.</summary>
    /// <param name="columns">The columns.</param>
    /// <param name="place">Words before it in its sentence.</param>
    public void Add(string[] columns, int place)
    {
        if (_words >= MostWords) return; // enough to tell
        if (_words++ == 0)
        {
            (_counting, _numbers, _marks) = (new int[columns.Length], new int[columns.Length], new int[columns.Length]);
            _values = [.. columns.Select(_ => new HashSet<string>(StringComparer.Ordinal))];
        }

        for (int i = 0; i < columns.Length; i++)
        {
            string cell = columns[i].Trim();
            if (int.TryParse(cell, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && (number == place + 1 || number == place))
                _counting[i]++;
            if (cell.Length > 0 && cell.All(letter => char.IsAsciiDigit(letter) || letter is '-' or '.' or '_')) _numbers[i]++;
            if (cell == "O" || (cell.Length > 2 && cell[1] == '-' && char.IsAsciiLetterUpper(cell[0]))) _marks[i]++;
            if (_values[i].Count < 2) _values[i].Add(cell);
        }
    }

    /// <summary>Says what speaks against the columns that are read as word and tag.</summary>
    public void AddNotes(string path, CorpusSource source, ICollection<CorpusNote> notes)
    {
        int count = _numbers.Length;
        int form = Place(source.FormColumn?.Number ?? 0), tag = Place(source.TagColumn?.Number ?? -1);
        int better = Enumerable.Range(0, count)
            .FirstOrDefault(i => i != form && i != tag && !Nearly(_numbers[i]) && !Nearly(_marks[i]) && _values[i].Count > 1, -1);
        CorpusSetting[] suggestions = better < 0 ? [] : [new CorpusSetting("form_column", $"{better}")];
        if (_words >= FewWords && Nearly(_counting[form]))
        {
            notes.Add(new CorpusNote($"{path}: column {form}, read as the word, counts the words of each sentence", suggestions));
        }
        else if (_words >= FewWords && Nearly(_numbers[form]))
        {
            notes.Add(new CorpusNote($"{path}: {_numbers[form]} of {_words} words are numbers, in column {form}", suggestions));
        }

        int marks = Array.FindIndex(_marks, Nearly);
        if (marks == form && marks >= 0 && _words >= FewWords && _values[form].Count > 1 && !Nearly(_marks[tag]))
        {
            int word = better >= 0 ? better : tag;
            throw new CorpusException(new CorpusNote(
                $"{path}: column {form}, read as the word, has the marks of spans (B-, I-, O); expected the word there",
                new CorpusSetting("form_column", $"{word}"), new CorpusSetting("tag_column", $"{form}")));
        }

        if (marks >= 0 && marks != tag && !Nearly(_marks[tag]))
        {
            string found = _values[tag].Count == 1 ? $"the same for every word ({Listing.Quote(_values[tag].First())})" : "read as the tag";
            notes.Add(new CorpusNote(
                $"{path}: column {tag} is {found}, and column {marks} has the marks of spans (B-, I-, O)", new CorpusSetting("tag_column", $"{marks}")));
        }

        bool Nearly(int of) => of >= 0.95 * _words && of > 0;
        int Place(int column) => column < 0 ? count + column : column;
    }
}
