using RnnService.Engine.Models;
using RnnService.Training.Corpora;
using RnnService.Training.Recipes;
using Xunit;

namespace RnnService.Training.Tests.Recipes;

public sealed class DefaultRecipesTests
{
    [Theory]
    [InlineData(ModelTask.LanguageModel, "novel.txt", CorpusFormat.Text)]
    [InlineData(ModelTask.LanguageModel, "songs.abc.gz", CorpusFormat.Abc)]
    [InlineData(ModelTask.Classifier, "reviews.tsv", CorpusFormat.Labelled)]
    [InlineData(ModelTask.Classifier, "imdb.tsv.gz", CorpusFormat.Labelled)]
    [InlineData(ModelTask.Classifier, "train.trees.txt", CorpusFormat.SstTrees)]
    [InlineData(ModelTask.Tagger, "a/dev.CONLLU", CorpusFormat.Conllu)]
    [InlineData(ModelTask.Tagger, "dev.conllu.gz", CorpusFormat.Conllu)]
    [InlineData(ModelTask.Tagger, "dev.iob2", CorpusFormat.Conll)]
    [InlineData(ModelTask.Tagger, "folder.conllu/dev.conll", CorpusFormat.Conll)]
    public void The_format_follows_from_task_and_name(ModelTask task, string path, string format) =>
        Assert.Equal(format, CorpusFormat.Guess(path, task));

    [Theory]
    [InlineData(ModelTask.LanguageModel)]
    [InlineData(ModelTask.Classifier)]
    [InlineData(ModelTask.Tagger)]
    public void Every_task_has_a_valid_recipe_that_its_file_gives_back(ModelTask task)
    {
        CorpusSource source = new() { Path = "corpus", Format = CorpusFormat.Guess("corpus", task) };
        Recipe recipe = DefaultRecipes.For(task, [source], [source]);
        using var folder = new ScratchFolder();
        Assert.Equal(recipe.ToJson(), Recipe.Read(folder.Write("recipe.json", recipe.ToJson())).ToJson());
        Assert.Equal(task, recipe.Model.Task);
    }

    [Fact]
    public void Settings_override_a_recipe_and_leave_the_rest()
    {
        CorpusSource source = new() { Path = "corpus", Format = CorpusFormat.Text };
        Recipe recipe = DefaultRecipes.For(ModelTask.LanguageModel, [source], [source]);
        Recipe changed = recipe.With(["training.dropout.output=0.5", "model.cell=gru"]);
        Assert.Equal(0.5f, changed.Training.Dropout.Output);
        Assert.Equal(recipe.ToJson(), changed.With(["training.dropout.output=0.2", "model.cell=lstm"]).ToJson());
        Assert.Equal(
            "training.epochs is 0; expected a whole number, 1 to 1000000", Assert.Throws<RecipeException>(() => recipe.With(["training.epochs=0"])).Message);
    }
}
