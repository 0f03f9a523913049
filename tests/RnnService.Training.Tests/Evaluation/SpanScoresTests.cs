using CsCheck;
using RnnService.Engine.Models;
using RnnService.Training.Evaluation;
using Xunit;

namespace RnnService.Training.Tests.Evaluation;

public sealed class SpanScoresTests
{
    private static readonly string[] Bio = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "I-X-Y"];
    private static readonly SpanScheme Scheme = SpanScheme.Of(Bio);
    private static readonly Gen<string[]> Tags = Gen.Int[0, Bio.Length - 1].Select(tag => Bio[tag]).Array[0, 12];

    private static F1Score Score(string gold, string predicted)
    {
        var scores = new SpanScores(Scheme);
        scores.Add(gold.Split(' '), predicted.Split(' '));
        return scores.Overall;
    }

    [Theory]
    [InlineData("B-PER I-PER O", "B-PER I-PER O", 1, 1, 1)]
    [InlineData("B-PER I-PER O", "I-PER I-PER O", 1, 1, 1)] // I- at the beginning starts a span
    [InlineData("O B-PER I-PER", "O I-PER I-PER", 1, 1, 1)] // and after O
    [InlineData("B-PER B-LOC", "B-PER I-LOC", 2, 2, 2)] // and after another type
    [InlineData("B-PER B-PER", "B-PER I-PER", 2, 1, 0)] // B- ends the span before it
    [InlineData("B-PER I-PER", "B-PER B-PER", 1, 2, 0)]
    [InlineData("B-PER I-PER O", "B-PER I-PER I-PER", 1, 1, 0)] // the end must agree
    [InlineData("B-PER I-PER O", "O B-PER O", 1, 1, 0)] // the start must agree
    [InlineData("B-PER I-PER O", "B-LOC I-LOC O", 1, 1, 0)] // the type must agree
    [InlineData("O O", "O B-PER", 0, 1, 0)]
    [InlineData("O B-PER", "O O", 1, 0, 0)]
    [InlineData("B-PER I-LOC I-LOC I-PER", "B-PER B-LOC I-LOC O", 3, 2, 2)]
    public void A_span_is_correct_when_start_end_and_type_agree(string gold, string predicted, int spans, int found, int correct) =>
        Assert.Equal(new F1Score(spans, found, correct), Score(gold, predicted));

    [Fact]
    public void Scores_are_kept_by_type()
    {
        var scores = new SpanScores(Scheme);
        scores.Add(["B-PER", "O", "B-LOC", "I-LOC"], ["B-PER", "O", "B-LOC", "O"]);
        scores.Add(["O", "B-PER"], ["B-ORG", "B-PER"]);

        Assert.Equal(["LOC", "ORG", "PER"], scores.ByType.Keys);
        Assert.Equal(new F1Score(1, 1, 0), scores.ByType["LOC"]);
        Assert.Equal(new F1Score(0, 1, 0), scores.ByType["ORG"]);
        Assert.Equal(new F1Score(2, 2, 2), scores.ByType["PER"]);
        Assert.Equal(new F1Score(3, 4, 2), scores.Overall);
        Assert.Equal(0.5, scores.Overall.Precision);
        Assert.Equal(2 / 3.0, scores.Overall.Recall, 12);
        Assert.Equal(4 / 7.0, scores.Overall.F1, 12);
        Assert.Equal(
            """
            span  gold  predicted  correct  precision  recall      F1
            LOC      1          1        0       0.00    0.00    0.00
            ORG      0          1        0       0.00    0.00    0.00
            PER      2          2        2     100.00  100.00  100.00
            all      3          4        2      50.00   66.67   57.14

            """.ReplaceLineEndings("\n"),
            scores.ToTable());
    }

    [Fact]
    public void Gold_against_itself_is_perfect()
    {
        Tags.Sample(tags =>
        {
            var scores = new SpanScores(Scheme);
            scores.Add(tags, tags);
            Assert.Equal(tags.Any(tag => tag != "O") ? 1 : 0, scores.Overall.F1);
            Assert.Equal(scores.Overall.Gold, scores.Overall.Correct);
        });
    }

    [Fact]
    public void Swapping_gold_and_predicted_swaps_precision_and_recall()
    {
        Gen.Select(Tags, Tags).Sample((one, other) =>
        {
            int length = Math.Min(one.Length, other.Length);
            SpanScores forth = new(Scheme), back = new(Scheme);
            forth.Add(one[..length], other[..length]);
            back.Add(other[..length], one[..length]);

            Assert.Equal((forth.Overall.Precision, forth.Overall.Recall), (back.Overall.Recall, back.Overall.Precision));
            Assert.Equal(forth.Overall.F1, back.Overall.F1);
            Assert.Equal(forth.Overall.Gold, forth.ByType.Values.Sum(score => score.Gold));
        });
    }

    [Fact]
    public void As_many_labels_are_wanted_as_there_are_and_otherwise_nothing_is_counted()
    {
        var scores = new SpanScores(Scheme);
        Assert.Equal(
            "1 predicted labels for 2 gold ones; expected as many",
            Assert.Throws<ArgumentException>(() => scores.Add(["O", "O"], ["O"])).Message);
        Assert.Equal(default, scores.Overall);
    }

    [Fact]
    public void The_same_spans_have_the_same_scores_in_every_scheme()
    {
        // From words with a type and whether a span begins: the labels of BIO, of BIOES, of BMES and of BILOU.
        Gen<(int Type, bool Begins)[]> words = Gen.Select(Gen.Int[0, 2], Gen.Bool).Array[1, 12];
        string[] schemes = ["BIIB", "BIES", "BMES", "BILU"];
        Gen.Select(words, words).Sample((gold, predicted) =>
        {
            int length = Math.Min(gold.Length, predicted.Length);
            F1Score[] scores =
            [
                .. schemes.Select(letters =>
                {
                    var one = new SpanScores(SpanScheme.Of(["O", .. "12".SelectMany(type => letters.Distinct().Select(letter => $"{letter}-{type}"))]));
                    one.Add(Labels(gold[..length], letters), Labels(predicted[..length], letters));
                    return one.Overall;
                }),
            ];
            Assert.All(scores, score => Assert.Equal(scores[0], score));
        });

        static string[] Labels((int Type, bool Begins)[] words, string letters) =>
        [
            .. words.Select((word, at) =>
            {
                if (word.Type == 0) return "O";
                bool first = at == 0 || words[at - 1].Type != word.Type || word.Begins;
                bool last = at == words.Length - 1 || words[at + 1].Type != word.Type || words[at + 1].Begins;
                return $"{(first, last) switch { (true, true) => letters[3], (true, _) => letters[0], (_, true) => letters[2], _ => letters[1] }}-{word.Type}";
            }),
        ];
    }
}
