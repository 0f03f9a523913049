using RnnService.Engine.Models;
using RnnService.Engine.Tests;
using RnnService.Engine.Weights;
using RnnService.Training.Corpora;
using RnnService.Training.Objectives;
using RnnService.Training.Optimizers;
using RnnService.Training.Recipes;
using RnnService.Training.Runs;
using RnnService.Training.Tests.Runs;
using Xunit;

namespace RnnService.Training.Tests;

/// <summary>Taggers that learn other columns of their corpora beside the tag.</summary>
public sealed class AuxiliaryTests : IDisposable
{
    private const string Columns = """training.auxiliary.columns=["xpos","feats",-3]""";

    private readonly ScratchFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("model.crf=true,training.auxiliary.weight=0.9")]
    [InlineData("training.class_weights=balanced,training.dropout.recurrent=0.3")]
    public void Gradients_are_those_of_all_losses_together(string settings)
    {
        Recipe recipe = Write([Columns, "training.clip_norm=0", .. settings.Split(',', StringSplitOptions.RemoveEmptyEntries)]);
        Objective objective = Objective.Create(recipe, _folder[""]);
        string[] own = [.. objective.Model.Parameters.All.Select(parameter => parameter.Name)];
        string[] all = [.. objective.Parameters.All.Select(parameter => parameter.Name)];
        Assert.Equal(own, all[..own.Length]);
        Assert.Equal(
            ["auxiliary.xpos.weight", "auxiliary.xpos.bias", "auxiliary.feats.weight", "auxiliary.feats.bias", "auxiliary.-3.weight", "auxiliary.-3.bias"],
            all[own.Length..]);
        objective.Begin(0, 0);
        var batch = new BatchGradient(objective, recipe.Training, new LayerRelease(recipe.Training, recipe.Model));
        Gradients gradients = Run().Gradients;
        foreach (Parameter parameter in objective.Parameters.All.Skip(own.Length)) Assert.Contains(gradients.Of(parameter).ToArray(), value => value != 0);
        NumericDerivative.Along(objective.Parameters, objective.Refresh, Run, share: 2e-2);

        (double Loss, Gradients Gradients) Run()
        {
            objective.Refresh();
            BatchLoss loss = batch.ForwardAndBackward(step: 3, epoch: 0);
            return (loss.Loss, batch.Clip(loss));
        }
    }

    [Fact]
    public void Values_of_few_words_and_none_are_not_learnt()
    {
        TaggedSentence[] train = [.. Enumerable.Repeat(With("a", "_", "b"), 3), With("c", "a", "b"), With("", "c", "_")];
        var columns = new AuxiliaryColumns(new AuxiliarySettings { Columns = ["x"], MinCount = 4 }, train);
        Assert.Equal([("x", 2)], columns.Tasks);
        Assert.Equal([[-1, 0, 1], [0, -1, 1], [-1, -1, -1]], columns.Of([3, 0, 4])[0].Select(row => row.ToArray()));
    }

    [Fact]
    public void What_is_saved_has_the_tag_alone_and_stopping_changes_no_bit()
    {
        foreach (string more in (string[])["training.optimizer=adam", "training.release=1"])
        {
            Recipe recipe = Write(Columns, "training.epochs=4", "training.average_decay=0.9", more);
            string straight = _folder["straight" + more], stopped = _folder["stopped" + more];
            new Trainer(recipe, new RunFolders { Data = _folder[""], Output = straight }).Run(cancellationToken: Cancellation);
            Assert.True(StoppedRun.Finish(recipe, new RunFolders { Data = _folder[""], Output = stopped }, steps: 3) > 1);
            byte[] weights = File.ReadAllBytes(Path.Combine(straight, "model.safetensors"));
            Assert.Equal(weights, File.ReadAllBytes(Path.Combine(stopped, "model.safetensors")));
            Assert.DoesNotContain(SafeTensorsFile.Open(Path.Combine(straight, "model.safetensors")).Names, name => name.Contains("auxiliary", StringComparison.Ordinal));
            Assert.DoesNotContain("auxiliary", File.ReadAllText(Path.Combine(straight, "config.json")), StringComparison.Ordinal);

            // The columns had a part in it.
            new Trainer(recipe with { Training = recipe.Training with { Auxiliary = null } }, new RunFolders { Data = _folder[""], Output = _folder["plain" + more] })
                .Run(cancellationToken: Cancellation);
            Assert.NotEqual(weights, File.ReadAllBytes(Path.Combine(_folder["plain" + more], "model.safetensors")));
        }
    }

    [Fact]
    public void A_run_is_not_resumed_when_a_column_changed()
    {
        Recipe recipe = Write(Columns);
        using (var stop = new CancellationTokenSource())
        {
            new Trainer(recipe, new RunFolders { Data = _folder[""], Output = _folder["run"] }).Run(new OnProgress(_ => stop.Cancel()), stop.Token);
        }

        File.WriteAllText(_folder["train.conllu"], File.ReadAllText(_folder["train.conllu"]).Replace("Number=Plur", "Number=Dual", StringComparison.Ordinal));
        Assert.Contains(
            "another training corpus (as long as then",
            Assert.Throws<RunFolderException>(() => new Trainer(recipe, new RunFolders { Data = _folder[""], Output = _folder["run"] })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Taggers_of_characters_and_sentences_of_a_program_have_them_too()
    {
        TaggedSentence[] sentences = [.. Enumerable.Range(0, 12).Select(i => With("a", "b", i % 2 == 0 ? "a" : "b"))];
        Recipe recipe = DefaultRecipes.For(
            ModelTask.Tagger, 12, "model.tokenizer=characters", "model.characters=null", "model.hidden_size=4", "training.epochs=1", "training.auxiliary.columns=[\"x\"]");
        using TrainedModel<Tagger> trained = TaggerTrainer.Train(sentences, new TrainingOptions { Recipe = recipe }, cancellationToken: Cancellation);
        Assert.Equal(["D", "N", "V"], trained.Model.Labels);
        CorpusException error = Assert.Throws<CorpusException>(() => TaggerTrainer.Train(
            [.. sentences, new TaggedSentence(["a", "b"], ["D", "N"])], new TrainingOptions { Recipe = recipe }, sentences, cancellationToken: Cancellation));
        Assert.Equal("the training sentences: column x (training.auxiliary.columns) has 0 values for 2 words; expected as many", error.Message);
    }

    [Theory]
    [InlineData("""training.auxiliary.columns=["tag"]""", "corpus {0}: training.auxiliary.columns is tag; expected a column of CoNLL-U, 0 to 9, or one of id, form, lemma, upos, xpos, feats, head, deprel, deps, misc")]
    [InlineData("""training.auxiliary.columns=["upos"]""", "{0}, line 2: column upos is the tag; expected another one in training.auxiliary.columns")]
    [InlineData("""training.auxiliary.columns=["misc"]""", "{0}: column misc (training.auxiliary.columns) has no value in 5 words or more; expected two values or more: set training.auxiliary.min_count to 1")]
    public void Corpora_without_the_column_are_refused_before_the_run(string setting, string message)
    {
        Recipe recipe = Write(setting);
        Exception error = Assert.ThrowsAny<Exception>(() => new Trainer(recipe, new RunFolders { Data = _folder[""], Output = _folder["out"] }));
        Assert.StartsWith(string.Format(null, message, _folder["train.conllu"]).Split(": set ")[0], error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["out"]));
    }

    [Fact]
    public void Columns_of_other_formats_are_asked_for_as_their_tags_are()
    {
        File.WriteAllText(_folder["x.conll"], "a\tD\tx\nb\tN\ty\n");
        var conll = new CorpusSource { Path = _folder["x.conll"], Format = CorpusFormat.Conll, TagColumn = 1 };
        Assert.Equal(["x", "y"], Corpus.ReadColumns(conll, [2], null)[0].Auxiliary["2"]);
        Assert.Equal($"{conll.Path}, line 1: 3 columns, but training.auxiliary.columns is 9", Assert.Throws<InvalidDataException>(() => Corpus.ReadColumns(conll, [9], null)).Message);
        File.WriteAllText(_folder["x.jsonl"], """{"tokens": ["a", "b"], "tags": ["D", "N"], "more": ["x", "y"]}""");
        var json = new CorpusSource { Path = _folder["x.jsonl"], Format = CorpusFormat.JsonLines };
        Assert.Equal(["x", "y"], Corpus.ReadColumns(json, ["more"], null)[0].Auxiliary["more"]);
        Assert.Equal($"corpus {json.Path}: training.auxiliary.columns is 2; expected the name of a field", Assert.Throws<ArgumentException>(() => Corpus.ReadColumns(json, [2], null)).Message);
    }

    [Theory]
    [InlineData("training.auxiliary.weight=0", "training.auxiliary.weight is 0; expected a number, above 0")]
    [InlineData("training.auxiliary.columns=[]", "training.auxiliary.columns is empty; expected a column or more, such as [\"xpos\"]")]
    [InlineData("""training.auxiliary.columns=["xpos","xpos"]""", "training.auxiliary.columns is a list with xpos twice; expected every column once")]
    [InlineData("model.task=classifier", "training.auxiliary is an object; expected nothing (model.task is classifier)")]
    public void Wrong_settings_are_refused_by_name(string setting, string message) =>
        Assert.EndsWith($": {message}", Assert.Throws<RecipeException>(() => Write(Columns, "model.characters=null", setting)).Message, StringComparison.Ordinal);

    private static TaggedSentence With(params string[] values) => new(["ab", "c", "de"], ["D", "N", "V"])
    {
        Auxiliary = new Dictionary<string, IReadOnlyList<string>> { ["x"] = values },
    };

    /// <summary>Sentences of CoNLL-U; the words of a tag have different features.</summary>
    private Recipe Write(params string[] settings)
    {
        string[] sentences = [.. Enumerable.Range(0, 30).Select(i => $"""
            # sent_id = {i}
            1	the	the	DET	DT	_	2	det	_	_
            2	{(i % 2 == 0 ? "dog" : "cats")}	dog	NOUN	{(i % 2 == 0 ? "NN" : "NNS")}	Number={(i % 2 == 0 ? "Sing" : "Plur")}	3	nsubj	_	_
            3	{(i % 3 == 0 ? "sleeps" : "run")}	go	VERB	VB	Number={(i % 3 == 0 ? "Sing" : "Plur")}	0	root	_	_

            """)];
        File.WriteAllText(_folder["train.conllu"], string.Join('\n', sentences));
        File.WriteAllText(_folder["valid.conllu"], string.Join('\n', sentences[..4]));
        File.WriteAllText(_folder["recipe.json"], """
            {
              "model": { "task": "tagger", "cell": "gru", "tokenizer": "whitespace", "embedding_size": 6, "hidden_size": 7, "bidirectional": true,
                         "characters": { "embedding_size": 4, "hidden_size": 3 } },
              "data": { "train": [{ "path": "train.conllu", "format": "conllu" }], "valid": [{ "path": "valid.conllu", "format": "conllu" }] },
              "training": { "epochs": 2, "batch_size": 6, "learning_rate": 0.03, "shards": 2, "log_every": 3, "dropout": { "embedding": 0.1, "output": 0.2 } },
              "golden_input": "the dog sleeps"
            }
            """);
        return Recipe.Read(_folder["recipe.json"], settings);
    }
}
