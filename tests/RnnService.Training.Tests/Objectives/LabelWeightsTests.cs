using RnnService.Engine.Models;
using RnnService.Training.Corpora;
using RnnService.Training.Objectives;
using RnnService.Training.Recipes;
using RnnService.Training.Tests.Runs;
using Xunit;

namespace RnnService.Training.Tests.Objectives;

/// <summary>What rare labels count.</summary>
public sealed class LabelWeightsTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Balanced_labels_count_alike_in_all()
    {
        int[] counts = [90, 9, 1];
        var balanced = new TrainingSettings { ClassWeights = ClassWeighting.Balanced };
        float[] weights = LabelWeights.Of(balanced, ["a", "b", "c"], counts, 100, several: false);
        for (int label = 0; label < 3; label++) Assert.Equal(100.0 / 3, weights[label] * counts[label], 1e-3);
        Assert.Equal(100, weights.Zip(counts, (weight, count) => weight * count).Sum(), 1e-3); // as much as without
        Assert.Equal([10f / 90, 91f / 9, 99], LabelWeights.Of(balanced, ["a", "b", "c"], counts, 100, several: true));
        Assert.Equal([1], LabelWeights.Of(balanced, ["never"], [0], 100, several: true));

        var own = new TrainingSettings { LabelWeights = new Dictionary<string, double> { ["b"] = 4 } };
        Assert.Equal([1, 4, 1], LabelWeights.Of(own, ["a", "b", "c"], counts, 100, several: false));
        Assert.Equal(4 * weights[1], LabelWeights.Of(own with { ClassWeights = ClassWeighting.Balanced }, ["a", "b", "c"], counts, 100, several: false)[1]);
        Assert.Empty(LabelWeights.Of(new TrainingSettings(), ["a", "b", "c"], counts, 100, several: false));
        Assert.Contains(
            "training.label_weights.b is no label; expected \"x\", \"y\"",
            Assert.Throws<RecipeException>(() => LabelWeights.Of(own, ["x", "y"], [1, 1], 2, several: false)).Message, StringComparison.Ordinal);
    }

    /// <summary>A label that counts more is answered more often, of classifiers and taggers alike.</summary>
    [Fact]
    public void A_label_that_counts_more_is_answered_more_often()
    {
        // The same text has both labels: what is learnt is how often each is right, as it counts.
        (string Text, string Label)[] reviews = [.. Enumerable.Range(0, 80).Select(i => ("a day", i % 8 == 0 ? "rare" : "usual"))];
        TaggedSentence[] sentences = [.. Enumerable.Range(0, 80).Select(i => new TaggedSentence(["a", "day"], ["X", i % 8 == 0 ? "rare" : "usual"]))];
        string[] settings = ["training.epochs=8", "model.cell=gru", "training.unknown_chance=0"];
        // Of the epochs the most accurate is kept, so that none goes as far as its weights would.
        double plain = Rare([]), balanced = Rare(["training.class_weights=balanced"]), most = Rare(["training.label_weights={\"rare\": 100}"]);
        Assert.True(plain + 0.05 < balanced && balanced < most, $"{plain}, {balanced}, {most}");
        double plainTag = RareTag([]), mostTag = RareTag(["training.label_weights={\"rare\": 100}"]);
        Assert.True(plainTag + 0.05 < mostTag, $"{plainTag}, {mostTag}");

        double Rare(string[] more)
        {
            using TrainedModel<Classifier> trained = ClassifierTrainer.Train(reviews, new TrainingOptions
            {
                Recipe = DefaultRecipes.For(ModelTask.Classifier, reviews.Length, [.. settings, "model.calibration=1", .. more]),
            });
            return trained.Model.Classify("a day").Single(label => label.Label == "rare").Score;
        }

        double RareTag(string[] more)
        {
            using TrainedModel<Tagger> trained = TaggerTrainer.Train(sentences, new TrainingOptions
            {
                Recipe = DefaultRecipes.For(ModelTask.Tagger, sentences.Length, [.. settings, "model.calibration=1", .. more]),
            });
            TagScore[] tags = trained.Model.Tag([trained.Model.Encode(["a", "day"], withAlternatives: true)])[0];
            int rare = trained.Model.Labels.Index().Single(label => label.Item == "rare").Index;
            return tags.Skip(trained.Model.Labels.Count).Single(tag => tag.Label == rare).Score;
        }
    }

    [Theory]
    [InlineData("classifier", "training.label_weights={\"up\": 0}", "training.label_weights.up is 0; expected a number above 0 to 1000000")]
    [InlineData("language_model", "training.class_weights=balanced", "training.class_weights is balanced; expected none (model.task is language_model)")]
    public void What_cannot_be_weighed_is_refused(string task, string setting, string message) =>
        Assert.Contains(message, Assert.Throws<RecipeException>(() => TinyRecipes.Write(_folder, task, setting)).Message, StringComparison.Ordinal);
}
