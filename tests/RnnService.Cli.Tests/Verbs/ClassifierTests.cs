using RnnService.Cli.Shell;

namespace RnnService.Cli.Tests.Verbs;

public sealed class ClassifierTests(TrainedModels models)
{
    [Fact]
    public void Evaluate_prints_accuracy_macro_F1_and_the_confusion_matrix()
    {
        string text = CommandRun.Of("evaluate", models.Classifier, "--corpus", models.LabelledFile).Succeeded().Out;
        Assert.Contains("accuracy 100.00 % (48 of 48)", text, StringComparison.Ordinal);
        Assert.Contains("macro F1 100.00 %", text, StringComparison.Ordinal);
        Assert.Contains("gold (rows), predicted (columns)", text, StringComparison.Ordinal);

        var scores = CommandRun.Of("evaluate", models.Classifier, "--corpus", models.LabelledFile, "--json").Succeeded().Json();
        Assert.Equal(1, scores.GetProperty("accuracy").GetDouble());
        Assert.Equal(24, scores.GetProperty("confusion")[0][0].GetInt32());
        Assert.Equal(0, scores.GetProperty("confusion")[0][1].GetInt32());
        Assert.Equal(24, scores.GetProperty("labels").GetProperty("good").GetProperty("gold").GetInt32());
    }

    [Fact]
    public void Evaluate_reads_the_columns_it_is_told_to()
    {
        using var folder = new ScratchFolder();
        string file = folder.Write(
            "reviews.csv", "text\tstars\tpart\nA lovely film.\t5\tdev\nA dull film.\t1\tdev\nA dull book.\t5\ttrain\n");
        var scores = CommandRun.Of(
            "evaluate", models.Classifier, "--corpus", file, "--text-column", "0", "--label-column", "1", "--skip-lines", "1",
            "--where", "2=dev", "--label-name", "5=good", "--label-name", "1=bad", "--json").Succeeded().Json();
        Assert.Equal(2, scores.GetProperty("texts").GetInt32());
        Assert.Equal(1, scores.GetProperty("accuracy").GetDouble());
    }

    [Fact]
    public void Evaluate_counts_a_label_that_the_model_lacks_as_wrong_and_says_so_beside_the_scores()
    {
        using var folder = new ScratchFolder();
        string file = folder.Write("other.tsv", "so-so\tA film.\ngood\tA lovely film.\nso-so\tA book.\nodd\tA day.\n");
        CommandRun run = CommandRun.Of("evaluate", models.Classifier, "--corpus", file, "--json").Succeeded();
        Assert.Equal(0.25, run.Json().GetProperty("accuracy").GetDouble());
        Assert.Equal(2, run.Json().GetProperty("labels").GetProperty("so-so").GetProperty("gold").GetInt32());
        Assert.InRange(run.Json().GetProperty("loss").GetDouble(), 0, 5); // of the text whose label is known
        Assert.Contains(
            $"note: 2 labels of the corpus are not among the model's: \"so-so\" ({file}, line 1, 2 times), \"odd\" ({file}, line 4); 3 of 4 texts count as wrong",
            run.Error, StringComparison.Ordinal);
        CommandRun.Of("evaluate", models.Classifier, "--corpus", file, "--unseen-labels", "error").FailedWith(ExitCode.Failed, "\"so-so\"", "\"odd\"");
    }

    [Fact]
    public void Evaluate_refuses_a_corpus_without_any_label_of_the_model()
    {
        using var folder = new ScratchFolder();
        string file = folder.Write("other.tsv", string.Concat(Enumerable.Range(0, 3000).Select(i => $"a text number {i}\t{i % 2}\n")));
        CommandRun run = CommandRun.Of("evaluate", models.Classifier, "--corpus", file);
        run.FailedWith(ExitCode.Failed, "none of the labels of the corpus is one of the model's", "and 2990 more", "expected \"bad\", \"good\"");
        Assert.InRange(run.Error.Length, 1, 1500);
    }

    [Fact]
    public void Classify_answers_each_text_on_a_line()
    {
        CommandRun run = CommandRun.Of("classify", models.Classifier, "A lovely day.", "A dull day.").Succeeded();
        Assert.Equal(2, run.Lines.Length);
        Assert.Matches("^good +[0-9.]+ %  A lovely day\\.$", run.Lines[0]);
        Assert.Matches("^bad +[0-9.]+ %  A dull day\\.$", run.Lines[1]);
        Assert.Equal("", run.Error);
    }

    [Fact]
    public void Classify_reads_lines_from_a_pipe_empty_ones_too()
    {
        var answers = CommandRun.With("A lovely day.\n\nA dull \"😀\" day.\n", ["classify", models.Classifier, "--json"]).Succeeded().JsonLines();
        Assert.Equal(["A lovely day.", "", "A dull \"😀\" day."], answers.Select(answer => answer.GetProperty("text").GetString()));
        Assert.Equal("good", answers[0].GetProperty("labels")[0].GetProperty("label").GetString());
        Assert.Equal(1, answers[0].GetProperty("labels").EnumerateArray().Sum(label => label.GetProperty("score").GetDouble()), 1e-5);
    }

    [Fact]
    public void Classify_tells_who_types_what_is_awaited() =>
        Assert.Equal("One text a line; Ctrl-D ends.\n", CommandRun.Of("classify", models.Classifier).Succeeded().Error);

    [Fact]
    public void A_text_may_start_with_an_at_sign_or_after_two_dashes_with_a_dash()
    {
        Assert.EndsWith("@home", CommandRun.Of("classify", models.Classifier, "@home").Succeeded().Lines[0], StringComparison.Ordinal);
        Assert.EndsWith("--json", CommandRun.Of("classify", models.Classifier, "--", "--json").Succeeded().Lines[0], StringComparison.Ordinal);
        Assert.EndsWith("- so what?", CommandRun.Of("classify", models.Classifier, "- so what?").Succeeded().Lines[0], StringComparison.Ordinal);
    }
}
