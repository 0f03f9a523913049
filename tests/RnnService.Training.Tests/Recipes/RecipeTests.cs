using RnnService.Training.Recipes;
using RnnService.Training.Tests.Runs;
using Xunit;

namespace RnnService.Training.Tests.Recipes;

/// <summary>What a recipe refuses, and how settings of a command line override it.</summary>
public sealed class RecipeTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("training.epochs=0", "training.epochs is 0: 1 or more wanted")]
    [InlineData("training.learning_rate=-1", "training.learning_rate is -1: above 0 wanted")]
    [InlineData("training.dropout.between=1", "training.dropout.between is 1: 0 up to but not 1 wanted")]
    [InlineData("training.shards=9", "training.shards is 9: 1 to 6 (batch_size) wanted")]
    [InlineData("training.plateau_factor=1", "training.plateau_factor is 1: above 0, below 1 wanted")]
    [InlineData("training.average_decay=1.5", "training.average_decay is 1.5: 0 up to but not 1 wanted")]
    [InlineData("data.train=[]", "data.train is empty: at least one corpus wanted")]
    [InlineData("data.min_count=0", "data.min_count is 0: 1 or more wanted")]
    [InlineData("model.hidden_size=0", "hidden_size is 0: 1 to 8192 wanted")]
    [InlineData("model.tokenizer=characters", "tokenizer is characters: english or whitespace wanted")]
    [InlineData("golden_input=", "golden_input is empty: a text wanted")]
    [InlineData("model.characters=null", null)]
    [InlineData("training.seed=7", null)]
    public void A_setting_overrides_the_file_and_is_checked(string setting, string? refusal)
    {
        if (refusal is null)
        {
            Assert.NotNull(TinyRecipes.Write(_folder, "tagger", setting));
            return;
        }

        Assert.EndsWith(": " + refusal, Assert.Throws<RecipeException>(() => TinyRecipes.Write(_folder, "tagger", setting)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("training.epoch=3", "epoch")]
    [InlineData("model.cell=gpt", "cell")]
    [InlineData("training.epochs=many", "epochs")]
    public void An_unknown_name_or_a_wrong_type_is_named(string setting, string named) =>
        Assert.Contains(named, Assert.Throws<RecipeException>(() => TinyRecipes.Write(_folder, "tagger", setting)).Message, StringComparison.Ordinal);

    [Fact]
    public void An_override_needs_a_path_and_a_value()
    {
        Assert.Contains("path=value wanted", Assert.Throws<RecipeException>(() => TinyRecipes.Write(_folder, "tagger", "epochs")).Message, StringComparison.Ordinal);
        Assert.Contains("stands in no object", Assert.Throws<RecipeException>(() => TinyRecipes.Write(_folder, "tagger", "training.epochs.x=1")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.Contains("nowhere.json", Assert.Throws<RecipeException>(() => Recipe.Read(_folder["nowhere.json"])).Message, StringComparison.Ordinal);

    [Fact]
    public void What_is_written_reads_as_the_same()
    {
        Recipe recipe = TinyRecipes.Write(_folder, "classifier");
        string path = _folder["again.json"];
        File.WriteAllText(path, recipe.ToJson());
        Assert.Equal(recipe.ToJson(), Recipe.Read(path).ToJson());
    }
}
