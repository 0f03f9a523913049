using RnnService.Engine.Text;
using Xunit;

namespace RnnService.Engine.Tests.Text;

public sealed class NearestNameTests
{
    private static readonly string[] Names = ["learning_rate", "epochs", "seed", "training.batch_size"];

    [Theory]
    [InlineData("learningrate", "learning_rate")]
    [InlineData("LEARNING_RATE", "learning_rate")]
    [InlineData("epohcs", "epochs")]
    [InlineData("sead", "seed")]
    [InlineData("epochs", "epochs")]
    [InlineData("pooling", null)]
    [InlineData("", null)]
    public void The_nearest_name_within_a_third_is_found(string written, string? nearest) => Assert.Equal(nearest, NearestName.Of(written, Names));

    [Fact]
    public void A_part_of_the_candidates_can_be_compared() =>
        Assert.Equal("training.batch_size", NearestName.Of("batchsize", Names, name => name[(name.LastIndexOf('.') + 1)..]));

    [Fact]
    public void Names_of_any_length_cost_nothing()
    {
        string endless = new('x', 1_000_000);
        Assert.Null(NearestName.Of(endless, Names));
        Assert.Equal("seed", NearestName.Of("seed", [endless, "seed"]));
    }
}
