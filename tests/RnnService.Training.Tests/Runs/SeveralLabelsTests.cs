using RnnService.Engine.Models;
using RnnService.Training.Corpora;
using RnnService.Training.Evaluation;
using RnnService.Training.Recipes;
using RnnService.Training.Runs;
using Xunit;

namespace RnnService.Training.Tests.Runs;

/// <summary>Classifiers of several labels a text, of none, and what their validation part chooses.</summary>
public sealed class SeveralLabelsTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    /// <summary>A corpus with several labels a text makes such a model by itself; its folder gives the scores that chose its weights.</summary>
    [Fact]
    public void Several_labels_are_learnt_where_texts_have_them()
    {
        WriteTopics("train.csv", 240);
        WriteTopics("valid.csv", 60, from: 1000);
        Recipe recipe = RecipeOf();
        new Trainer(recipe, new RunFolders { Data = _folder[""], Output = _folder["topics"] }).Run(cancellationToken: Cancellation);

        using Classifier model = Classifier.Load(_folder["topics"]);
        Assert.True(model.Config.MultiLabel);
        Assert.Equal(["dogs", "music", "rain"], model.Labels);
        Assert.Equal(3, model.Config.Thresholds!.Count);
        IReadOnlyList<LabelledText> valid = Corpus.ReadLabelled(Source("valid.csv") with { Path = _folder["valid.csv"] });
        MultiLabelReport report = Evaluator.EvaluateMultiLabel(model, valid);
        Assert.Equal(model.Config.Metrics["valid_micro_f1"], report.Micro.F1, 1e-9);
        Assert.Equal(model.Config.Metrics["valid_macro_f1"], report.MacroF1, 1e-9);
        Assert.Equal(model.Config.Metrics["valid_loss"], report.Loss, 1e-6);
        Assert.True(report.Micro.F1 > .9, $"micro F1 {report.Micro.F1}");
        Assert.Equal(["dogs", "rain"], model.LabelsOf("we saw a puppy under clouds today").Select(label => label.Label).Order());
        Assert.Equal(("micro_f1", report.Micro.F1), (ValidationScore.Of(model.Config)!.Metric, ValidationScore.Of(model.Config)!.Value));
        Assert.Throws<ArgumentException>(() => Evaluator.Evaluate(model, valid));
    }

    /// <summary>Counts, label by label, are those of asking the model text by text.</summary>
    [Fact]
    public void Scores_of_several_labels_add_up()
    {
        WriteTopics("train.csv", 80);
        WriteTopics("valid.csv", 40, from: 500);
        new Trainer(RecipeOf("training.epochs=2"), new RunFolders { Data = _folder[""], Output = _folder["topics"] }).Run(cancellationToken: Cancellation);
        using Classifier model = Classifier.Load(_folder["topics"]);
        LabelledText[] valid =
        [
            .. Corpus.ReadLabelled(Source("valid.csv") with { Path = _folder["valid.csv"] }),
            new LabelledText("strange", "we saw a kitten") { MoreLabels = ["dogs", "strange"] },
        ];
        MultiLabelReport report = Evaluator.EvaluateMultiLabel(model, valid);
        Assert.Equal(["dogs", "music", "rain", "strange"], report.Labels);
        string[][] gold = [.. valid.Select(example => example.MoreLabels.Prepend(example.Label).Distinct().ToArray())];
        string[][] given = [.. valid.Select(example => model.LabelsOf(example.Text).Select(label => label.Label).ToArray())];
        for (int label = 0; label < 4; label++)
        {
            string name = report.Labels[label];
            Assert.Equal(
                new F1Score(gold.Count(set => set.Contains(name)), given.Count(set => set.Contains(name)), gold.Zip(given).Count(pair => pair.First.Contains(name) && pair.Second.Contains(name))),
                report.Scores[label]);
        }

        Assert.Equal(gold.Zip(given).Count(pair => pair.First.Order().SequenceEqual(pair.Second.Order())), report.Exact);
        Assert.Equal(new F1Score(0, 0, 0) with { Gold = 1 }, report.Scores[3]);
    }

    [Fact]
    public void One_label_can_be_asked_for()
    {
        WriteTopics("train.csv", 60);
        WriteTopics("valid.csv", 20, from: 500);
        var trainer = new Trainer(RecipeOf("training.epochs=1", "model.multi_label=false"), new RunFolders { Data = _folder[""], Output = _folder["topics"] });
        Assert.Contains(trainer.Report.Notes, note => note.Sentence.StartsWith("model.multi_label is false", StringComparison.Ordinal));
        trainer.Run(cancellationToken: Cancellation);
        using Classifier model = Classifier.Load(_folder["topics"]);
        Assert.False(model.Config.MultiLabel);
        Assert.Equal(1, model.Classify("we saw a puppy").Sum(label => label.Score), 1e-5);
    }

    /// <summary>Without a validation corpus a part is split off; every label stays on the training side.</summary>
    [Fact]
    public void A_split_knows_all_labels()
    {
        WriteTopics("train.csv", 100);
        Recipe recipe = RecipeOf("training.epochs=1");
        recipe = recipe with { Data = recipe.Data with { Valid = [], ValidShare = .2 } };
        var trainer = new Trainer(recipe, new RunFolders { Data = _folder[""], Output = _folder["topics"] });
        Assert.Equal(100, trainer.Report.Train.Texts + trainer.Report.Valid.Texts);
        Assert.Equal(3, trainer.Report.Train.Labels.Count);
        Assert.True(trainer.Report.Train.Labels.Sum(label => label.Value) > trainer.Report.Train.Texts);
    }

    /// <summary>Texts that have none of the labels are no class: they choose the threshold, and count as right below it.</summary>
    [Fact]
    public void Texts_of_no_label_choose_the_threshold()
    {
        string[] words = ["puppy", "guitar"], names = ["dogs", "music"];
        string[] Rows(int count, int from) => [.. Enumerable.Range(from, count).Select(i => i % 5 == 4
            ? $"oos,what {Filler(i)} about {Filler(i / 3)} the tax {i % 13}"
            : $"{names[i % 2]},we saw a {words[i % 2]} {Filler(i)} {(i % 11 == 0 ? words[1 - i % 2] : "")} today {i % 7}")];
        File.WriteAllLines(_folder["train.csv"], [.. Rows(150, 0).Prepend("label,text")]);
        File.WriteAllLines(_folder["valid.csv"], [.. Rows(60, 1000).Prepend("label,text")]);
        var trainer = new Trainer(RecipeOf("model.reject_label=oos"), new RunFolders { Data = _folder[""], Output = _folder["intents"] });
        Assert.Contains(trainer.Report.Notes, note => note.Sentence.StartsWith("30 training texts of the label \"oos\"", StringComparison.Ordinal));
        Assert.Equal((120, 90), (trainer.Report.Train.Texts, trainer.Report.Valid.Texts));
        trainer.Run(cancellationToken: Cancellation);

        using Classifier model = Classifier.Load(_folder["intents"]);
        Assert.Equal(names, model.Labels);
        Assert.Equal("oos", model.Config.RejectLabel);
        Assert.InRange(model.Config.Threshold!.Value, .4f, 1);
        LabelledText[] valid = [.. Rows(60, 1000).Concat(Rows(150, 0).Where(row => row.StartsWith("oos", StringComparison.Ordinal)))
            .Select(row => new LabelledText(row.Split(',')[0], row.Split(',')[1]))];
        ClassificationReport report = Evaluator.Evaluate(model, valid);
        Assert.Equal(model.Config.Metrics["valid_accuracy"], report.Confusion.Accuracy, 1e-9);
        Assert.Equal(
            valid.Count(example => (model.LabelsOf(example.Text) is [var best, ..] ? best.Label : "oos") == example.Label), report.Confusion.Correct);
        Assert.True(report.Confusion[2].Correct > 0, "no text was found to have none of the labels");

        RecipeException error = Assert.Throws<RecipeException>(() => new Trainer(RecipeOf("model.reject_label=none"), new RunFolders { Data = _folder[""], Output = _folder["none"] }));
        Assert.Contains("model.reject_label is \"none\", which no text has", error.Message, StringComparison.Ordinal);
    }

    /// <summary>The calibration that is kept makes the validation part likelier than none, and is the folder's own.</summary>
    [Fact]
    public void A_calibration_is_fitted_and_kept()
    {
        // Labels that contradict the words now and then: whoever is sure of itself is wrong.
        string[] Rows(int count, int from) => [.. Enumerable.Range(from, count).Select(i => $"{(i % 2 == 0 == (i * 7 % 10 < 8) ? "up" : "down")},a {(i % 2 == 0 ? "fine" : "dull")} {Filler(i)} day {i % 9}")];
        File.WriteAllLines(_folder["train.csv"], [.. Rows(150, 0).Prepend("label,text")]);
        File.WriteAllLines(_folder["valid.csv"], [.. Rows(100, 3000).Prepend("label,text")]);
        new Trainer(RecipeOf(), new RunFolders { Data = _folder[""], Output = _folder["days"] }).Run(cancellationToken: Cancellation);
        using Classifier model = Classifier.Load(_folder["days"]);
        Assert.NotNull(model.Config.Calibration);
        LabelledText[] valid = [.. Rows(100, 3000).Select(row => new LabelledText(row.Split(',')[0], row.Split(',')[1]))];
        ClassificationReport after = Evaluator.Evaluate(model, valid), before = Evaluator.Evaluate(model.With(model.Config with { Calibration = null }), valid);
        Assert.True(after.Loss < before.Loss, $"{after.Loss} after, {before.Loss} before");
        Assert.Equal(before.Confusion.Correct, after.Confusion.Correct);
        Assert.Equal(model.Config.Metrics["valid_loss"], after.Loss, 1e-6);
        Assert.Equal(model.Config.Metrics["valid_calibration_error"], after.Confidences.ExpectedCalibrationError, 1e-6);
        Assert.Equal(model.Config.Metrics["valid_calibration_error_uncalibrated"], before.Confidences.ExpectedCalibrationError, 1e-6);

        new Trainer(RecipeOf("model.calibration=1"), new RunFolders { Data = _folder[""], Output = _folder["as-it-is"] }).Run(cancellationToken: Cancellation);
        using Classifier plain = Classifier.Load(_folder["as-it-is"]);
        Assert.Equal(1, plain.Config.Calibration);
    }

    private static string Filler(int i) => $"{(char)('a' + i % 26)}{(char)('a' + i / 26 % 26)}";

    private static CorpusSource Source(string path) => new() { Path = path, Format = "csv", LabelSeparator = ";" };

    private void WriteTopics(string file, int count, int from = 0)
    {
        string[] words = ["puppy", "guitar", "clouds"], names = ["dogs", "music", "rain"];
        File.WriteAllLines(_folder[file], [.. Enumerable.Range(from, count).Select(i =>
        {
            int[] topics = [.. Enumerable.Range(0, 3).Where(topic => (1 + i * 5 % 7 & 1 << topic) != 0)];
            return $"{string.Join(';', topics.Select(topic => names[topic]))},we saw a {string.Join(" under ", topics.Select(topic => words[topic]))} {Filler(i)} today";
        }).Prepend("label,text")]);
    }

    private Recipe RecipeOf(params string[] overrides)
    {
        File.WriteAllText(_folder["recipe.json"], """
            {
              "model": { "task": "classifier", "cell": "gru", "tokenizer": "english", "embedding_size": 12, "hidden_size": 12, "bidirectional": true, "pooling": "max" },
              "data": { "train": [{ "path": "train.csv", "format": "csv", "label_separator": ";" }], "valid": [{ "path": "valid.csv", "format": "csv", "label_separator": ";" }] },
              "training": { "epochs": 12, "batch_size": 16, "learning_rate": 0.01, "unknown_chance": 0.2 },
              "golden_input": "we saw a puppy today"
            }
            """);
        return Recipe.Read(_folder["recipe.json"], overrides);
    }
}
