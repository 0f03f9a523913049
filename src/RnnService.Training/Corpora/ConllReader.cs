namespace RnnService.Training.Corpora;

/// <summary>Tagged sentences, one word a line, in columns.</summary>
internal sealed class ConllReader(CorpusSource source)
{
    public const int Form = 1, Upos = 3, ConlluColumns = 10;

    private readonly bool _conllu = source.Format == CorpusFormat.Conllu;
    private readonly List<TaggedSentence> _sentences = [];
    private readonly List<string> _words = [];
    private readonly List<string> _tags = [];
    private bool _tabs;

    public IReadOnlyList<TaggedSentence> Read(CorpusFile file)
    {
        foreach (var line in file.Lines)
        {
            if (line.IsBlank || line.Text.StartsWith("-DOCSTART-", StringComparison.Ordinal)) EndSentence();
            else if (!IsComment(line.Text)) AddWord(line);
        }

        EndSentence();
        return _sentences;
    }

    /// <summary>
    /// In CoNLL-U every line that begins with # is a comment. Elsewhere words begin with # too, "#5 TAB O": a comment is "# " without
    /// tabs, before a sentence's first word where the columns are separated by spaces.
    /// </summary>
    private bool IsComment(string line)
    {
        if (line[0] != '#') return false;
        if (_conllu) return true;
        return (line.Length == 1 || line[1] == ' ') && !line.Contains('\t') && (_tabs || _words.Count == 0);
    }

    private void AddWord(CorpusLine line)
    {
        bool tabs = _conllu || line.Text.Contains('\t');
        _tabs |= tabs;
        string[] columns = tabs ? line.Text.Split('\t') : line.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (_conllu)
        {
            if (columns.Length != ConlluColumns)
                throw line.Error($"{columns.Length} columns separated by tabs, wanted the {ConlluColumns} of CoNLL-U");

            // Multi-word tokens (3-4) repeat the words after them; empty nodes (8.1) are not in the text.
            if (columns[0].AsSpan().ContainsAny('-', '.')) return;
            if (columns[0] != $"{_words.Count + 1}")
                throw line.Error($"word \"{columns[0]}\", wanted {_words.Count + 1}: words count from 1, an empty line ends a sentence");
        }

        int wordPlace = line.Place(source.FormColumn ?? (_conllu ? Form : 0), columns.Length, "form_column");
        int tagPlace = line.Place(source.TagColumn ?? (_conllu ? Upos : -1), columns.Length, "tag_column");
        if (wordPlace == tagPlace) throw line.Error($"word and tag are both column {tagPlace} of {columns.Length}: wanted two columns");
        string word = columns[wordPlace].Trim(' '), tag = columns[tagPlace].Trim(' ');
        if (tag.Length == 0 || (_conllu && tag == "_")) throw line.Error($"no tag in column {tagPlace}: wanted one for every word");

        // A few lines of the Broad Twitter Corpus have a tag for a word of no characters, which no tokenizer could ever give.
        if (word.Length == 0 && _conllu) throw line.Error("no word: wanted one before its tag");
        if (word.Length == 0) return;
        _words.Add(word);
        _tags.Add(line.NameOf(tag, source));
    }

    private void EndSentence()
    {
        if (_words.Count > 0) _sentences.Add(new TaggedSentence(_words.ToArray(), _tags.ToArray()));
        _words.Clear();
        _tags.Clear();
    }
}
