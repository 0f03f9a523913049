using RnnService.Engine.Models;
using RnnService.Training.Evaluation;
using RnnService.Training.Objectives;
using RnnService.Training.Recipes;
using RnnService.Training.Runs;
using Xunit;

namespace RnnService.Training.Tests.Runs;

/// <summary>Which figure of the validation part chooses the best weights.</summary>
public sealed class BestByTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public static TheoryDataOfTasks Tasks => TinyRecipes.Tasks;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Tasks))]
    public void Every_task_has_the_figures_that_it_says(string task)
    {
        Objective objective = Objective.Create(TinyRecipes.Write(_folder, task), _folder[""]);
        ValidationScore score = objective.Evaluate();
        IReadOnlyList<ValidationFigure> figures = ValidationScore.FiguresOf(objective.Model.Config);
        foreach (ValidationFigure figure in Enum.GetValues<ValidationFigure>())
        {
            if (!figures.Contains(figure))
            {
                Assert.Throws<ArgumentOutOfRangeException>(() => score.By(figure));
                continue;
            }

            ValidationScore by = score.By(figure);
            Assert.Equal(score.Metrics().OrderBy(metric => metric.Key), by.Metrics().Where(metric => score.Metrics().ContainsKey(metric.Key)).OrderBy(metric => metric.Key));
            Assert.Equal(by.Value, by.Metrics()[by.Metric]);
            Assert.Equal(figure != ValidationFigure.Loss, by.HigherIsBetter);
        }

        if (figures.Count > 1) Assert.Equal(score, score.By(figures[0]));
    }

    [Theory]
    [InlineData("classifier", "loss")]
    [InlineData("classifier", "macro_f1")]
    [InlineData("classifier", "accuracy")]
    public void Weights_are_kept_when_that_figure_is_better_than_before(string task, string figure)
    {
        Recipe recipe = TinyRecipes.Write(
            _folder, task, $"training.best_by={figure}", "training.learning_rate=0.3", "training.average_decay=0", "training.evaluate_every=1");
        var trainer = new Trainer(recipe, () => Objective.Create(recipe, _folder[""]), new MemoryStore());
        (double Figure, double Loss)? best = null;
        int worse = 0;
        trainer.Run(new OnProgress(progress =>
        {
            if (progress.Score is not { } score) return;
            Assert.Equal(figure, score.Metric);
            double found = figure == "loss" ? -score.Loss : score.Metrics()[figure];
            bool isBest = best is not { } before || found > before.Figure || found == before.Figure && score.Loss < before.Loss;
            Assert.Equal(isBest, progress.IsBest);
            if (isBest) best = (found, score.Loss);
            else worse++;
        }), Cancellation);
        Assert.True(worse > 0, "every evaluation was the best so far");
        Assert.NotNull(best);
    }

    [Fact]
    public void The_figure_of_the_kept_model_is_found_in_its_configuration()
    {
        Recipe recipe = TinyRecipes.Write(_folder, "classifier", "training.best_by=loss", "training.epochs=2");
        new Trainer(recipe, new RunFolders { Data = _folder[""], Output = _folder["out"] }).Run(cancellationToken: Cancellation);
        using LoadedModel loaded = ModelFolder.Load(_folder["out"]);
        var metrics = loaded.Model.Config.Metrics;
        Assert.Equal(["valid_loss", "valid_accuracy", "valid_macro_f1"], metrics.Keys.Intersect(["valid_accuracy", "valid_loss", "valid_macro_f1"]));
        Assert.Equal("accuracy", ValidationScore.Of(loaded.Model.Config)!.Metric);
        Assert.Contains("chosen on the validation part by loss, so", File.ReadAllText(_folder["out/README.md"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("classifier", "span_f1", "accuracy or macro_f1 or loss")]
    [InlineData("tagger", "micro_f1", "accuracy or macro_f1 or loss")]
    [InlineData("language_model", "accuracy", "loss")]
    public void A_figure_that_the_task_has_not_is_refused(string task, string figure, string expected)
    {
        Recipe recipe = TinyRecipes.Write(_folder, task, $"training.best_by={figure}");
        var error = Assert.Throws<RecipeException>(() => new Trainer(recipe, () => Objective.Create(recipe, _folder[""]), new MemoryStore()));
        Assert.Equal($"training.best_by is {figure}; expected {expected} for this model", error.Message);
    }
}
