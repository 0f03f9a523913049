using RnnService.Training.Evaluation;
using Xunit;

namespace RnnService.Training.Tests.Evaluation;

public sealed class TokenScoresTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Multi_word_tokens_are_aligned_by_their_letters_and_empty_nodes_left_out() =>
        Assert.Equal(
            new F1Score(Gold: 6, Predicted: 6, Correct: 6),
            Measure("# text = 😀 We don't go.", "1 😀", "2 We", "3-4 don't", "3 do", "4 n't", "4.1 really", "5 go", "6 ."));

    [Fact]
    public void A_word_is_correct_when_both_ends_are() // the tokenizer parts the compound in three
    {
        F1Score score = Measure("# text = A well-known man", "1 A", "2 well-known", "3 man");
        Assert.Equal(new F1Score(Gold: 3, Predicted: 5, Correct: 2), score);
        Assert.Equal(0.5, score.F1, 12);
    }

    [Fact]
    public void Words_that_do_not_spell_their_token_count_as_one() =>
        Assert.Equal(new F1Score(2, 2, 2), Measure("# text = Du vas", "1-2 Du", "1 de", "2 le", "3 vas"));

    [Fact]
    public void Sentences_add_up() =>
        Assert.Equal(
            new F1Score(Gold: 3, Predicted: 4, Correct: 2),
            Measure("# text = One two", "1 One", "2 two", "", "# text = Three.", "1 Three."));

    [Fact]
    public void No_words_score_nothing() => Assert.Equal(new F1Score(0, 0, 0), Measure("# a comment"));

    [Theory]
    [InlineData("line 1: a sentence without \"# text = \"", "1 One")]
    [InlineData("line 3: \"two\" is not in the text of line 1 at character 3", "# text = One", "1 One", "2 two")]
    [InlineData("line 2: \"x\"; expected a word's number", "# text = One", "x One")]
    [InlineData("line 2: 1 columns separated by tabs", "# text = One", "One")]
    public void A_malformed_line_is_named(string message, params string[] lines) =>
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => Measure(lines)).Message);

    [Fact]
    public void Spans_are_correct_when_in_both_lists()
    {
        var scores = new TokenScores();
        scores.Add([(0, 2), (3, 7), (8, 9)], [(0, 2), (3, 5), (5, 7), (8, 9)]);
        scores.Add([(0, 1)], []);
        Assert.Equal(new F1Score(Gold: 4, Predicted: 4, Correct: 2), scores.Overall);
        Assert.Contains("50.0", scores.ToTable());
    }

    // Columns are written with a space here; comments keep theirs.
    private F1Score Measure(params string[] lines) => TokenScores.Measure(_folder.Write(
        "corpus.conllu", string.Join('\n', lines.Select(line => line.StartsWith('#') ? line : line.Replace(' ', '\t'))))).Overall;
}
