using RnnService.Training.Corpora;
using RnnService.Training.Recipes;
using RnnService.Training.Runs;
using Xunit;

namespace RnnService.Training.Tests.Runs;

/// <summary>What a run refuses before its first step, and what it then leaves alone.</summary>
public sealed class RefusalTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryDataOfTasks Tasks => TinyRecipes.Tasks;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("", 0)]
    [InlineData("a", 1)]
    [InlineData("x", 1)]
    public void A_validation_text_without_anything_to_predict_is_refused_before_anything_is_written(string text, int tokens)
    {
        Recipe recipe = TinyRecipes.Write(_folder, "language_model");
        File.WriteAllText(_folder["valid.txt"], text);
        var error = Assert.Throws<InvalidDataException>(() => new Trainer(recipe, Folders(Folder("nothing"))));
        Assert.Contains(_folder["valid.txt"], error.Message, StringComparison.Ordinal);
        if (text.Length > 0)
            Assert.Contains($"holds {tokens} token{(tokens == 1 ? "" : "s")} that the model knows; expected 2 or more", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Folder("nothing")));
    }

    [Theory]
    [InlineData("language_model", "train.txt", "ab", "expected 8 or more to train on, two for each of the 4 parts that training.batch_size makes")]
    [InlineData("classifier", "train.tsv", "", "holds no labelled text")]
    [InlineData("classifier", "valid.tsv", "", "holds no labelled text")]
    [InlineData("tagger", "train.conll", "\n\n", "holds no tagged sentence")]
    [InlineData("tagger", "valid.conll", "\n", "holds no tagged sentence")]
    public void A_corpus_without_anything_to_learn_is_refused_before_anything_is_written(string task, string file, string text, string said)
    {
        Recipe recipe = TinyRecipes.Write(_folder, task);
        File.WriteAllText(_folder[file], text);
        string message = Assert.Throws<InvalidDataException>(() => new Trainer(recipe, Folders(Folder("nothing")))).Message;
        Assert.Contains(_folder[file], message, StringComparison.Ordinal);
        Assert.Contains(said, message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Folder("nothing")));
    }

    [Fact]
    public void A_golden_input_without_a_token_is_refused_before_the_first_step()
    {
        Recipe recipe = TinyRecipes.Write(_folder, "language_model", "model.tokenizer=whitespace", "golden_input= ");
        Assert.StartsWith(
            "golden_input is \" \": ", Assert.Throws<RecipeException>(() => new Trainer(recipe, Folders(Folder("golden")))).Message,
            StringComparison.Ordinal);
        Assert.False(Directory.Exists(Folder("golden")));
    }

    [Theory]
    [MemberData(nameof(Tasks))]
    public void Absurd_settings_are_sentences_or_work(string task)
    {
        foreach (string setting in (string[])["batch_size", "epochs", "unroll_steps", "warmup_steps", "patience", "evaluate_every", "log_every"])
        {
            using var stop = new CancellationTokenSource();
            try
            {
                Recipe recipe = TinyRecipes.Write(_folder, task, $"training.{setting}=2147483647", "training.schedule=cosine");
                new Trainer(recipe, Folders(Folder(setting))).Run(new OnProgress(_ => stop.Cancel()), stop.Token);
            }
            catch (Exception error) when (error is RecipeException or InvalidDataException)
            {
                Assert.Contains(setting, error.Message, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData("classifier")]
    [InlineData("tagger")]
    public void More_weights_than_the_machine_holds_are_refused_before_anything_is_written(string task)
    {
        Recipe recipe = TinyRecipes.Write(_folder, task);
        recipe = recipe with { Training = recipe.Training with { BatchSize = 2_000_000_000, Shards = 2_000_000_000 } };
        Assert.Matches(
            @"^training\.shards is 2000000000 and the model has .* copies of them take .* GB, this machine has ",
            Assert.Throws<RecipeException>(() => new Trainer(recipe, Folders(Folder("large")))).Message);
        Assert.False(Directory.Exists(Folder("large")));
    }

    [Fact]
    public void Another_recipe_does_not_take_up_a_checkpoint()
    {
        string output = Folder("changed");
        Interrupt(TinyRecipes.Write(_folder, "tagger"), output);
        Recipe changed = TinyRecipes.Write(_folder, "tagger", "training.learning_rate=0.5");
        var error = Assert.Throws<RunFolderException>(() => new Trainer(changed, Folders(output)));
        Assert.Contains("\"learning_rate\": 0.02 then, \"learning_rate\": 0.5 now", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, new Trainer(changed, Folders(output), restart: true).Step);
    }

    [Fact]
    public void A_finished_model_is_not_overwritten_unasked()
    {
        Recipe recipe = TinyRecipes.Write(_folder, "tagger");
        string output = Train(recipe, "finished");
        Assert.Contains("finished model", Assert.Throws<RunFolderException>(() => new Trainer(recipe, Folders(output))).Message, StringComparison.Ordinal);
        Assert.Equal(0, new Trainer(recipe, Folders(output), restart: true).Step);
    }

    [Fact]
    public void Validation_labels_that_training_lacks_are_named_and_count_as_wrong_or_end_the_run()
    {
        Recipe recipe = TinyRecipes.Write(_folder, "classifier", "training.epochs=1");
        File.AppendAllText(_folder["valid.tsv"], "sideways\tmm\nsideways\tnn\nround\tmm\n");
        string wanted = $"2 labels of the validation corpus are not among the model's: \"sideways\" ({_folder["valid.tsv"]}, line 5, 2 times), "
            + $"\"round\" ({_folder["valid.tsv"]}, line 7); 3 of 7 texts count as wrong";
        var trainer = new Trainer(recipe, Folders(Folder("labels")));
        Assert.Contains(wanted, trainer.Report.Notes.Select(note => note.Sentence));
        Assert.Equal(RunEnd.Finished, trainer.Run(cancellationToken: Cancellation));
        Assert.Equal(["down", "up"], trainer.Model.Config.Labels);

        Recipe strict = TinyRecipes.Write(_folder, "classifier", "data.unseen_labels=error");
        File.AppendAllText(_folder["valid.tsv"], "sideways\tmm\nsideways\tnn\nround\tmm\n");
        Assert.Equal(wanted, Assert.Throws<CorpusException>(() => new Trainer(strict, Folders(Folder("strict")))).Message);
    }

    private static void Interrupt(Recipe recipe, string output)
    {
        using var stop = new CancellationTokenSource();
        var trainer = new Trainer(recipe, new RunFolders { Data = Path.GetDirectoryName(output)!, Output = output });
        Assert.Equal(RunEnd.Interrupted, trainer.Run(new OnProgress(_ => stop.Cancel()), stop.Token));
    }

    private string Train(Recipe recipe, string name)
    {
        string output = Folder(name);
        Assert.Equal(RunEnd.Finished, new Trainer(recipe, Folders(output)).Run(cancellationToken: Cancellation));
        return output;
    }

    private string Folder(string name) => _folder[name];

    private RunFolders Folders(string output) => new() { Data = _folder[""], Output = output };
}
