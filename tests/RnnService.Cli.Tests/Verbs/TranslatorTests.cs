using System.Globalization;
using System.Text.Json;
using RnnService.Cli.Shell;

namespace RnnService.Cli.Tests.Verbs;

public sealed class TranslatorTests(TrainedModels models)
{
    [Fact]
    public void Every_text_has_a_line_and_an_empty_one_stays_empty()
    {
        CommandRun run = CommandRun.With("eins zwei drei\n\nzwei zwei eins\n", ["translate", models.Translator]).Succeeded();
        string[] lines = run.Out.Split('\n');
        Assert.Equal(4, lines.Length); // and what follows the last line's end
        Assert.Equal("", lines[1]);
        Assert.All((string[])[lines[0], lines[2]], line => Assert.All(line.Split(' '), word => Assert.Contains(word, (string[])["one", "two", "three"])));
        // A text among others is what it is alone.
        Assert.Equal(lines[2], CommandRun.Of("translate", models.Translator, "zwei zwei eins").Succeeded().Lines[0]);
    }

    [Fact]
    public void A_text_that_is_too_long_costs_no_other_its_translation()
    {
        string expected = CommandRun.Of("translate", models.Translator, "eins zwei drei").Succeeded().Lines[0];
        string endless = string.Concat(Enumerable.Repeat("eins ", 5000));
        CommandRun run = CommandRun.With($"eins zwei drei\n{endless}\neins zwei drei\n", ["translate", models.Translator]);
        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Equal([expected, "", expected, ""], run.Out.Split('\n'));
        Assert.Matches(@"^rnn: text 2: the text holds \d+ subwords; expected at most 4096\n$", run.Error);
    }

    [Fact]
    public void The_best_come_with_their_scores_best_first()
    {
        string[] lines = CommandRun.Of("translate", models.Translator, "eins zwei drei", "--n-best", "3").Succeeded().Lines;
        double[] scores = [.. lines.Select(line => double.Parse(line.Split("  ")[0], CultureInfo.InvariantCulture))];
        Assert.Equal(3, scores.Length);
        Assert.Equal(scores.OrderDescending(), scores);
        Assert.Equal(3, lines.Select(line => line.Split("  ")[1]).Distinct().Count());
        CommandRun.Of("translate", models.Translator, "eins", "--n-best", "3", "--beams", "2")
            .FailedWith(ExitCode.Failed, "--n-best is 3; expected at most 2 (--beams)");
        CommandRun.Of("translate", models.Translator, "eins", "--beams", "0").FailedWith(ExitCode.Misused, "--beams is 0; expected 1 to 100.");
    }

    [Fact]
    public void Attention_is_drawn_a_row_a_token_and_its_numbers_sum_to_one()
    {
        string[] lines = CommandRun.Of("translate", models.Translator, "eins zwei drei", "--attention").Succeeded().Lines;
        JsonElement answer = CommandRun.Of("translate", models.Translator, "eins zwei drei", "--attention", "--json").Succeeded().Json();
        string[] source = [.. answer.GetProperty("source_tokens").EnumerateArray().Select(token => token.GetString()!)];
        JsonElement best = answer.GetProperty("translations")[0];
        Assert.Equal("</s>", source[^1]);
        Assert.Equal("eins zwei drei", string.Concat(source[..^1]));
        Assert.Equal(lines[0], best.GetProperty("text").GetString());
        Assert.Equal(best.GetProperty("tokens").GetArrayLength(), best.GetProperty("attention").GetArrayLength());
        Assert.All(best.GetProperty("attention").EnumerateArray(), row =>
        {
            Assert.Equal(source.Length, row.GetArrayLength());
            Assert.Equal(1, row.EnumerateArray().Sum(weight => weight.GetDouble()), 1e-4);
        });
        // Source tokens written downwards above the rows of the translation.
        int height = source.Max(token => token.Trim().Length);
        Assert.Equal(1 + height + best.GetProperty("tokens").GetArrayLength(), lines.Length);
        Assert.Contains(lines[(1 + height)..], line => line.AsSpan().IndexOfAny("░▒▓█") >= 0);
    }

