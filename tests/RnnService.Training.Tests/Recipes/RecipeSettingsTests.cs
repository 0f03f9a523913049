using RnnService.Engine.Models;
using RnnService.Training.Corpora;
using RnnService.Training.Recipes;
using Xunit;

namespace RnnService.Training.Tests.Recipes;

public sealed class RecipeSettingsTests
{
    private static readonly CorpusSource Source = new() { Path = "corpus", Format = CorpusFormat.Labelled };
    private static readonly Recipe Usual = DefaultRecipes.For(ModelTask.Classifier, [Source], [Source]);

    public static TheoryData<string> Bounded =>
        [.. RecipeSettings.All.Where(setting => setting.Bounds is not null && !setting.Path.Contains("[]", StringComparison.Ordinal)).Select(setting => setting.Path)];

    [Fact]
    public void Every_setting_of_a_recipe_is_described_once_and_none_besides()
    {
        Assert.Equal(RecipeSettings.Paths.Order(StringComparer.Ordinal), RecipeSettings.All.Select(setting => setting.Path).Order(StringComparer.Ordinal));
        Assert.All(RecipeSettings.All, setting => Assert.EndsWith(".", setting.Meaning, StringComparison.Ordinal));
    }

    // The bound itself is taken and the next number is not, but where another setting draws the line closer.
    [Theory]
    [MemberData(nameof(Bounded))]
    public void Bounds_hold_to_the_number(string path)
    {
        Bounds bounds = RecipeSettings.Of(path).Bounds!;
        bool whole = RecipeSettings.Of(path).Expected.StartsWith("a whole", StringComparison.Ordinal) || bounds.Least == bounds.Most;
        double step = whole ? 1 : 1e-6;
        Check(bounds.Least, !bounds.Above);
        Check(bounds.Least - step, false);
        Check(bounds.Least + step, bounds.Least + step <= bounds.Most);
        if (!double.IsFinite(bounds.Most)) return;
        Check(bounds.Most, !bounds.Below);
        Check(bounds.Most + step, false);

        void Check(double value, bool right)
        {
            string setting = FormattableString.Invariant($"{path}={value:0.######}");
            string? refusal = null;
            try
            {
                Usual.With([setting]);
            }
            catch (RecipeException error)
            {
                refusal = error.Message;
            }

            Assert.Equal(right, refusal?.StartsWith($"{path} is ", StringComparison.Ordinal) != true || refusal.Contains('(', StringComparison.Ordinal) && right);
        }
    }

    /// <summary>A name from elsewhere leads to the setting, and every such name to one that there is.</summary>
    [Theory]
    [InlineData("vocab_size", "data.max_vocabulary")]
    [InlineData("lr", "training.learning_rate")]
    [InlineData("max_length", "data.max_tokens")]
    [InlineData("tokenizer", "model.tokenizer")]
    [InlineData("validation_split", "data.valid_share")]
    public void A_name_of_other_libraries_leads_to_the_setting(string name, string setting)
    {
        Assert.Equal(setting, RecipeSettings.Near(name));
        Assert.Equal(setting, RecipeSettings.Of(setting).Path);
    }
}
