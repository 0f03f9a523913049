using System.Globalization;
using RnnService.Engine.Text;

namespace RnnService.Training.Corpora;

/// <summary>Tagged sentences, one word a line, in columns.</summary>
/// <param name="source">How the file is read.</param>
/// <param name="file">The file.</param>
/// <param name="auxiliary">Columns whose values are kept beside the tags.</param>
/// <param name="notes">What is odd.</param>
internal sealed class ConllReader(CorpusSource source, CorpusFile file, IReadOnlyList<CorpusColumn> auxiliary, ICollection<CorpusNote>? notes)
{
    public const int Form = 1, Upos = 3, ConlluColumns = 10;

    /// <summary>The setting that asks for further columns.</summary>
    public const string Auxiliary = "training.auxiliary.columns";

    /// <summary>What CoNLL-U calls its columns, here in lower case.</summary>
    public static readonly string[] ConlluNames = ["id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc"];

    private readonly bool _conllu = source.Format == CorpusFormat.Conllu;
    private readonly List<TaggedSentence> _sentences = [];
    private readonly List<string> _words = [];
    private readonly List<string> _tags = [];
    private readonly List<int> _lines = [];
    private readonly List<string>[] _others = [.. auxiliary.Select(_ => new List<string>())];
    private readonly ColumnCensus _census = new();
    private ConllLayout? _layout;
    private HashSet<string>? _knownTags; // of lines that do not begin with #
    private (int Count, int First) _doubtful; // comments with the columns of a word
    private int _skipped;

    public IReadOnlyList<TaggedSentence> Read()
    {
        var words = Lines.Where(line => !IsBoundary(line));
        CorpusLine first = words.FirstOrDefault(line => !line.Text.StartsWith('#'));
        if (first.Text is null) first = words.FirstOrDefault(line => line.Text.Contains('\t', StringComparison.Ordinal));
        if (first.Text is not null) _layout = ConllLayout.Of(first, _conllu ? ConllLayout.Tab : source.Delimiter);

        foreach (var line in Lines)
        {
            if (IsBoundary(line)) EndSentence();
            else if (!IsComment(line)) AddWord(line);
        }

        EndSentence();
        if (notes is not null && _sentences.Count > 0) AddNotes();
        return _sentences;
    }

    private IEnumerable<CorpusLine> Lines => file.Lines.Skip(source.SkipLines ?? 0);

    private static bool IsBoundary(CorpusLine line) => line.IsBlank || line.Text.StartsWith("-DOCSTART-", StringComparison.Ordinal);

    /// <summary>
    /// In CoNLL-U every line that begins with # is a comment. Elsewhere words begin with # too, and # is a word of its own: a line that
    /// begins with "# " is one where it has the columns of a word, the last a tag that other words have or that is in capitals.
    /// </summary>
    private bool IsComment(CorpusLine line)
    {
        string text = line.Text;
        if (text[0] != '#') return false;
        if (_conllu) return true;
        if (text.Length > 1 && text[1] is not (' ' or '\t')) return false;
        if (source.Comments is { } comments) return comments;
        if (_layout is null) return true;
        // A tab between words that spaces separate, or the other way round, is for AddWord to refuse.
        bool tab = text.Contains('\t', StringComparison.Ordinal);
        if (tab && _layout.Delimiter != ConllLayout.WhiteSpace) return false;
        string[] columns = text.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (columns.Length > 2 && columns[2] == "=") return true; // # text = …
        if (columns.Length == _layout.Count)
        {
            if (IsTag(TagOf(columns))) return false;
            _doubtful = (_doubtful.Count + 1, _doubtful.Count == 0 ? line.Number : _doubtful.First);
            return true;
        }

        if (_layout.Delimiter == ConllLayout.Tab) return true;
        // Within a sentence a word that lost a column is as likely.
        if (_words.Count == 0) return true;
        throw line.Error(
            $"\"#\" and {columns.Length} columns within a sentence; expected the {_layout.Count} of line {_layout.Line}, "
            + "or a comment where comments are read",
            new CorpusSetting("comments", "true"));
    }

    private HashSet<string> KnownTags => _knownTags ??= new HashSet<string>(
        Lines.Where(line => !IsBoundary(line) && line.Text[0] != '#')
            .Select(line => _layout!.Split(line.Text)).Where(columns => columns.Length == _layout!.Count).Select(TagOf),
        StringComparer.Ordinal);

    private bool IsTag(string cell) => KnownTags.Contains(cell) || (cell.Any(char.IsLetter) && !cell.Any(char.IsLower)) || cell == "#";

    private string TagOf(string[] columns)
    {
        int column = source.TagColumn?.Number ?? -1, place = column < 0 ? columns.Length + column : column;
        return place >= 0 && place < columns.Length ? columns[place] : "";
    }

