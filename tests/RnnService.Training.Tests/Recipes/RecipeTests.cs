using RnnService.Engine.Models;
using RnnService.Training.Corpora;
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
    [InlineData("training.epochs=0", "training.epochs is 0; expected a whole number, 1 to 1000000")]
    [InlineData("training.epochs=many", "training.epochs is \"many\"; expected a whole number, 1 to 1000000")]
    [InlineData("training.epochs=2.5", "training.epochs is 2.5; expected a whole number, 1 to 1000000")]
    [InlineData("training.epochs=", "training.epochs is \"\"; expected a whole number, 1 to 1000000")]
    [InlineData("training.batch_size=2147483647", "training.batch_size is 2147483647; expected a whole number, 1 to 65536")]
    [InlineData("training.batch_size=99999999999", "training.batch_size is 99999999999; expected a whole number, 1 to 65536")]
    [InlineData("training.learning_rate=-1", "training.learning_rate is -1; expected a number, above 0")]
    [InlineData("training.learning_rate=NaN", "training.learning_rate is \"NaN\"; expected a number, above 0")]
    [InlineData("training.learning_rate=1e999", "training.learning_rate is 1e999; expected a number, above 0")]
    [InlineData("training.clip_norm=1e99", "training.clip_norm is 1e99; expected a number, 0 (never) or more")]
    [InlineData("training.seed=-1", "training.seed is -1; expected a whole number, 0 to 18446744073709551615")]
    [InlineData("training.dropout.between=1", "training.dropout.between is 1; expected a number, 0 up to but not 1")]
    [InlineData("training.dropout=0.5", "training.dropout is 0.5; expected an object")]
    [InlineData("training.shards=9", "training.shards is 9; expected 1 to 6 (training.batch_size)")]
    [InlineData("training.plateau_factor=1", "training.plateau_factor is 1; expected a number, above 0 up to but not 1")]
    [InlineData("training.average_decay=1.5", "training.average_decay is 1.5; expected a number, 0 up to but not 1")]
    [InlineData("training.schedule=cosin", "training.schedule is \"cosin\"; expected constant, cosine or plateau; did you mean cosine?")]
    [InlineData("training.identity_start=yes", "training.identity_start is \"yes\"; expected true or false")]
    [InlineData("training=null", "training is null; expected an object, or nothing at all for the defaults")]
    [InlineData("data=null", "data is null; expected an object, or nothing at all for the defaults")]
    [InlineData("data.train=[]", "data.train is empty; expected at least one corpus")]
    [InlineData("data.train=corpus.txt", "data.train is \"corpus.txt\"; expected a list")]
    [InlineData("data.train=[{\"path\": \"a\", \"formt\": \"text\"}]", "data.train[0].formt is unknown; did you mean data.train[0].format?")]
    [InlineData("data.train=[null]", "data.train[0] is null; expected an object, or nothing at all for the defaults")]
    [InlineData("data.min_count=0", "data.min_count is 0; expected a whole number, 1 or more")]
    [InlineData("model.hidden_size=0", "model.hidden_size is 0; expected a whole number, 1 to 8192")]
    [InlineData("model.hidden_size=1000000000", "model.hidden_size is 1000000000; expected a whole number, 1 to 8192")]
    [InlineData("model.cell=gpt", "model.cell is \"gpt\"; expected tanh, relu, gru, gru_before, lstm or sum")]
    [InlineData("model.characters={\"embedding_size\": 0}", "model.characters.embedding_size is 0; expected a whole number, 1 to 4096")]
    [InlineData("model.generation={\"top_p\": 2}", "model.generation.top_p is 2; expected a number, above 0 to 1")]
    [InlineData("model.labels=[\"a\", null]", "model.labels[1] is null; expected a text")]
    [InlineData("model.tie_weights=true", "model.tie_weights is True; expected false but for a language model or a translator")]
    [InlineData("golden_input=", "golden_input is empty; expected a text")]
    [InlineData("training.epoch=3", "training.epoch is unknown; did you mean training.epochs?")]
    [InlineData("training.learningrate=3", "training.learningrate is unknown; did you mean training.learning_rate?")]
    [InlineData("Training.Epochs=3", "Training is unknown; did you mean training?")]
    [InlineData("training.dropout.ouput=0", "training.dropout.ouput is unknown; did you mean training.dropout.output?")]
    [InlineData("training.hidden_size=3", "training.hidden_size is unknown; did you mean model.hidden_size?")]
    [InlineData("learning_rate=3", "learning_rate is unknown; did you mean training.learning_rate?")]
    [InlineData("model.characters.embeding_size=3", "model.characters.embeding_size is unknown; did you mean model.characters.embedding_size?")]
    [InlineData("golden_input.text=3", "golden_input.text is unknown: golden_input is a text; expected golden_input=VALUE")]
    [InlineData("training.epochs.x=1", "training.epochs.x is unknown: training.epochs is a whole number; expected training.epochs=VALUE")]
    [InlineData("training.zzz=1", "training.zzz is unknown; expected one of seed, epochs, batch_size, unroll_steps, state_reset, shards, optimizer, learning_rate, momentum, beta2 and 32 more")]
    [InlineData("epochs", "setting \"epochs\": expected path=value, such as training.learning_rate=0.001")]
    public void A_wrong_setting_is_refused_with_its_path_what_was_found_and_what_was_expected(string setting, string refusal)
    {
        Assert.EndsWith(": " + refusal, Assert.Throws<RecipeException>(() => TinyRecipes.Write(_folder, "tagger", setting)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model.characters=null")]
    [InlineData("training.seed=18446744073709551615")]
    [InlineData("training.learning_rate=1e38")]
    [InlineData("model.description=2024")]
    [InlineData("model.metrics.valid.f1=0.5")]
    [InlineData("training.dropout.output=0.25")]
    public void A_right_setting_overrides_the_file(string setting) => Assert.NotNull(TinyRecipes.Write(_folder, "tagger", setting));

    [Theory]
    [InlineData("{\"model\": {}}", "recipe.json: model lacks task, cell, hidden_size")]
    [InlineData("{\"data\": 3}", "recipe.json: data is 3; expected an object")]
    [InlineData("[]", "recipe.json: the recipe is a list; expected an object")]
    [InlineData("null", "recipe.json: the recipe is null; expected an object")]
    [InlineData("{}", "recipe.json: the recipe lacks model, data, golden_input")]
    [InlineData("{\n\"model\": {\n", "recipe.json, line 3: is not JSON; expected a recipe: ")]
    [InlineData("{\"model\": {}, \"model\": {}}", "recipe.json: is not JSON; expected a recipe: Duplicate property 'model'")]
    [InlineData("", "recipe.json, line 1: is not JSON; expected a recipe: ")]
    public void A_file_that_is_no_recipe_is_refused_in_a_sentence(string content, string refusal)
    {
        string message = Assert.Throws<RecipeException>(() => Recipe.Read(_folder.Write("recipe.json", content))).Message;
        Assert.Contains(refusal, message, StringComparison.Ordinal);
        Assert.DoesNotContain("Path:", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sizes_that_no_machine_holds_are_refused() => Assert.EndsWith(
        "expected at most 1000000000",
        Assert.Throws<RecipeException>(() => TinyRecipes.Write(_folder, "tagger", "model.hidden_size=8192", "model.layers=16")).Message,
        StringComparison.Ordinal);

    [Fact]
    public void A_recipe_made_in_code_is_checked_too()
    {
        Recipe recipe = TinyRecipes.Write(_folder, "classifier");
        Recipe wrong = recipe with { Training = recipe.Training with { LearningRate = double.NaN } };
        Assert.Equal("training.learning_rate is NaN; expected a number, above 0", Assert.Throws<RecipeException>(wrong.Validate).Message);
        Assert.Throws<RecipeException>(() => wrong.With([]));
    }

    // Whatever is typed for whatever setting: a recipe, or a sentence that names the setting.
    [Fact]
    public void Any_value_is_taken_or_refused_in_a_sentence()
    {
        CorpusSource source = new() { Path = "corpus", Format = CorpusFormat.Labelled };
        Recipe recipe = DefaultRecipes.For(ModelTask.Classifier, [source], [source]);
        string[] paths = [.. RecipeSettings.All.Select(setting => setting.Path).Where(path => !path.Contains("[]", StringComparison.Ordinal)), "training", "data", "model.characters"];
        string[] values =
            ["[[1]]", "null", "0", "-1", "1", "0.5", "2147483647", "2147483648", "1e400", "-1e400", "NaN", "true", "\"\"", "x", "[]", "[null]", "{}", "{\"a\": null}", "\0", "\"", "{"];
        foreach (string path in paths)
        {
            foreach (string value in values)
            {
                try
                {
                    recipe.With([$"{path}={value}"]);
                }
                catch (RecipeException error)
                {
                    Assert.Contains(path.Split('.')[0], error.Message, StringComparison.Ordinal);
                }
            }
        }
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
