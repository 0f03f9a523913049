using System.Globalization;
using System.Text;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Weights;
using RnnService.Training.Corpora;
using RnnService.Training.Evaluation;
using RnnService.Training.Objectives;
using RnnService.Training.Recipes;
using RnnService.Training.Runs;
using Xunit;

namespace RnnService.Training.Tests.Numbers;

/// <summary>Small runs of every task that reads numbers: they learn, and a run that was stopped gives the weights of one that was not.</summary>
public sealed class NumberTrainingTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(ModelTask.Classifier, 0.95)]
    [InlineData(ModelTask.Tagger, 0.9)]
    [InlineData(ModelTask.Regressor, 0.35)]
    [InlineData(ModelTask.Forecaster, 0.35)]
    [InlineData(ModelTask.Transcriber, 0.7)]
    public void A_small_run_learns_and_resumes_bit_for_bit(ModelTask task, double wanted)
    {
        Recipe recipe = RecipeOf(task);
        var whole = new Trainer(recipe, new RunFolders { Data = _folder[""], Output = _folder["whole"] });
        Assert.Equal(RunEnd.Finished, whole.Run(cancellationToken: TestContext.Current.CancellationToken));
        using Model model = ModelFolder.Load(_folder["whole"]).Model;
        ValidationScore score = ValidationScore.Of(model.Config)!;
        Assert.True(score.HigherIsBetter ? score.Value >= wanted : score.Value <= wanted, $"{score}");

        var folders = new RunFolders { Data = _folder[""], Output = _folder["parts"] };
        using (var stop = new CancellationTokenSource())
        {
            var first = new Trainer(recipe, folders);
            Assert.Equal(RunEnd.Interrupted, first.Run(new StopAfter(stop, 5), stop.Token));
        }

        new Trainer(recipe, folders).Run(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(File.ReadAllBytes(_folder["whole/model.safetensors"]), File.ReadAllBytes(_folder["parts/model.safetensors"]));
        Assert.Contains("numbers a step", File.ReadAllText(_folder["whole/README.md"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ModelTask.Classifier)]
    [InlineData(ModelTask.Tagger)]
    [InlineData(ModelTask.Regressor)]
    [InlineData(ModelTask.Forecaster)]
    [InlineData(ModelTask.Transcriber)]
    public void Examples_in_memory_train_to_the_bits_of_the_same_examples_in_files(ModelTask task)
    {
        Recipe recipe = RecipeOf(task).With(["training.epochs=2"]);
        new Trainer(recipe, new RunFolders { Data = _folder[""], Output = _folder["files"] }).Run(cancellationToken: TestContext.Current.CancellationToken);
        IReadOnlyList<NumberExample> examples = Corpus.ReadNumbers(recipe.Data.Train[0] with { Path = _folder[recipe.Data.Train[0].Path] }).Examples;
        recipe = recipe with { Model = recipe.Model with { Numbers = recipe.Model.Numbers! with { Names = task is ModelTask.Classifier or ModelTask.Transcriber ? [] : ["x"] } } };
        using IDisposable trained = task switch
        {
            ModelTask.Classifier => Train<NumberClassifier>(),
            ModelTask.Tagger => Train<NumberTagger>(),
            ModelTask.Regressor => Train<Regressor>(),
            ModelTask.Forecaster => Train<Forecaster>(),
            _ => Train<Transcriber>(),
        };
        Assert.Equal(File.ReadAllBytes(_folder["files/model.safetensors"]), File.ReadAllBytes(_folder["memory/model.safetensors"]));

        TrainedModel<TModel> Train<TModel>()
            where TModel : NumberModel
        {
            TrainedModel<TModel> model = NumberTrainer.Train<TModel>(
                examples, new TrainingOptions { Recipe = recipe, OutputFolder = _folder["memory"] }, cancellationToken: TestContext.Current.CancellationToken);
            NumberSequence sequence = examples[0].Sequence;
            model.Save(_folder["saved"]);
            using var loaded = (TModel)ModelFolder.Load(_folder["saved"]).Model;
            Assert.Equal(model.Model.Logits([sequence]), loaded.Logits([sequence]));
            return model;
        }
    }

    [Fact]
    public void Examples_that_cannot_be_learnt_from_are_refused_by_their_place()
    {
        NumberExample good = new() { Sequence = new NumberSequence(new float[6], 2), Labels = ["a"] };
        Refused<ArgumentException>([], "examples is empty; expected at least one sequence");
        Refused<ArgumentException>([good, good with { Sequence = default }], "examples[1].Sequence has no step; expected one or more, or a sound");
        Refused<ArgumentException>(
            [good with { Sequence = new NumberSequence(new float[] { 1, float.NaN }, 2) }], "examples[0].Sequence holds NaN; expected finite numbers");
        Refused<InvalidDataException>(
            [.. Enumerable.Repeat(good, 20), good with { Sequence = new NumberSequence(new float[6], 3) }],
            "the training examples, sequence 21: a step has 3 values; expected 2");
        Refused<InvalidDataException>(
            [.. Enumerable.Repeat(good, 20), good with { Labels = [] }], "the training examples, sequence 21: has 0 labels; expected one, at every step or once");
        Refused<RecipeException>(
            [good], "model.numbers is missing; expected it, such as {}, since the examples are numbers", DefaultRecipes.For(ModelTask.Classifier, 1));
        Assert.StartsWith("TModel is NumberModel; expected NumberClassifier,", Assert.Throws<ArgumentException>(() => NumberTrainer.Train<NumberModel>([good])).Message);

        static void Refused<TException>(NumberExample[] examples, string message, Recipe? recipe = null)
            where TException : Exception
        {
            Exception error = Assert.Throws<TException>(() => NumberTrainer.Train<NumberClassifier>(examples, new TrainingOptions { Recipe = recipe }));
            Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_a_transcriber_has_no_room_for_is_refused_in_a_sentence()
    {
        Recipe recipe = RecipeOf(ModelTask.Transcriber);
        var model = (Transcriber)NumberModel.Create(
            recipe.Model with { Labels = ["a"], Numbers = recipe.Model.Numbers! with { Features = 1 } }, Parameters.Random(1));
        var example = new NumberExample { Sequence = new NumberSequence(new float[3], 1), Labels = ["a", "a"], Name = "x.wav" };
        NumberTargets.Check(model.Config, example);
        Assert.Equal(
            "x.wav: has 3 symbols for 3 steps; expected fewer: a symbol takes a step, and one more where it follows itself",
            Assert.Throws<InvalidDataException>(() => NumberTargets.Check(model.Config, example with { Labels = ["a", "a", "a"] })).Message);
    }

    [Theory]
    [InlineData("", "", 0)]
    [InlineData("1 2 3", "1 2 3", 0)]
    [InlineData("1 2 3", "1 3", 1)]
    [InlineData("1 2 3", "4 1 2 5", 2)]
    [InlineData("", "7 7", 2)]
    public void Errors_of_a_transcript_are_the_fewest_changes(string said, string written, int errors) =>
        Assert.Equal(errors, NumberEvaluator.Distance(Words(said), Words(written)));

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    // Waves: slow ones are of one kind, fast ones of another.
    private Recipe RecipeOf(ModelTask task)
    {
        var random = new RandomSource(4);
        var table = new StringBuilder("run,x,y\n");
        string? series = null;
        for (int run = 0; run < 48; run++)
        {
            double speed = run % 2 == 0 ? 0.3 : 0.9, at = 6 * random.Uniform();
            int steps = 20 + random.Below(10);
            double[] values = [.. Enumerable.Range(0, steps).Select(t => Math.Sin(at + speed * t) + 0.05 * random.Normal())];
            string label = run % 2 == 0 ? "slow" : "fast";
            series += $"{string.Join(',', values.Select(value => value.ToString("F4", CultureInfo.InvariantCulture)))}:{label}\n";
            for (int t = 0; t < steps; t++)
            {
                string target = task switch
                {
                    ModelTask.Tagger => values[t] > 0 ? "up" : "down",
                    _ => (10 + 3 * values[t]).ToString("F4", CultureInfo.InvariantCulture),
                };
                table.Append(CultureInfo.InvariantCulture, $"r{run},{values[t]:F4},{target}\n");
            }
        }

        File.WriteAllText(_folder["waves.ts"], series);
        File.WriteAllText(_folder["waves.csv"], table.ToString());
        bool isTable = task is ModelTask.Tagger or ModelTask.Regressor or ModelTask.Forecaster;
        CorpusSource source = isTable
            ? new CorpusSource
            {
                Path = "waves.csv",
                Format = CorpusFormat.Csv,
                SequenceColumn = CorpusColumn.Parse("run"),
                Columns = [CorpusColumn.Parse("x")],
                LabelColumn = CorpusColumn.Parse("y"),
            }
            : new CorpusSource { Path = "waves.ts", Format = CorpusFormat.TimeSeries };
        string[] more = task == ModelTask.Regressor ? ["model.numbers.each_step=true"] : [];
        return DefaultRecipes.For(
            task, [source], [], 48, ["model.hidden_size=16", "training.epochs=30", "training.learning_rate=0.02", "training.batch_size=8", "data.max_tokens=0", .. more]);
    }

    private sealed class StopAfter(CancellationTokenSource stop, int steps) : IProgress<TrainingProgress>
    {
        private int _left = steps;

        public void Report(TrainingProgress value)
        {
            if (--_left == 0) stop.Cancel();
        }
    }
}
