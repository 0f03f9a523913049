using System.Text.Json;
using RnnService.Training.Corpora;
using Xunit;

namespace RnnService.Training.Tests.Corpora;

public sealed class CorpusSourceTests
{
    private static readonly JsonSerializerOptions Recipe = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    [Fact]
    public void A_recipe_names_every_setting_in_snake_case()
    {
        var source = JsonSerializer.Deserialize<CorpusSource>(
            """
            {
              "path": "reviews.tsv.gz", "format": "labelled", "label_column": 1, "text_column": -1, "skip_lines": 1,
              "where": { "3": "train", "split": "a" }, "distinct": true, "label_names": { "0": "negative", "1": "positive" }
            }
            """,
            Recipe)!;

        source.Validate();
        Assert.Equal("reviews.tsv.gz", source.Path);
        Assert.Equal("labelled", source.Format);
        Assert.Equal<(CorpusColumn?, CorpusColumn?, int?)>((1, -1, 1), (source.LabelColumn, source.TextColumn, source.SkipLines));
        Assert.Equal("train", source.Where!["3"]);
        Assert.True(source.Distinct);
        Assert.Equal("positive", source.LabelNames!["1"]);
    }

    [Theory]
    [InlineData("""{ "path": " ", "format": "text" }""", "a corpus has no path; expected the file's name")]
    [InlineData(
        """{ "path": "x", "format": "xls" }""",
        "corpus x: format \"xls\" is not known; expected one of text, abc, labelled, labelled-space, sst-trees, csv, jsonl, fasttext, parquet, pairs, parallel, conll, conllu, ts, npy, wav")]
    [InlineData(
        """{ "path": "x", "format": "conll", "text_column": 1 }""",
        "corpus x: text_column does not belong to format \"conll\": it is for labelled, csv, parquet, jsonl")]
    [InlineData(
        """{ "path": "x", "format": "labelled-space", "label_column": 1 }""",
        "corpus x: label_column does not belong to format \"labelled-space\": it is for labelled, csv, parquet, jsonl")]
    [InlineData(
        """{ "path": "x", "format": "sst-trees", "skip_lines": 1 }""",
        "corpus x: skip_lines does not belong to format \"sst-trees\": it is for labelled, pairs, csv, conll")]
    [InlineData(
        """{ "path": "x", "format": "text", "where": { "0": "a" } }""",
        "corpus x: where does not belong to format \"text\": it is for labelled, csv, parquet, pairs, wav")]
    [InlineData(
        """{ "path": "x", "format": "labelled", "form_column": 1 }""",
        "corpus x: form_column does not belong to format \"labelled\": it is for conll, conllu, jsonl")]
    [InlineData(
        """{ "path": "x", "format": "text", "tag_column": 1 }""",
        "corpus x: tag_column does not belong to format \"text\": it is for conll, conllu, jsonl")]
    [InlineData(
        """{ "path": "x", "format": "labelled", "phrases": false }""",
        "corpus x: phrases does not belong to format \"labelled\": it is for sst-trees")]
    [InlineData(
        """{ "path": "x", "format": "conll", "distinct": true }""",
        "corpus x: distinct does not belong to format \"conll\": it is for labelled, labelled-space, sst-trees, csv, jsonl, fasttext, parquet, pairs, parallel")]
    [InlineData(
        """{ "path": "x", "format": "labelled", "source_column": 1 }""",
        "corpus x: source_column does not belong to format \"labelled\": it is for pairs, csv, jsonl, parquet")]
    [InlineData(
        """{ "path": "x", "format": "pairs", "source_column": 2, "target_column": 2 }""",
        "corpus x: source_column and target_column are both 2; expected two columns")]
    [InlineData(
        """{ "path": "x", "format": "pairs", "target_path": "y" }""",
        "corpus x: target_path does not belong to format \"pairs\": it is for parallel")]
    [InlineData(
        """{ "path": "x", "format": "parallel" }""",
        "corpus x: target_path is missing; expected the file whose lines are the translations of x's")]
    [InlineData(
        """{ "path": "x", "format": "text", "label_names": {} }""",
        "corpus x: label_names does not belong to format \"text\": it is for labelled, labelled-space, sst-trees, csv, jsonl, fasttext, parquet, conll, conllu, ts, npy, wav")]
    [InlineData("""{ "path": "x", "format": "labelled", "skip_lines": -1 }""", "corpus x: skip_lines is -1; expected 0 or more")]
    [InlineData(
        """{ "path": "x", "format": "labelled", "label_column": 1, "text_column": 1 }""",
        "corpus x: label_column and text_column are both 1; expected two columns")]
    [InlineData(
        """{ "path": "x", "format": "conll", "form_column": -1 }""",
        "corpus x: form_column and tag_column are both -1; expected two columns")]
    [InlineData(
        """{ "path": "x", "format": "conllu", "tag_column": 1 }""",
        "corpus x: form_column and tag_column are both 1; expected two columns")]
    [InlineData("""{ "path": "x", "format": "conllu", "tag_column": 10 }""", "corpus x: tag_column is 10; expected a column of CoNLL-U, 0 to 9, or one of id, form, lemma, upos, xpos, feats, head, deprel, deps, misc")]
    [InlineData("""{ "path": "x", "format": "conllu", "tag_column": "postag" }""", "corpus x: tag_column is postag; expected a column of CoNLL-U, 0 to 9, or one of id, form, lemma, upos, xpos, feats, head, deprel, deps, misc")]
    [InlineData("""{ "path": "x", "format": "conllu", "tag_column": "Form" }""", "corpus x: form_column and tag_column are both 1; expected two columns")]
    [InlineData("""{ "path": "x", "format": "conllu", "form_column": -11 }""", "corpus x: form_column is -11; expected a column of CoNLL-U, 0 to 9, or one of id, form, lemma, upos, xpos, feats, head, deprel, deps, misc")]
    [InlineData(
        """{ "path": "x", "format": "labelled", "label_names": { "0": "" } }""",
        "corpus x: label_names gives \"0\" an empty name; expected a name")]
    [InlineData("""{ "path": "x", "format": "text", "encoding": "klingon" }""", "corpus x: encoding is \"klingon\"; expected a name such as utf-8, utf-16le, windows-1252, gb18030 or shift_jis")]
    [InlineData("""{ "path": "x", "format": "csv", "delimiter": "ab" }""", "corpus x: delimiter is \"ab\"; expected comma, semicolon, tab, pipe or one ASCII character")]
    [InlineData("""{ "path": "x", "format": "conll", "delimiter": "comma" }""", "corpus x: delimiter is \"comma\"; expected tab or space or whitespace")]
    [InlineData("""{ "path": "x", "format": "conll", "form_column": "word" }""", "corpus x: form_column is \"word\"; expected a number: format \"conll\" names no columns")]
    [InlineData("""{ "path": "x", "format": "jsonl", "text_column": 1 }""", "corpus x: text_column is 1; expected the name of a field")]
    public void A_wrong_setting_is_refused_with_a_sentence(string json, string message)
    {
        var source = JsonSerializer.Deserialize<CorpusSource>(json, Recipe)!;
        Assert.Equal(message, Assert.Throws<ArgumentException>(source.Validate).Message);
    }

    [Fact]
    public void A_reader_refuses_a_format_that_holds_something_else()
    {
        var text = new CorpusSource { Path = "x", Format = "text" };
        var tagged = new CorpusSource { Path = "x", Format = "conll" };

        Assert.Equal(
            "corpus x: format \"conll\" holds no running text; expected text or abc or labelled or csv or parquet or jsonl",
            Assert.Throws<ArgumentException>(() => Corpus.ReadText(tagged)).Message);
        Assert.Equal(
            "corpus x: format \"conll\" holds no labelled text; expected labelled or labelled-space or sst-trees or csv or jsonl or fasttext or parquet",
            Assert.Throws<ArgumentException>(() => Corpus.ReadLabelled(tagged)).Message);
        Assert.Equal(
            "corpus x: format \"text\" holds no tagged sentences; expected conll or conllu or jsonl",
            Assert.Throws<ArgumentException>(() => Corpus.ReadTagged(text)).Message);
    }

    [Fact]
    public void A_reader_checks_the_settings_before_the_file()
    {
        var source = new CorpusSource { Path = "no such file", Format = "text", Phrases = true };
        Assert.Throws<ArgumentException>(() => Corpus.ReadText(source));
    }
}
