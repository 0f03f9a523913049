using CsCheck;
using RnnService.Training.Evaluation;
using Xunit;

namespace RnnService.Training.Tests.Evaluation;

/// <summary>BLEU and chrF against what paper and pencil give by their definitions.</summary>
public sealed class TranslationScoresTests
{
    private static BleuScore Bleu(params (string, string)[] pairs) => BleuScore.Of(pairs);

    private static ChrfScore Chrf(params (string, string)[] pairs) => ChrfScore.Of(pairs);

    /// <summary>
    /// Of six tokens five are right (one "the" is one too many), of five bigrams the first three, of four trigrams two, of three of order
    /// four one; the lengths are equal. 5/6 · 3/5 · 2/4 · 1/3 = 1/12, whose fourth root is 0.5373.
    /// </summary>
    [Fact]
    public void Bleu_is_the_fourth_root_of_the_precisions()
    {
        BleuScore score = Bleu(("the cat sat on the mat", "the cat sat on a mat"));
        Assert.Equal([5 / 6.0, 3 / 5.0, 2 / 4.0, 1 / 3.0], score.Precisions);
        Assert.Equal(Math.Pow(1 / 12.0, 0.25), score.Value, 12);
        Assert.Equal("BLEU = 53.73 83.3/60.0/50.0/33.3 (BP = 1.000 ratio = 1.000 hyp_len = 6 ref_len = 6)", score.ToString());
    }

    /// <summary>
    /// Counts are added over lines before anything is divided. Line 1: 5/5, 4/4, 3/3, 2/2 of 5 tokens for 7. Line 2: 2/3, 0/2, 0/1 of 3 for 3.
    /// Together 7/8, 4/6, 3/4, 2/2; 8 tokens for 10, so exp(1 − 10/8) = 0.7788 is the penalty.
    /// </summary>
    [Fact]
    public void Counts_are_added_over_the_lines_and_short_translations_are_penalised()
    {
        BleuScore score = Bleu(("we saw a red fox", "we saw a red fox over there"), ("b x a", "a b c"));
        Assert.Equal([7 / 8.0, 4 / 6.0, 3 / 4.0, 2 / 2.0], score.Precisions);
        Assert.Equal(Math.Exp(-0.25), score.BrevityPenalty, 12);
        Assert.Equal(Math.Exp(-0.25) * Math.Pow(7 / 8.0 * (4 / 6.0) * (3 / 4.0), 0.25), score.Value, 12);
    }

    /// <summary>Three of five tokens, no bigram of four: 1/2 of a match; no trigram of three: 1/4; none of order four of two: 1/8.</summary>
    [Fact]
    public void Orders_without_a_match_are_smoothed_by_halves()
    {
        BleuScore score = Bleu(("a x b y c", "c b a d e"));
        Assert.Equal([3 / 5.0, 1 / 2.0 / 4, 1 / 4.0 / 3, 1 / 8.0 / 2], score.Precisions);
        Assert.Equal(Math.Pow(3 / 5.0 / 8 / 12 / 16, 0.25), score.Value, 12);
    }

    [Theory]
    [InlineData("a b c", "a b c")] // no n-gram of order four
    [InlineData("w x y z", "a b c d")] // no match at all
    [InlineData("", "a b c d")]
    public void Nothing_to_count_scores_nothing(string translation, string reference) => Assert.Equal(0, Bleu((translation, reference)).Value);

    [Theory]
    [InlineData("Hello, world!", "Hello , world !")]
    [InlineData("It costs $3,000.50 (net).", "It costs $ 3,000.50 ( net ) .")]
    [InlineData("in 1990-95, it's state-of-the-art", "in 1990 - 95 , it's state-of-the-art")]
    [InlineData("a &quot;quoted&quot; &lt;b&gt; &amp; c", "a \" quoted \" < b > & c")]
    [InlineData("l'été\u202F! « oui »", "l'été ! « oui »")]
    [InlineData("version 2. Then .5", "version 2 . Then . 5")]
    [InlineData("  wide\u00A0space\t", "wide space")]
    public void Tokens_are_those_of_13a(string line, string tokens) => Assert.Equal(tokens, string.Join(' ', BleuTokens.Of(line)));

    /// <summary>
    /// abc for abd: 2 of 3 characters, 1 of 2 pairs, 0 of 1 triple, and no longer n-grams, so that three orders count:
    /// precision and recall are (2/3 + 1/2 + 0) / 3 = 7/18, and so is their mean.
    /// </summary>
    [Fact]
    public void Chrf_is_the_mean_over_the_orders_there_are() => Assert.Equal(7 / 18.0, Chrf(("a bc", "ab d")).Value, 12);

    /// <summary>
    /// ab for abc: precision 1 and 1; recall 2/3 and 1/2, 7/12 in the mean; the triple of the reference alone is no order. Recall counts
    /// twice: 5 · 1 · 7/12 / (4 · 1 + 7/12) = 7/11.
    /// </summary>
    [Fact]
    public void Recall_counts_twice() => Assert.Equal(7 / 11.0, Chrf(("ab", "abc")).Value, 12);

    /// <summary>
    /// Line 1: abc for ab, whose reference has no triple, so that the triple abc is not counted; 2 of 3, 1 of 2. Line 2: xyz for xyz.
    /// Precision (5/6 + 3/4 + 1/1) / 3 = 31/36; recall (5/5 + 3/3 + 1/1) / 3 = 1; 5 · 31/36 / (4 · 31/36 + 1) = 155/160.
    /// </summary>
    [Fact]
    public void Orders_that_a_reference_lacks_are_not_held_against_a_line() => Assert.Equal(155 / 160.0, Chrf(("abc", "ab"), ("xyz", "xyz")).Value, 12);

    [Fact]
    public void A_right_translation_scores_one_and_no_other_scores_more() =>
        Gen.Select(Gen.String[Gen.Char["ab .,"], 4, 20].Array[1, 4], Gen.String[Gen.Char["ab .,"], 0, 20].Array[4]).Sample((right, other) =>
        {
            (string, string)[] same = [.. right.Select(line => (line, line))], others = [.. right.Zip(other, (line, wrong) => (wrong, line))];
            Assert.InRange(Bleu(others).Value, 0, 1 + 1e-12);
            Assert.InRange(Chrf(others).Value, 0, 1 + 1e-12);
            if (right.Any(line => BleuTokens.Of(line).Length >= 4)) Assert.Equal(1, Bleu(same).Value, 12);
            if (right.Any(line => line.Any(letter => letter != ' '))) Assert.Equal(1, Chrf(same).Value, 12);
        });
}
