using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Training.Corpora;
using RnnService.Training.Evaluation;
using RnnService.Training.Recipes;
using RnnService.Training.Runs;
using RnnService.Training.Tests.Runs;
using Xunit;

namespace RnnService.Training.Tests;

/// <summary>Training from code: ClassifierTrainer, TaggerTrainer and LanguageModelTrainer.</summary>
public sealed class CodeTrainingTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryDataOfTasks Tasks => TinyRecipes.Tasks;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Tasks))]
    public void Examples_in_memory_train_to_the_bits_of_the_same_examples_in_files(string task)
    {
        Recipe recipe = TinyRecipes.Write(_folder, task);
        new Trainer(recipe, new RunFolders { Data = _folder[""], Output = _folder["files"] }).Run(cancellationToken: Cancellation);
        byte[] wanted = File.ReadAllBytes(_folder["files/model.safetensors"]);

        using (IDisposable kept = Train(recipe, new TrainingOptions { OutputFolder = _folder["memory"] }))
            Assert.Equal(wanted, File.ReadAllBytes(_folder["memory/model.safetensors"]));

        using IDisposable trained = Train(recipe, new TrainingOptions());
        ModelOf(trained, model => ModelFolder.Save(_folder["saved"], model, recipe.GoldenInput));
        Assert.Equal(wanted, File.ReadAllBytes(_folder["saved/model.safetensors"]));
    }

    [Fact]
    public void A_classifier_in_hand_answers_as_the_folder_it_is_saved_to()
    {
        using TrainedModel<Classifier> trained = ClassifierTrainer.Train(
            Reviews, new TrainingOptions { Recipe = DefaultRecipes.For(ModelTask.Classifier, Reviews.Length, "training.epochs=30") },
            cancellationToken: Cancellation);
        Assert.Equal(("accuracy", RunEnd.Finished), (trained.Score.Metric, trained.End));
        Assert.True(trained.Score.Value > 0.9, $"accuracy {trained.Score.Value}");
        Assert.Equal(trained.Score.Value, trained.Model.Config.Metrics["valid_accuracy"]);
        Assert.Equal(Reviews.Length, trained.Report.Train.Texts + trained.Report.Valid.Texts);

        trained.Save(_folder["reviews"]);
        using TextModel loaded = ModelFolder.Load(_folder["reviews"]).TextModel;
        Assert.Equal(trained.Model.Answer("what a lovely day").Scores, loaded.Answer("what a lovely day").Scores);
        Assert.Equal("up", loaded.Answer("what a lovely day").Labels[0]);
        Assert.Equal(1, Evaluator.Evaluate(trained.Model, [("what a lovely day", "up"), ("a sad day", "down")]).Confusion.Accuracy);
    }

    /// <summary>Of a classifier and of a language model, whose folder holds the merges.</summary>
    [Fact]
    public void Subwords_are_learnt_from_the_texts_and_kept_with_the_model()
    {
        string[] settings = ["model.tokenizer=subwords", "data.max_vocabulary=270", "training.epochs=1"];
        using TrainedModel<Classifier> labels = ClassifierTrainer.Train(
            Reviews, new TrainingOptions { Recipe = DefaultRecipes.For(ModelTask.Classifier, Reviews.Length, settings) }, cancellationToken: Cancellation);
        using TrainedModel<LanguageModel> text = LanguageModelTrainer.Train(
            Reviews.Select(review => review.Text),
            new TrainingOptions { Recipe = DefaultRecipes.For(ModelTask.LanguageModel, 1000, [.. settings, "training.batch_size=2", "training.shards=1"]) },
            cancellationToken: Cancellation);
        foreach ((TextModel model, Action<string> save) in ((TextModel, Action<string>)[])[(labels.Model, labels.Save), (text.Model, text.Save)])
        {
            Assert.Equal(270, model.Vocabulary.Tokens.Count);
            Assert.Equal(270 - SubwordTrainer.FewestTokens, model.Vocabulary.Tokens.Merges!.Count);
            save(_folder[$"{model.Config.Task}"]);
            using TextModel loaded = ModelFolder.Load(_folder[$"{model.Config.Task}"]).TextModel;
            Assert.Equal(model.Vocabulary.Tokens.Merges, loaded.Vocabulary.Tokens.Merges);
            Assert.Equal(model.Answer("什么 a day").Scores, loaded.Answer("什么 a day").Scores);
        }
    }

    [Fact]
    public void Without_options_the_recipe_is_that_of_the_number_of_examples()
    {
        using var stop = new CancellationTokenSource();
        string output = _folder["default"];
        Assert.Throws<OperationCanceledException>(() => ClassifierTrainer.Train(
            Reviews, new TrainingOptions { OutputFolder = output }, progress: new OnProgress(_ => stop.Cancel()), cancellationToken: stop.Token));
        Assert.Equal(
            DefaultRecipes.For(ModelTask.Classifier, Reviews.Length).ToJson(), File.ReadAllText(Path.Combine(output, "training", "recipe.json")));
    }

    [Theory]
    [MemberData(nameof(Tasks))]
    public void A_cancelled_run_is_taken_up_by_the_same_call_and_changes_no_bit(string task)
    {
        Recipe recipe = TinyRecipes.Write(_folder, task);
        Train(recipe, new TrainingOptions { OutputFolder = _folder["straight"] }).Dispose();
        var options = new TrainingOptions { OutputFolder = _folder["cancelled"] };
        using (var stop = new CancellationTokenSource())
        {
            var onProgress = new OnProgress(progress =>
            {
                if (progress.Step == 5) stop.Cancel();
            });
            Assert.Throws<OperationCanceledException>(() => Train(recipe, options, onProgress, stop.Token));
        }

        var steps = new List<long>();
        Train(recipe, options, new OnProgress(progress => steps.Add(progress.Step))).Dispose();
        Assert.Equal(6, steps[0]);
        Assert.Equal(Enumerable.Range(6, steps.Count), steps.Select(step => (int)step));
        Assert.Equal(File.ReadAllBytes(_folder["straight/model.safetensors"]), File.ReadAllBytes(_folder["cancelled/model.safetensors"]));
    }

    [Fact]
    public void A_finished_model_is_only_trained_anew_when_asked()
    {
        Recipe recipe = TinyRecipes.Write(_folder, "tagger");
        var options = new TrainingOptions { OutputFolder = _folder["finished"] };
        Train(recipe, options).Dispose();
        Assert.Contains("holds a finished model", Assert.Throws<RunFolderException>(() => Train(recipe, options)).Message, StringComparison.Ordinal);
        Train(recipe, options with { Restart = true }).Dispose();
    }

    [Fact]
    public async Task Runs_side_by_side_do_not_disturb_each_other()
    {
        Recipe recipe = TinyRecipes.Write(_folder, "classifier", "training.epochs=2");
        float[][] weights = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
        {
            using var trained = (TrainedModel<Classifier>)Train(recipe, new TrainingOptions());
            return trained.Model.Parameters.All.SelectMany(parameter => parameter.Values.ToArray()).ToArray();
        })));
        Assert.Equal(weights[0], weights[1]);
        Assert.Equal(weights[0], weights[2]);
    }

    [Fact]
    public void What_is_wrong_is_named()
    {
        Says("examples is empty; expected at least one labelled text", () => ClassifierTrainer.Train(Array.Empty<(string, string)>()));
        Says("examples[1].Label is empty; expected a label", () => ClassifierTrainer.Train([("a", "x"), ("b", " ")]));
        Says("validation[0].Text is empty; expected a text", () => ClassifierTrainer.Train([("a", "x")], validation: [("", "x")]));
        Says("sentences[0] has 2 words and 1 tags; expected a tag for every word", () => TaggerTrainer.Train([new TaggedSentence(["a", "b"], ["X"])]));
        Says("pairs[1].Target is empty; expected a text", () => TranslatorTrainer.Train([("a", "x"), ("b", "")]));
        Says("validation[0].Source is empty; expected a text", () => TranslatorTrainer.Train([("a", "x")], validation: [(" ", "x")]));
        Says("texts is empty; expected at least one text", () => LanguageModelTrainer.Train([]));
        Recipe tagger = DefaultRecipes.For(ModelTask.Tagger, 100);
        Assert.Equal(
            "model.task is tagger; expected classifier",
            Assert.Throws<RecipeException>(() => ClassifierTrainer.Train(Reviews, new TrainingOptions { Recipe = tagger })).Message);
        Recipe wide = tagger with { Training = tagger.Training with { LearningRate = -1 } };
        Assert.Equal(
            "training.learning_rate is -1; expected a number, above 0",
            Assert.Throws<RecipeException>(() => TaggerTrainer.Train([new TaggedSentence(["a"], ["X"])], new TrainingOptions { Recipe = wide })).Message);
        Assert.Equal(
            "the training examples: every text has the label \"x\"; expected two labels or more",
            Assert.Throws<CorpusException>(() => ClassifierTrainer.Train([("a", "x"), ("b", "x")])).Message);

        static void Says(string sentence, Action train) =>
            Assert.StartsWith(sentence, Assert.ThrowsAny<ArgumentException>(train).Message, StringComparison.Ordinal);
    }

    private static (string Text, string Label)[] Reviews { get; } =
    [
        .. Enumerable.Range(0, 60).Select(i => i % 2 == 0
            ? ($"this was a {(i % 3 == 0 ? "fine" : i % 3 == 1 ? "lovely" : "bright")} day {i % 7}", "up")
            : ($"such a {(i % 3 == 0 ? "dull" : i % 3 == 1 ? "sad" : "grey")} and long day {i % 5} indeed", "down")),
    ];

    /// <summary>Trains on what the files of a tiny recipe hold.</summary>
    private IDisposable Train(Recipe recipe, TrainingOptions options, IProgress<TrainingProgress>? progress = null, CancellationToken stop = default)
    {
        CorpusSource train = Located(recipe.Data.Train), valid = Located(recipe.Data.Valid);
        options = options with { Recipe = recipe };
        return recipe.Model.Task switch
        {
            ModelTask.Classifier => ClassifierTrainer.Train(Pairs(train), options, Pairs(valid), progress, stop),
            ModelTask.Translator => TranslatorTrainer.Train(
                Corpus.ReadPairs(train).Select(pair => (pair.Source, pair.Target)), options, Corpus.ReadPairs(valid).Select(pair => (pair.Source, pair.Target)), progress, stop),
            ModelTask.Tagger => TaggerTrainer.Train(Corpus.ReadTagged(train), options, Corpus.ReadTagged(valid), progress, stop),
            _ => LanguageModelTrainer.Train([Corpus.ReadText(train)], options, [Corpus.ReadText(valid)], progress, stop),
        };

        CorpusSource Located(IReadOnlyList<CorpusSource> sources) => sources[0] with { Path = _folder[sources[0].Path] };

        static IEnumerable<(string, string)> Pairs(CorpusSource source) => Corpus.ReadLabelled(source).Select(example => (example.Text, example.Label));
    }

    private static void ModelOf(IDisposable trained, Action<TextModel> use) => use(trained switch
    {
        TrainedModel<Classifier> classifier => classifier.Model,
        TrainedModel<Tagger> tagger => tagger.Model,
        TrainedModel<Translator> translator => translator.Model,
        _ => ((TrainedModel<LanguageModel>)trained).Model,
    });
}
