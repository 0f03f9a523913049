namespace RnnService.Cli.Tests.Verbs;

public sealed class TaggerTests(TrainedModels models)
{
    [Fact]
    public void Evaluate_prints_accuracy_and_span_scores_and_the_table_when_asked()
    {
        string text = CommandRun.Of("evaluate", models.Tagger, "--corpus", models.SpansFile).Succeeded().Out;
        Assert.Contains("accuracy 100.00 % (180 of 180)", text, StringComparison.Ordinal);
        Assert.Matches("(?m)^PER +36 +36 +36 +100.00 +100.00 +100.00$", text);
        Assert.Matches("(?m)^all +72 ", text);
        Assert.DoesNotContain("B-PER", text, StringComparison.Ordinal);

        string table = CommandRun.Of("evaluate", models.Tagger, "--corpus", models.SpansFile, "--table").Succeeded().Out;
        Assert.Contains("B-PER", table, StringComparison.Ordinal);

        var scores = CommandRun.Of("evaluate", models.Tagger, "--corpus", models.SpansFile, "--json").Succeeded().Json();
        Assert.Equal(1, scores.GetProperty("spans").GetProperty("f1").GetDouble());
        Assert.Equal(36, scores.GetProperty("spans_by_type").GetProperty("PER").GetProperty("gold").GetInt32());
    }

    [Fact]
    public void Tag_prints_a_word_a_line_and_an_empty_line_after_each_text()
    {
        CommandRun run = CommandRun.With("Ada Byron saw Rome .\n\nAlan saw Paris .\n", ["tag", models.Tagger]).Succeeded();
        string[][] rows = [.. run.Out.Split('\n').Select(line => line.Split('\t'))];
        Assert.Equal(["Ada", "Byron", "saw", "Rome", ".", "", "", "Alan", "saw", "Paris", ".", "", ""], rows.Select(row => row[0]));
        Assert.Equal(["B-PER", "I-PER", "O", "B-LOC", "O"], rows[..5].Select(row => row[1]));
    }

    [Fact]
    public void Tag_gives_offsets_in_code_points_as_JSON()
    {
        var words = CommandRun.Of("tag", models.Tagger, "😀 Ada saw Rome .", "--json").Succeeded().Json().GetProperty("words");
        Assert.Equal("Ada", words[1].GetProperty("text").GetString());
        Assert.Equal(2, words[1].GetProperty("start").GetInt32());
        Assert.Equal(5, words[1].GetProperty("end").GetInt32());
        Assert.Equal("B-PER", words[1].GetProperty("label").GetString());
        Assert.InRange(words[1].GetProperty("score").GetDouble(), 0.3, 1);
    }

    [Fact]
    public void Tag_joins_BIO_labels_into_spans_when_asked()
    {
        Assert.Equal(
            ["Ada Byron\tPER", "Rome\tLOC"],
            CommandRun.Of("tag", models.Tagger, "Ada Byron saw Rome .", "--spans").Succeeded().Lines.Select(line => line[..line.LastIndexOf('\t')]));
        var span = CommandRun.Of("tag", models.Tagger, "Ada  Byron saw Rome .", "--spans", "--json").Succeeded().Json().GetProperty("spans")[0];
        Assert.Equal("Ada  Byron", span.GetProperty("text").GetString());
        Assert.Equal(10, span.GetProperty("end").GetInt32());
    }
}