    [Fact]
    public void Evaluate_prints_bleu_chrf_and_perplexity_and_writes_the_translations()
    {
        using var folder = new ScratchFolder();
        string file = folder["translations.txt"];
        string[] lines = CommandRun.Of("evaluate", models.Translator, "--corpus", models.PairsFile, "--translations", file).Succeeded().Lines;
        Assert.Matches(@"^BLEU = \d+\.\d\d [\d./]+ \(BP = .* hyp_len = \d+ ref_len = \d+\)  nrefs:1\|case:mixed\|eff:no\|tok:13a\|smooth:exp$", lines[0]);
        Assert.Matches(@"^chrF2 = \d+\.\d\d  nrefs:1\|case:mixed\|eff:yes\|nc:6\|nw:0\|space:no$", lines[1]);
        Assert.StartsWith("perplexity ", lines[2], StringComparison.Ordinal);
        Assert.Equal(81, File.ReadAllLines(file).Length);

        JsonElement scores = CommandRun.Of("evaluate", models.Translator, "--corpus", models.PairsFile, "--beams", "2", "--json").Succeeded().Json();
        Assert.InRange(scores.GetProperty("chrf").GetDouble(), 0.3, 1);
        Assert.Equal(81, scores.GetProperty("pairs").GetInt32());
        // Exchanged, the file is another task, of which the model knows nothing.
        double exchanged = CommandRun.Of("evaluate", models.Translator, "--corpus", models.PairsFile, "--swap", "--json").Succeeded().Json().GetProperty("perplexity").GetDouble();
        Assert.True(exchanged > 2 * scores.GetProperty("perplexity").GetDouble());
    }

    [Fact]
    public void Two_files_are_read_line_by_line()
    {
        using var folder = new ScratchFolder();
        string[][] pairs = [.. File.ReadAllLines(models.PairsFile).Select(line => line.Split('\t'))];
        File.WriteAllLines(folder["a.de"], pairs.Select(pair => pair[0]));
        File.WriteAllLines(folder["a.en"], pairs.Select(pair => pair[1]));
        string two = CommandRun.Of("evaluate", models.Translator, "--corpus", folder["a.de"], "--targets", folder["a.en"]).Succeeded().Out;
        Assert.Equal(CommandRun.Of("evaluate", models.Translator, "--corpus", models.PairsFile).Succeeded().Out, two);

        string[] tiny = ["--embedding-size", "4", "--hidden-size", "4", "--epochs", "1", "--set", "data.max_vocabulary=260", "--output", folder["model"]];
        string[] train = ["train", "--task", "translator", "--train", folder["a.de"]];
        string text = CommandRun.Of([.. train, "--targets", folder["a.en"], .. tiny]).Succeeded().Out;
        Assert.Contains("train: 73 pairs, ", text, StringComparison.Ordinal);
        Assert.Contains("Try it: rnn translate ", text, StringComparison.Ordinal);
        CommandRun.Of([.. train, "--targets", folder["a.en"], "--targets", folder["a.en"], .. tiny])
            .FailedWith(ExitCode.Misused, "--targets is given 2 times for 1 of --train; expected one for each, or none.");
        CommandRun.Of([.. train, .. tiny, "--restart"])
            .FailedWith(ExitCode.Failed, "a.de, line 1: 1 column separated by tabs; expected 2 (source, target)", "(--targets FILE)");
    }

    [Fact]
    public void Another_kind_of_model_is_refused_with_the_verb_for_it()
    {
        CommandRun.Of("translate", models.Classifier, "a text").FailedWith(ExitCode.Failed, "is a classifier; expected a translator: rnn classify is for this one");
        CommandRun.Of("generate", models.Translator, "a text").FailedWith(ExitCode.Failed, "is a translator; expected a language model: rnn translate is for this one");
        CommandRun.Of("inspect", models.Translator, "--text", "eins").FailedWith(ExitCode.Failed, "is a translator, which shows where it looked and nothing else: rnn translate --attention");
    }
}
