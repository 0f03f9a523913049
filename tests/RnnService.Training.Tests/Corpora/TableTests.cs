using CsCheck;
using RnnService.Engine.Models;
using RnnService.Training.Corpora;
using Xunit;

namespace RnnService.Training.Tests.Corpora;

public sealed class TableTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private CorpusSource Source(string content, string format = "csv") => new() { Path = _folder.Write("a.csv", content), Format = format };

    private static (string[] Examples, List<CorpusNote> Notes) Read(CorpusSource source)
    {
        var notes = new List<CorpusNote>();
        return ([.. Corpus.ReadLabelled(source, notes).Select(example => $"{example.Label}|{example.Text}|{example.Line}")], notes);
    }

    private string Refusal(CorpusSource source)
    {
        Exception error = Assert.ThrowsAny<Exception>(() => Corpus.ReadLabelled(source));
        Assert.True(error is InvalidDataException or CorpusException, $"{error}");
        Assert.StartsWith(_folder["a.csv"], error.Message);
        return error.Message[_folder["a.csv"].Length..];
    }

    [Fact]
    public void Quotes_doubled_quotes_and_line_breaks_are_read_and_a_record_stands_in_its_first_line()
    {
        var (examples, notes) = Read(Source("id,text,label\r\n1,\"fine, \"\"really\"\"\r\nfine\",pos\r\n\r\n2,5\" screen,neg\r\n"));
        Assert.Equal(["pos|fine, \"really\"\r\nfine|2", "neg|5\" screen|5"], examples);
        Assert.Contains("line 1: names the columns", Assert.Single(notes).Sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(",")]
    [InlineData(";")]
    [InlineData("\t")]
    [InlineData("|")]
    public void The_delimiter_is_found_or_given(string delimiter)
    {
        string content = $"sentiment{delimiter}review\npos{delimiter}\"fine{delimiter} really\"\nneg{delimiter}dull\n";
        Assert.Equal(["pos|fine" + delimiter + " really|2", "neg|dull|3"], Read(Source(content)).Examples);
        Assert.Equal(["pos|fine" + delimiter + " really|2", "neg|dull|3"], Read(Source(content) with { Delimiter = delimiter }).Examples);
    }

    [Fact]
    public void Columns_have_names_in_any_case_or_numbers()
    {
        const string content = "Review,Sentiment,Split\nfine,pos,train\ndull,neg,dev\n";
        Assert.Equal(["pos|fine|2", "neg|dull|3"], Read(Source(content)).Examples);
        Assert.Equal(["train|fine|2", "dev|dull|3"], Read(Source(content) with { LabelColumn = "split" }).Examples);
        Assert.Equal(["train|fine|2", "dev|dull|3"], Read(Source(content) with { LabelColumn = -1, TextColumn = 0 }).Examples);
        Assert.Equal(["neg|dull|3"], Read(Source(content) with { Where = new Dictionary<string, string> { ["split"] = "dev" } }).Examples);
        Assert.Equal(
            ", line 1: text_column is \"body\"; expected one of \"Review\", \"Sentiment\", \"Split\"", Refusal(Source(content) with { TextColumn = "body" }));
    }

    [Fact]
    public void Without_usual_names_the_column_that_repeats_is_the_label_and_it_is_said()
    {
        var (examples, notes) = Read(Source("fine film,pos\ngood film,pos\ndull film,neg\npoor film,neg\n"));
        Assert.Equal("pos|fine film|1", examples[0]);
        CorpusNote note = Assert.Single(notes);
        Assert.Equal(["label_column=0", "text_column=1"], note.Suggestions.Select(mend => $"{mend.Name}={mend.Value}"));
        Assert.StartsWith(
            ", line 1: 3 columns: \"1\", \"fine film\", \"pos\"; expected to find label and text among them", Refusal(Source("1,fine film,pos\n2,dull film,neg\n")));
        Assert.Equal(["pos|fine film|1", "neg|dull film|2"], Read(Source("1,fine film,pos\n2,dull film,neg\n") with { LabelColumn = 2, TextColumn = 1 }).Examples);
    }

    [Theory]
    [InlineData("text,label\nfine,pos\n\"never closed,neg\nx,pos\n", ", line 3: in the record that begins here a quote is never closed; expected \"…\", with \"\" for a quote within")]
    [InlineData("text,label\n\"so\" what,neg\n", ", line 2: in the record that begins here text follows a closing quote; expected \"…\", with \"\" for a quote within")]
    [InlineData("text,label\nfine,pos\nwell, dull,neg\n", ", line 3: 3 columns; expected 2 as the header has")]
    [InlineData("text,label\n\"a\nb\",pos\n\"c\nd\",pos,x\n", ", line 4: 3 columns; expected 2 as the header has")]
    [InlineData("just words\n", ", line 1: 1 column here and in every other line; expected 2, a text and its label: the labels are missing, or the delimiter is another (delimiter=CHARACTER)")]
    [InlineData("# by hand\n\ntext,label\nfine,pos\ndull,neg\n", ", line 1: 1 column, 2 from line 3 on; expected the lines before the table to be skipped (skip_lines=2)")]
    [InlineData("__label__pos fine film\n", ", line 1: \"__label__pos fine film\" looks like fastText; expected CSV, or that format named (format=fasttext)")]
    [InlineData("text,label\na, \"x\"\nb, \"x\"\nc, \"y\"\nd, \"y\"\n", ", line 2: the label stands in quotes with a space before them, as most do; expected the quote right after the delimiter: take the spaces out")]
    [InlineData("text,label\na,\nb,\n", ": all 2 rows lack a text or a label; expected both in at least one")]
    public void A_record_that_is_broken_is_named_by_its_first_line(string content, string message) => Assert.Equal(message, Refusal(Source(content)));

    [Fact]
    public void Rows_without_a_text_or_a_label_are_left_out_and_counted()
    {
        var (examples, notes) = Read(Source("text,label\nfine,pos\n,pos\ndull,\nbad,neg\n") with { Header = true });
        Assert.Equal(["pos|fine|2", "neg|bad|5"], examples);
        Assert.Contains("line 3: 2 rows without a text or a label", Assert.Single(notes).Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Several_labels_are_kept_and_it_is_said_that_the_first_is_learnt()
    {
        var notes = new List<CorpusNote>();
        var read = Corpus.ReadLabelled(Source("label,text\na;b,x y\nc,z\n") with { LabelSeparator = ";", Header = true }, notes);
        Assert.Equal(["a", "c"], read.Select(example => example.Label));
        Assert.Equal(["b"], read[0].MoreLabels);
        Assert.Contains("line 2: 1 of 2 texts have several labels", Assert.Single(notes).Sentence, StringComparison.Ordinal);

        notes.Clear();
        read = Corpus.ReadLabelled(Source("__label__a __label__b fine film\ndull film __label__c\n", "fasttext"), notes);
        Assert.Equal([new("a", "fine film"), new("c", "dull film")], read);
        Assert.Equal(["b"], read[0].MoreLabels);
        Assert.Contains("1 of 2 texts have several labels", Assert.Single(notes).Sentence, StringComparison.Ordinal);

        notes.Clear();
        read = Corpus.ReadLabelled(Source("{\"text\": \"x\", \"labels\": [\"a\", \"b\"]}\n{\"text\": \"y\", \"labels\": [\"c\"]}\n", "jsonl"), notes);
        Assert.Equal([new("a", "x"), new("c", "y")], read);
        Assert.Equal(["b"], read[0].MoreLabels);
        Assert.Contains("1 of 2 texts have several labels", Assert.Single(notes).Sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"text\": \"fine\", \"label\": \"pos\"}\n{\"text\": \"dull\", \"label\": \"neg\"}\n")]
    [InlineData("[{\"text\": \"fine\", \"label\": \"pos\"},\n{\"text\": \"dull\", \"label\": \"neg\"}]")]
    [InlineData("{\"id\": 7, \"Review\": \"fine\", \"Sentiment\": \"pos\"}\n\n{\"id\": 8, \"Sentiment\": \"neg\", \"Review\": \"dull\"}\n")]
    public void JSON_lines_and_arrays_are_read_by_field(string content) =>
        Assert.Equal([new("pos", "fine"), new("neg", "dull")], Corpus.ReadLabelled(Source(content, "jsonl")));

    [Fact]
    public void Fields_can_be_named_and_labels_be_numbers()
    {
        var source = Source("{\"q\": \"fine\", \"y\": 1}\n{\"q\": \"dull\", \"y\": 0}\n", "jsonl") with
        {
            TextColumn = "q",
            LabelColumn = "y",
            LabelNames = new Dictionary<string, string> { ["0"] = "neg", ["1"] = "pos" },
        };
        Assert.Equal([new("pos", "fine"), new("neg", "dull")], Corpus.ReadLabelled(source));
        Assert.Equal(
            ", line 1: no field \"x\"; found fields \"q\", \"y\"", Refusal(source with { TextColumn = "x" }));
    }

    [Theory]
    [InlineData("{\"text\": \"a\", \"label\": \"x\"}\n{\"text\": \"b\", label", ", line 2: no JSON ('l' is an invalid start of a property name. Expected a '\"'); expected one object an example")]
    [InlineData("{\"\\ud800\": \"a\", \"label\": \"x\"}\n", ", line 1: a field's name holds half of a surrogate pair; expected Unicode text")]
    [InlineData("{\"data\": [{\"text\": \"a\"}]}", ", line 1: the file is one object around lists; expected one object an example, as jq -c '.[\"data\"][]' makes of it")]
    [InlineData("{\"text\": \"a\", \"label\": \"x\"}\n[1]\n", ", line 2: a value that is no object; expected one object an example, a line each or in one array")]
    [InlineData("{\"text\": \"a\", \"label\": \"x\"}\n{\"text\": [\"b\"], \"label\": \"x\"}\n", ", line 2: field \"text\" is a list; expected a string")]
    [InlineData("{\"text\": \"a\\ud800\", \"label\": \"x\"}\n", ", line 1: field \"text\" holds half of a surrogate pair; expected Unicode text")]
    [InlineData("{\"a\": 1}\n", ", line 1: fields \"a\"; expected one called text, sentence, review, comment, content or the like, or the one that is named (text_column=FIELD)")]
    public void JSON_that_is_something_else_is_named(string content, string message) => Assert.Equal(message, Refusal(Source(content, "jsonl")));

    [Fact]
    public void A_field_within_a_field_is_named_by_its_path() => Assert.Equal(
        ["x|fine|1"], Read(Source("{\"data\": {\"text\": \"fine\"}, \"label\": \"x\"}\n", "jsonl") with { TextColumn = "data.text" }).Examples);

    [Fact]
    public void A_folder_is_no_file() => Assert.EndsWith(
        "is a folder; expected a file",
        Assert.Throws<IOException>(() => Corpus.ReadLabelled(new CorpusSource { Path = Path.GetDirectoryName(_folder["a"])!, Format = "csv" })).Message,
        StringComparison.Ordinal);

    [Theory]
    [InlineData("fine film\n", ", line 1: no label; expected __label__NAME before or after the text")]
    [InlineData("__label__a x\n__label__ y\n", ", line 2: __label__ without a name; expected __label__NAME")]
    [InlineData("__label__a\n", ", line 1: no text with label \"a\"; expected some")]
    public void Lines_that_fastText_does_not_have_are_named(string content, string message) => Assert.Equal(message, Refusal(Source(content, "fasttext")));

    [Theory]
    [InlineData("{\"text\": \"fine\", \"label\": \"pos\"}", "JSON (format=jsonl)")]
    [InlineData("__label__pos fine", "fastText (format=fasttext)")]
    [InlineData("pos,fine", "CSV (format=csv)")]
    [InlineData("1 fine", "SST-2's LABEL sentence (format=labelled-space)")]
    public void Another_format_in_lines_without_tabs_is_called_by_its_name(string line, string name) => Assert.Equal(
        $", line 1: 1 column separated by tabs; expected 2 (label, text); the line looks like {name}", Refusal(Source(line + "\n", "labelled")));

    [Theory]
    [InlineData("label\ttext\npos\tfine film\nneg\tdull film\n")]
    [InlineData("sentence\tlabel\nfine film\tpos\ndull film\tneg\n")]
    [InlineData("Text\tCategory\nfine film\tpos\ndull film\tneg\n")]
    public void A_header_with_the_usual_names_is_no_example(string content)
    {
        var (examples, notes) = Read(Source(content, "labelled"));
        Assert.Equal(["pos|fine film|2", "neg|dull film|3"], examples);
        CorpusNote note = Assert.Single(notes);
        Assert.Contains("line 1: taken as a header", note.Sentence, StringComparison.Ordinal);
        Assert.Equal([new CorpusSetting("header", "false")], note.Suggestions);
        Assert.Equal(3, Read(Source(content, "labelled") with { Header = false }).Examples.Length);
    }

    [Fact]
    public void A_header_with_other_names_is_noticed_where_labels_repeat()
    {
        var source = Source("klasse\tsatz\npos\ta b\nneg\tc d\npos\te f\nneg\tg h\n", "labelled");
        CorpusNote note = Assert.Single(Read(source).Notes);
        Assert.Contains("line 1: the label \"klasse\" occurs here alone; is this line a header?", note.Sentence, StringComparison.Ordinal);
        Assert.Equal(["pos|a b|2", "neg|c d|3", "pos|e f|4", "neg|g h|5"], Read(source with { Header = true }).Examples);
        Assert.Equal(["pos|a b|2", "neg|c d|3", "pos|e f|4", "neg|g h|5"], Read(source with { SkipLines = 1 }).Examples);
    }

    [Fact]
    public void Quotes_in_a_file_with_tabs_are_noticed()
    {
        var source = Source("pos\t\"a b\"\nneg\t\"c d\"\npos\t\"e \"\"f\"\"\"\nneg\t\"g h\"\n", "labelled");
        Assert.Equal(["format=csv", "delimiter=tab"], Assert.Single(Read(source).Notes).Suggestions.Select(mend => $"{mend.Name}={mend.Value}"));
        Assert.Equal("pos|e \"f\"|3", Read(source with { Format = "csv", Delimiter = "tab", LabelColumn = 0, TextColumn = 1 }).Examples[2]);
    }

    [Theory]
    [InlineData("pos\tfine film", ", line 1: label \"pos\\tfine\" has a tab in it")]
    [InlineData("1\u00A0fine film", ", line 1: label \"1\u00A0fine\" has a no-break space in it")]
    [InlineData("pos\tfine", ", line 1: \"pos\\tfine\" has no space; expected LABEL sentence")]
    public void A_label_that_another_separator_ends_is_refused(string line, string message) =>
        Assert.StartsWith(message.Replace("\\t", "\t", StringComparison.Ordinal), Refusal(Source(line + "\n", "labelled-space")));

    [Fact]
    public void Any_cells_come_back_from_CSV_as_they_were_written()
    {
        var cell = Gen.Char["ab,;\"'\n |é宋"].Array[1, 8].Select(letters => new string(letters)).Where(text => text.Trim().Length > 0);
        Gen.Select(cell, cell).Array[1, 6].Sample(
            rows =>
            {
                string content = "text,label\n" + string.Concat(rows.Select(row => $"{Quoted(row.Item1)},{Quoted(row.Item2)}\n"));
                return Corpus.ReadLabelled(Source(content)).SequenceEqual(rows.Select(row => new LabelledText(row.Item2.Trim(' '), row.Item1)));
            },
            iter: 300,
            threads: 1);

        static string Quoted(string text) => $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    [Theory]
    [InlineData("a.CSV", ModelTask.Classifier, "csv")]
    [InlineData("a.csv.gz", ModelTask.Classifier, "csv")]
    [InlineData("a.jsonl", ModelTask.Classifier, "jsonl")]
    [InlineData("a.ndjson", ModelTask.Tagger, "jsonl")]
    [InlineData("a.json", ModelTask.Tagger, "jsonl")]
    [InlineData("a.ft", ModelTask.Classifier, "fasttext")]
    [InlineData("a.parquet", ModelTask.Classifier, "parquet")]
    [InlineData("a.tsv", ModelTask.Classifier, "labelled")]
    [InlineData("a.trees.txt", ModelTask.Classifier, "sst-trees")]
    [InlineData("a.iob2", ModelTask.Tagger, "conll")]
    [InlineData("a.conllu.gz", ModelTask.Tagger, "conllu")]
    [InlineData("a.csv", ModelTask.LanguageModel, "csv")]
    [InlineData("a.tsv.gz", ModelTask.LanguageModel, "labelled")]
    [InlineData("a.json", ModelTask.LanguageModel, "jsonl")]
    [InlineData("a.parquet", ModelTask.LanguageModel, "parquet")]
    [InlineData("a.ts", ModelTask.LanguageModel, "text")]
    public void The_format_is_guessed_from_name_and_task(string name, ModelTask task, string format) => Assert.Equal(format, CorpusFormat.Guess(name, task));

    [Fact]
    public async Task Parquet_is_read_by_column()
    {
        Row[] rows = [new("fine film", 1), new("dull film", 0), new(null, 0)];
        await using (var file = File.Create(_folder["a.parquet"])) await Parquet.Serialization.ParquetSerializer.SerializeAsync(rows, file, cancellationToken: TestContext.Current.CancellationToken);
        var source = new CorpusSource { Path = _folder["a.parquet"], Format = "parquet" };
        Assert.Equal(["1|fine film|1", "0|dull film|2"], Read(source).Examples);
        Assert.Contains("line 3: a row without a text or a label", Assert.Single(Read(source).Notes).Sentence, StringComparison.Ordinal);
        Assert.Equal(
            ["pos|fine film|1", "neg|dull film|2"],
            Read(source with { LabelNames = new Dictionary<string, string> { ["0"] = "neg", ["1"] = "pos" } }).Examples);
        var other = new CorpusSource { Path = _folder.Write("b.parquet", "PAR1 not at all PAR1"), Format = "parquet" };
        Assert.StartsWith(other.Path, Assert.Throws<InvalidDataException>(() => Corpus.ReadLabelled(other)).Message, StringComparison.Ordinal);
    }

    private sealed record Row(string? Text, int Label);
}
