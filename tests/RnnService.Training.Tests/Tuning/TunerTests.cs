using RnnService.Engine.Weights;
using RnnService.Training.Evaluation;
using RnnService.Training.Recipes;
using RnnService.Training.Runs;
using RnnService.Training.Tests.Runs;
using RnnService.Training.Tuning;
using Xunit;

namespace RnnService.Training.Tests.Tuning;

public sealed class TunerTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public static TheoryDataOfTasks Tasks => TinyRecipes.Tasks;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    /// <summary>Nine candidates, of which the best three go on to three times the epochs, and the best to all.</summary>
    [Fact]
    public void A_round_halves_its_candidates_and_gives_those_that_stay_more_epochs()
    {
        TuningResult result = Search("round", trials: 13, "training.epochs=9");
        Assert.Equal([.. Enumerable.Repeat(0, 9), 1, 1, 1, 2], result.Trials.Select(trial => trial.Level));
        Assert.Equal(Enumerable.Range(1, 13), result.Trials.Select(trial => trial.Number));
        Assert.Equal(["training.epochs=1"], result.Trials[0].Settings); // the recipe as it is
        TuningTrial[] first = [.. result.Trials.Take(9)];
        foreach (TuningTrial second in result.Trials.Skip(9).Take(3))
        {
            TuningTrial before = first.First(trial => Same(trial, second));
            Assert.True(first.Count(trial => trial.IsBetterThan(before)) < 3, "a candidate went on that was not among the best three");
            Assert.True(Epochs(second) > Epochs(before), "no more epochs than before");
        }

        TuningTrial best = result.Trials.Skip(9).Take(3).Aggregate((one, two) => two.IsBetterThan(one) ? two : one);
        Assert.True(Same(best, result.Trials[12]));
        Assert.True(Epochs(result.Trials[12]) >= 2 * Epochs(best));
        Assert.All(result.Trials, trial => Assert.False(trial.IsBetterThan(result.Best)));

        static bool Same(TuningTrial one, TuningTrial two) => one.Settings.SkipLast(1).SequenceEqual(two.Settings.SkipLast(1));
        static int Epochs(TuningTrial trial) => int.Parse(trial.Settings[^1].Split('=')[1], System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public void The_best_recipe_is_written_and_gives_the_score_again()
    {
        TuningResult result = Search("written", trials: 11, "training.epochs=3");
        Recipe recipe = Recipe.Read(_folder[Path.Combine("written", "recipe.json")]);
        Assert.Equal(result.Recipe.ToJson(), recipe.ToJson());
        double? best = null;
        new Trainer(recipe, new RunFolders { Data = _folder[""], Output = _folder["model"] }).Run(new OnProgress(progress => best = progress.Best), Cancellation);
        Assert.Equal(result.Best.Score!.Value, best);
    }

    [Fact]
    public void A_search_that_was_stopped_goes_on_as_if_it_had_not_been()
    {
        TuningResult straight = Search("straight", trials: 16, "training.epochs=3");
        Search("stopped", trials: 1, "training.epochs=3");
        using (var stop = new CancellationTokenSource())
        {
            int told = 0;
            TuningResult part = Of("stopped", 16, "training.epochs=3").Run(
                new OnTrial(_ =>
                {
                    if (++told == 5) stop.Cancel();
                }), stop.Token);
            Assert.True(part.IsStopped);
            Assert.Equal(5, part.Trials.Count);
        }

        TuningResult resumed = Search("stopped", trials: 16, "training.epochs=3");
        Assert.Equal(straight.Trials.Select(Facts), resumed.Trials.Select(Facts));
        Assert.Equal(straight.Recipe.ToJson(), resumed.Recipe.ToJson());

        static string Facts(TuningTrial trial) => $"{trial.Number} {trial.Level} {string.Join(' ', trial.Settings)} {trial.Score} {trial.Fault}";
    }

    [Fact]
    public void Time_ends_a_search_and_the_trial_under_way_does_not_count()
    {
        TuningResult little = Timed("little", seconds: 40), more = Timed("more", seconds: 120);
        Assert.InRange(little.Trials.Count, 1, more.Trials.Count - 1);
        Assert.InRange(little.Trials.Sum(trial => trial.Seconds), 1, 42); // some looks at the clock follow the last step
        Assert.Equal(little.Trials.Select(trial => string.Join(' ', trial.Settings)), more.Trials.Take(little.Trials.Count).Select(trial => string.Join(' ', trial.Settings)));

        // Time spent before counts: the same search with the same limit has none left for a whole trial more.
        TuningResult again = Timed("little", seconds: 40);
        Assert.InRange(again.Trials.Count, little.Trials.Count, little.Trials.Count + 1);

        Assert.Contains(
            "expected more time", Assert.Throws<TuningException>(() => Timed("none", seconds: 0.1)).Message, StringComparison.Ordinal);

        TuningResult Timed(string name, double seconds)
        {
            Recipe recipe = TinyRecipes.Write(_folder, "classifier", "training.epochs=2");
            return new Tuner(recipe, Folders(name)) { Limit = TimeSpan.FromSeconds(seconds), Time = new TickingClock(), MostTrials = 60 }.Run(null, Cancellation);
        }
    }

    [Fact]
    public void What_is_to_be_kept_is_never_changed()
    {
        string[] kept = ["training.learning_rate", "model.cell", "training.epochs", "model.hidden_size"];
        Tuner tuner = Of("kept", 12, "training.epochs=3", kept);
        Assert.Empty(tuner.Searched.Intersect(kept));
        foreach (TuningTrial trial in tuner.Run(null, Cancellation).Trials)
        {
            Assert.DoesNotContain(trial.Settings, setting => setting.StartsWith("training.learning_rate=", StringComparison.Ordinal)
                || setting.StartsWith("model.cell=", StringComparison.Ordinal) || setting.StartsWith("model.hidden_size=", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_file_of_another_search_is_refused()
    {
        Search("one", trials: 1, "training.epochs=1");
        Assert.Contains("another recipe", Refusal("training.epochs=2"), StringComparison.Ordinal);
        string file = _folder[Path.Combine("one", "tuning.jsonl")];
        File.AppendAllText(file, "{\"number\": 3}\n");
        Assert.Contains("line 2", Refusal("training.epochs=1"), StringComparison.Ordinal);
        File.WriteAllText(file, "");
        Assert.Contains("line 1", Refusal("training.epochs=1"), StringComparison.Ordinal);

        string Refusal(string setting) => Assert.Throws<TuningException>(() => Of("one", 2, setting)).Message;
    }

    [Fact]
    public void A_trial_that_diverges_is_told_and_the_search_goes_on()
    {
        Recipe recipe = TinyRecipes.Write(_folder, "classifier", "training.epochs=1", "training.learning_rate=1e30", "training.clip_norm=0");
        var tuner = new Tuner(recipe, Folders("diverged")) { Limit = TimeSpan.MaxValue, MostTrials = 3 };
        string message = Assert.Throws<TuningException>(() => tuner.Run(null, Cancellation)).Message;
        Assert.StartsWith("no trial came to its end with a score: ", message, StringComparison.Ordinal);
        Assert.Equal(4, File.ReadAllLines(_folder[Path.Combine("diverged", "tuning.jsonl")]).Length); // the recipe and three trials
    }

    /// <summary>Every candidate is a recipe that can be trained, whatever the task and cell.</summary>
    [Theory]
    [MemberData(nameof(Tasks))]
    public void Candidates_are_recipes_and_differ(string task)
    {
        foreach (string cell in (string[])["lstm", "sum"])
        {
            if (cell == "sum" && task is "translator" or "tagger") continue;
            Recipe recipe = cell == "sum"
                ? TinyRecipes.Write(_folder, task, "model.cell=sum", "model.embedding_size=12", "model.hidden_size=12", "model.bidirectional=false", "model.layers=1")
                : TinyRecipes.Write(_folder, task, "model.cell=lstm");
            var space = new TuningSpace(recipe, []);
            string[] drawn = [.. Enumerable.Range(0, 60).Select(i => string.Join(' ', space.Draw(new RandomSource((ulong)i))))];
            Assert.True(drawn.Distinct().Count() > 50, "candidates repeat");
            foreach (string candidate in drawn)
            {
                string[] settings = candidate.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                recipe.With(settings);
                IReadOnlyList<string> near = space.DrawNear(settings, new RandomSource(7));
                recipe.With(near);
                int changed = space.Dimensions.Count(dimension => dimension.ValueIn(near) != dimension.ValueIn(settings));
                // A cell takes its sizes and directions with it.
                if (!near.Contains("model.cell=sum") && !settings.Contains("model.cell=sum")) Assert.InRange(changed, 0, 2);
            }
        }
    }

    [Fact]
    public void Lessons_name_the_setting_that_made_the_difference()
    {
        Recipe recipe = TinyRecipes.Write(_folder, "classifier");
        var space = new TuningSpace(recipe, []);
        var trials = Enumerable.Range(0, 60).Select(i =>
        {
            IReadOnlyList<string> settings = space.Draw(new RandomSource((ulong)i));
            string dropout = space.Dimensions.Single(dimension => dimension.Setting == "training.dropout.output").ValueIn(settings);
            double score = 0.9 - double.Parse(dropout, System.Globalization.CultureInfo.InvariantCulture);
            return new TuningTrial { Number = i + 1, Level = 0, Settings = settings, Score = new ValidationScore(0, "accuracy", score, HigherIsBetter: true) };
        });
        IReadOnlyList<TuningLesson> lessons = TuningLesson.Of(space, trials);
        Assert.Equal("training.dropout.output", lessons[0].Setting);
        Assert.Equal(1, lessons[0].Share, 1e-9);
        Assert.Equal(("0", "0.65"), (lessons[0].Best, lessons[0].Worst));
        Assert.Equal((0.9, 0.25), (Math.Round(lessons[0].BestMean, 9), Math.Round(lessons[0].WorstMean, 9)));
        Assert.All(lessons.Skip(1), lesson => Assert.InRange(lesson.Share, 0, 0.5));
        Assert.Empty(TuningLesson.Of(space, []));
    }

    private TuningResult Search(string name, int trials, string setting) => Of(name, trials, setting).Run(null, Cancellation);

    private Tuner Of(string name, int trials, string setting, string[]? kept = null) =>
        new(TinyRecipes.Write(_folder, "classifier", setting), Folders(name), kept) { Limit = TimeSpan.MaxValue, MostTrials = trials };

    private RunFolders Folders(string name) => new() { Data = _folder[""], Output = _folder[name] };

    private sealed class OnTrial(Action<TuningTrial> told) : IProgress<TuningTrial>
    {
        public void Report(TuningTrial value) => told(value);
    }

    /// <summary>A clock on which every look takes a tenth of a second.</summary>
    private sealed class TickingClock : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => _now += 100;
    }
}
