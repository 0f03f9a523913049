using CsCheck;
using RnnService.Training.Evaluation;
using Xunit;

namespace RnnService.Training.Tests.Evaluation;

public sealed class LanguageScoresTests
{
    [Fact]
    public void A_uniform_guess_among_V_tokens_has_perplexity_V()
    {
        Gen.Select(Gen.Int[1, 50_000], Gen.Long[1, 1_000_000]).Sample((tokens, count) =>
        {
            var scores = new LanguageScores(count * Math.Log(tokens), count);
            Assert.Equal(Math.Log(tokens), scores.Nats, 9);
            Assert.Equal(Math.Log2(tokens), scores.Bits, 9);
            Assert.Equal(1, scores.Perplexity / tokens, 9);
        });
    }

    [Fact]
    public void Without_tokens_there_is_no_score() =>
        Assert.StartsWith(
            "0 tokens were scored; expected at least 1",
            Assert.Throws<ArgumentOutOfRangeException>(() => new LanguageScores(0, 0)).Message);
}
