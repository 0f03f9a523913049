using RnnService.Training.Corpora;
using RnnService.Training.Objectives;
using RnnService.Training.Recipes;
using RnnService.Training.Tests.Runs;
using Xunit;

namespace RnnService.Training.Tests.Corpora;

public sealed class CorpusReportTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private CorpusReport Report(string task, string train, string valid, params string[] overrides)
    {
        Recipe recipe = TinyRecipes.Write(_folder, task, overrides);
        string end = task switch { "classifier" => "tsv", "tagger" => "conll", _ => "txt" };
        _folder.Write($"train.{end}", train);
        _folder.Write($"valid.{end}", valid);
        return Objective.Create(recipe, _folder[""]).Report;
    }

    private string Refusal(string task, string train) =>
        Assert.Throws<CorpusException>(() => Report(task, train, train)).Note.ToString(setting => $"--{setting.Name} {setting.Value}");

    private static string Lines(int count, Func<int, string> line) => string.Concat(Enumerable.Range(0, count).Select(i => line(i) + "\n"));

    private static CorpusNote Note(CorpusReport report, string part) => Assert.Single(report.Notes, note => note.Sentence.Contains(part, StringComparison.Ordinal));

    [Fact]
    public void Texts_tokens_labels_lengths_unknown_words_and_overlap_are_counted()
    {
        CorpusReport report = Report("classifier", "up\ta b c\nup\td\ndown\te f\nup\tg h\n", "up\td\ndown\ta z\n");
        Assert.Equal("texts", report.Unit);
        Assert.Equal((4, 8, (2, 2, 3)), (report.Train.Texts, report.Train.Tokens, report.Train.Lengths!.Value));
        Assert.Equal([new("up", 3), new("down", 1)], report.Train.Labels);
        Assert.Equal((2, 3), (report.Valid.Texts, report.Valid.Tokens));
        Assert.Equal((1, 1.0 / 3, 1), (report.UnknownTokens, report.UnknownShare, report.Overlap));
        Assert.Null(report.SplitShare);
        Assert.Equal(
            ["1 label has one training text alone: \"down\"", "the validation part has 2 texts alone: its figure is a rough one"],
            report.Notes.Select(note => note.Sentence));
    }

    [Fact]
    public void Labels_about_as_many_as_texts_are_refused_in_a_short_sentence()
    {
        string message = Refusal("classifier", Lines(500, i => $"the quiet river number {i} pleases me\t{i % 2}"));
        Assert.Contains("500 labels for 500 texts", message, StringComparison.Ordinal);
        Assert.EndsWith("(--label_column 1 --text_column 0)", message, StringComparison.Ordinal);
        Assert.InRange(message.Length, 50, 400);
    }

    [Fact]
    public void Sixty_thousand_labels_are_refused_in_a_sentence_as_short_as_that_of_few() =>
        Assert.InRange(Refusal("classifier", Lines(60_000, i => $"sentence {i}\t{i % 2}")).Length, 50, 400);

    [Fact]
    public void One_label_or_one_tag_is_refused_with_the_column_that_may_be_meant()
    {
        Assert.Contains("every text has the label \"up\"", Refusal("classifier", "up\ta\nup\tb\n"), StringComparison.Ordinal);
        Assert.EndsWith("(--form_column 1 --tag_column 2)", Refusal("tagger", "1\tJim\tB-PER\tmayhew\n2\tmet\tO\tmayhew\n3\tAnn\tB-PER\tmayhew\n"), StringComparison.Ordinal);
        Assert.Contains("every word has the tag \"x\"", Refusal("tagger", "a\tx\nb\tx\n"), StringComparison.Ordinal);
        Assert.EndsWith("(--form_column 1 --tag_column 0)", Refusal("tagger", "B-PER Jim\nO met\nB-PER Ann\n"), StringComparison.Ordinal);
        Assert.Contains("60 tags for 60 words", Refusal("tagger", Lines(60, i => $"w\tlemma{i}")), StringComparison.Ordinal);
    }

    [Fact]
    public void Texts_without_spaces_between_words_advise_characters()
    {
        const string train = "好评\t这本书很有意思\n差评\t这本书没有意思\n好评\t我很喜欢\n差评\t我不喜欢\n";
        const string valid = "好评\t这本书写得很好\n差评\t写得没有意思\n";
        CorpusNote note = Note(Report("classifier", train, valid), "every text is one token");
        Assert.Equal([new CorpusSetting("model.tokenizer", "characters")], note.Suggestions);
        Assert.DoesNotContain(
            Report("classifier", train, valid, "model.tokenizer=characters").Notes,
            noted => noted.Suggestions.Any(mend => mend.Name == "model.tokenizer"));
    }

    [Fact]
    public void Mostly_unknown_words_are_noticed() => Assert.Equal(
        "4 of 4 validation tokens are not in the vocabulary (model.tokenizer=characters)",
        Note(Report("classifier", "up\ta b\ndown\tc d\nup\te f\ndown\tg h\n", "up\tw x\ndown\ty z\n"), "not in the vocabulary").ToString());

    [Fact]
    public void Texts_longer_than_the_limit_are_counted() => Assert.Equal(
        "3 of 4 texts are longer than data.max_tokens (2) and are cut (data.max_tokens=0)",
        Note(Report("classifier", "up\ta b c\ndown\tc d\nup\te f g\ndown\tg h i\n", "up\ta\n", "data.max_tokens=2"), "max_tokens").ToString());

    [Fact]
    public void Numbers_repeats_contradictions_and_labels_alike_are_noticed()
    {
        Assert.Equal("text_column", Note(Report("classifier", "up\t1\ndown\t2\nup\t3.5\ndown\t-4\n", "up\t1\n"), "texts are numbers").Suggestions[0].Name);
        CorpusReport report = Report("classifier", "Up\ta b\ndown\ta b\nup\tc d\nup\tc d\nup\te\nUp\tf\ndown\tg\n", "up\tx\n");
        Note(report, "2 of 7 training texts repeat an earlier one");
        Note(report, "1 training text has another label where they stand again");
        Note(report, "labels that differ in case or spaces alone are labels of their own: \"up\" and \"Up\"");
    }

    [Fact]
    public void Validation_texts_that_are_trained_on_are_noticed() =>
        Note(Report("classifier", "up\ta\ndown\tb\n", "up\ta\ndown\tb\n"), "2 of 2 validation texts are training texts too");

    [Fact]
    public void Labels_listed_are_ten_and_how_many_more()
    {
        string valid = Lines(25, i => $"new{i}\tx") + "up\tx\n";
        string sentence = Note(Report("classifier", "up\ta\ndown\tb\nup\tc\ndown\td\n", valid), "labels of the validation corpus").Sentence;
        Assert.StartsWith("25 labels of the validation corpus are not among the model's: \"new0\" (", sentence, StringComparison.Ordinal);
        Assert.Contains("and 15 more; 25 of 26 texts count as wrong", sentence, StringComparison.Ordinal);
        Assert.DoesNotContain("new10", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void A_validation_corpus_without_any_known_label_is_refused()
    {
        string message = Assert.Throws<CorpusException>(() => Report("classifier", "up\ta\ndown\tb\n", "0\ta\n1\tb\n")).Message;
        Assert.Contains("none of the labels of the validation corpus is one of the model's: \"0\" (", message, StringComparison.Ordinal);
        Assert.EndsWith("expected \"down\", \"up\"", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tags_that_are_never_learnt_count_as_wrong()
    {
        CorpusReport report = Report("tagger", "a\tX\nb\tY\n\na\tX\nb\tY\n", "a\tX\nc\tRARE\n\nd\tRARE\n");
        Assert.Contains("line 2, 2 times); 2 of 3 words count as wrong", Note(report, "1 label of the validation corpus is not").Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Running_text_is_counted_in_lines()
    {
        string line = "a line that is long enough to be told from others\n";
        CorpusReport report = Report("language_model", string.Concat(Enumerable.Repeat(line, 40)), line + "another one, as long as that or longer still\n");
        Assert.Equal(("lines", 40, 2, 1), (report.Unit, report.Train.Texts, report.Valid.Texts, report.Overlap));
        Assert.Equal(40 * line.Length, report.Train.Tokens);
    }
}