    private void AddWord(CorpusLine line)
    {
        string[] columns;
        if (_conllu)
        {
            columns = line.Text.Split('\t');
            if (columns.Length != ConlluColumns)
                throw line.Error($"{columns.Length} columns separated by tabs; expected the {ConlluColumns} of CoNLL-U{line.OddSpaces}");

            // Multi-word tokens (3-4) repeat the words after them; empty nodes (8.1) are not in the text.
            if (columns[0].AsSpan().ContainsAny('-', '.')) return;
            if (columns[0] != (_words.Count + 1).ToString(CultureInfo.InvariantCulture))
                throw line.Error($"word \"{columns[0]}\"; expected {_words.Count + 1}: words count from 1, an empty line ends a sentence");
        }
        else
        {
            _layout ??= ConllLayout.Of(line, source.Delimiter);
            columns = _layout.Columns(line);
        }

        int wordPlace = line.Place(source.NumberOf(source.FormColumn) ?? (_conllu ? Form : 0), columns.Length, "form_column");
        int tagPlace = line.Place(source.NumberOf(source.TagColumn) ?? (_conllu ? Upos : -1), columns.Length, "tag_column");
        if (wordPlace == tagPlace)
            throw OneColumn(line, columns, tagPlace);
        string word = columns[wordPlace].Trim(' '), tag = columns[tagPlace].Trim(' ');
        if (tag.Length == 0 || (_conllu && tag == "_")) throw NoTag(line, columns, tagPlace);
        if (!_conllu && _layout!.Delimiter == ConllLayout.Tab && source.Delimiter is null && tag.Contains(' ', StringComparison.Ordinal))
        {
            throw line.Error(
                $"tag {Listing.Quote(tag)} has a space in it; expected one separator in the whole file: runs of tabs and spaces, "
                + "or where tags do hold spaces, delimiter tab",
                new CorpusSetting("delimiter", ConllLayout.WhiteSpace));
        }

        if (word.Length == 0)
        {
            if (source.SkipEmptyWords != true)
            {
                throw line.Error(
                    $"no word in column {wordPlace} before its tag {Listing.Quote(tag)}; expected one, or lines without a word left out",
                    new CorpusSetting("skip_empty_words", "true"));
            }

            _skipped++;
            return;
        }

        for (int i = 0; i < _others.Length; i++)
        {
            int place = line.Place(source.NumberOf(auxiliary[i])!.Value, columns.Length, Auxiliary);
            if (place == wordPlace || place == tagPlace)
                throw line.Error($"column {auxiliary[i]} is the {(place == tagPlace ? "tag" : "word")}; expected another one in {Auxiliary}");
            _others[i].Add(columns[place].Trim(' '));
        }

        if (!_conllu) _census.Add(columns, _words.Count);
        _words.Add(word);
        _tags.Add(line.NameOf(tag, source));
        _lines.Add(line.Number);
    }

    private static Exception OneColumn(CorpusLine line, string[] columns, int place)
    {
        string looks = columns.Length > 1 ? ""
            : line.Text.StartsWith('{') ? "; the line looks like JSON, which is format jsonl"
            : line.Text.AsSpan().IndexOfAny(',', ';', '|') >= 0 && line.Text.Length > 1
                ? "; the line looks like CSV, which a tagger does not read: write columns separated by tabs, an empty line after every sentence"
            : "";
        return line.Error($"word and tag are both column {place} of {columns.Length}; expected two columns{line.OddSpaces}{looks}");
    }

    private static Exception NoTag(CorpusLine line, string[] columns, int place)
    {
        string message = $"no tag in column {place}; expected one for every word";
        int last = Array.FindLastIndex(columns, column => column.Trim(' ').Length > 0);
        return place == columns.Length - 1 && last > 0
            ? line.Error($"{message}: the line ends with a separator", new CorpusSetting("tag_column", $"{last - columns.Length}"))
            : line.Error(message);
    }

    private void EndSentence()
    {
        if (_words.Count > 0)
        {
            _sentences.Add(new TaggedSentence(_words.ToArray(), _tags.ToArray())
            {
                Path = file.Path,
                Lines = _lines.ToArray(),
                Auxiliary = auxiliary.Index().ToDictionary(column => column.Item.ToString(), column => (IReadOnlyList<string>)_others[column.Index].ToArray()),
            });
        }

        _words.Clear();
        _tags.Clear();
        _lines.Clear();
        foreach (List<string> values in _others) values.Clear();
    }

    private void AddNotes()
    {
        if (_skipped > 0) notes!.Add(new CorpusNote($"{file.Path}: {_skipped} lines have a tag and no word, and are left out"));
        if (_doubtful.Count > 0)
        {
            notes!.Add(new CorpusNote(
                $"{file.Path}, line {_doubtful.First}: {(_doubtful.Count == 1 ? "a line begins" : $"{_doubtful.Count} lines begin")} with \"# \", "
                + "with as many columns as a word; read as comments, since no other word has their tag",
                new CorpusSetting("comments", "false")));
        }

        if (_conllu) return;
        if (_layout is { Delimiter: ConllLayout.Tab, Count: ConlluColumns } && source.FormColumn is null && source.TagColumn is null
            && _sentences.All(sentence => sentence.Tags.All(tag => tag == "_")))
        {
            throw new CorpusException(new CorpusNote(
                $"{file.Path}: the last of {ConlluColumns} columns is \"_\" for every word, as CoNLL-U has them; expected tags there",
                new CorpusSetting("format", CorpusFormat.Conllu)));
        }

        _census.AddNotes(file.Path, source, notes!);
        NoteHeader();
    }

    /// <summary>A first line that names the columns: its tag occurs there alone, and both it and the word are names of columns.</summary>
    private void NoteHeader()
    {
        TaggedSentence first = _sentences[0];
        string word = first.Words[0], tag = first.Tags[0];
        if (ColumnNames.Find([word], ColumnNames.Words) < 0 && ColumnNames.Find([tag], ColumnNames.Tags) < 0) return;
        if (_sentences.Sum(sentence => sentence.Tags.Count(other => other == tag)) > 1) return;
        notes!.Add(new CorpusNote(
            $"{file.Path}, line {first.Lines[0]}: {Listing.Quote(word)} has the tag {Listing.Quote(tag)}, which occurs here alone; is this line a header?",
            new CorpusSetting("skip_lines", $"{first.Lines[0]}")));
    }
}
