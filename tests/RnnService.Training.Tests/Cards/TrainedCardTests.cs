using RnnService.Training.Cards;
using RnnService.Training.Recipes;
using RnnService.Training.Runs;
using RnnService.Training.Tests.Runs;
using Xunit;

namespace RnnService.Training.Tests.Cards;

public sealed class TrainedCardTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    private string Card => File.ReadAllText(Path.Combine(_folder["models/mine"], CardFile.Name));

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("language_model", "generate", "character by character", "tokens")]
    [InlineData("classifier", "classify", "one of 2 labels", "60 texts")]
    [InlineData("tagger", "tag", "every word", "sentences")]
    public void Every_trained_model_has_a_card(string task, string verb, string does, string counted)
    {
        Train(task);
        Assert.StartsWith("# mine\n", Card, StringComparison.Ordinal);
        Assert.True(CardFile.IsGenerated(Card));
        string[] parts =
            [does, counted, "`train.", "`valid.", "| validation ", "| licence | not known", $"    rnn {verb} models/mine ", $"localhost:8080/{verb} ", "**Not good for**"];
        foreach (string part in parts) Assert.Contains(part, Card, StringComparison.Ordinal);
        Assert.DoesNotContain(_folder["."], Card, StringComparison.Ordinal);
    }

    [Fact]
    public void A_card_that_was_edited_outlives_a_run_with_another_seed()
    {
        Train("classifier");
        string edited = Card.Replace("not known", "CC0", StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(_folder["models/mine"], CardFile.Name), edited);
        Train("classifier", "training.seed=2");
        Assert.Equal(edited, Card);
    }

    [Fact]
    public void Names_of_labels_and_files_do_not_break_the_table_and_ten_are_listed()
    {
        Recipe recipe = TinyRecipes.Write(_folder, "classifier");
        string path = _folder["a|b.tsv"];
        File.WriteAllLines(path, Enumerable.Range(0, 12).Select(i => $"l|{i:00}\ttext number {i}"));
        recipe = recipe with { Data = recipe.Data with { Train = [recipe.Data.Train[0] with { Path = path }], Valid = [recipe.Data.Train[0] with { Path = path }] } };
        new Trainer(recipe, new RunFolders { Data = "", Output = _folder["models/mine"] }).Run(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Contains("| data | `a\\|b.tsv`: 12 texts |", Card, StringComparison.Ordinal);
        Assert.Contains("`l\\|09` and 2 more |", Card, StringComparison.Ordinal);
    }

    private void Train(string task, params string[] settings) => new Trainer(
        TinyRecipes.Write(_folder, task, [.. settings, "training.epochs=1"]),
        new RunFolders { Data = _folder["."], Output = _folder["models/mine"] },
        restart: true).Run(cancellationToken: TestContext.Current.CancellationToken);
}
