using RnnService.Engine.Models;
using RnnService.Engine.Weights;
using RnnService.Training.Log;
using RnnService.Training.Recipes;
using RnnService.Training.Runs;
using Xunit;

namespace RnnService.Training.Tests.Runs;

/// <summary>What is no number never becomes a best score, a model or a checkpoint.</summary>
public sealed class DivergenceTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public static TheoryData<string, string, string, string> Runs
    {
        get
        {
            var runs = new TheoryData<string, string, string, string>();
            foreach (string task in (string[])["language_model", "classifier", "tagger"])
            {
                foreach (string optimizer in (string[])["adam", "sgd"])
                {
                    runs.Add(task, optimizer, "0", "constant");
                    runs.Add(task, optimizer, "0.9", "plateau");
                    // The only step is the last of its epoch, and an evaluation follows at once.
                    runs.Add(task, optimizer, "0", "one step");
                    runs.Add(task, optimizer, "0.9", "one step");
                }
            }

            return runs;
        }
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Runs))]
    public void Ends_the_run_with_its_sentence_and_writes_no_such_number(string task, string optimizer, string average, string schedule)
    {
        bool oneStep = schedule == "one step";
        Recipe recipe = Diverging(
            task, $"training.optimizer={optimizer}", $"training.average_decay={average}",
            $"training.schedule={(oneStep ? "constant" : schedule)}",
            oneStep ? $"training.batch_size={(task == "language_model" ? 3 : 1000)}" : "training.evaluate_every=1",
            oneStep ? "training.unroll_steps=5000" : "training.unroll_steps=20", "training.epochs=3");
        var trainer = new Trainer(recipe, Folders("run")) { CheckpointSeconds = 0 };
        var error = Assert.Throws<TrainingDivergedException>(() => trainer.Run(cancellationToken: Cancellation));
        Assert.Matches(@"^the training diverged at step \d+: .*(NaN|Infinity|in size).*; expected finite numbers\. (There is no model yet|The best model before that, of step \d+ with )", error.Message);
        Assert.Contains("training.learning_rate", error.Message, StringComparison.Ordinal);
        AssertFinite("run");
        Assert.InRange(new Trainer(recipe, Folders("run")).Step, 0, trainer.Step);
    }

    [Fact]
    public void A_step_of_an_absurd_size_leaves_no_model_though_its_score_is_a_number()
    {
        Recipe recipe = TinyRecipes.Write(
            _folder, "classifier", "training.learning_rate=1e20", "training.schedule=constant", "training.batch_size=1000", "training.epochs=1",
            "training.average_decay=0");
        var error = Assert.Throws<TrainingDivergedException>(() => new Trainer(recipe, Folders("run")).Run(cancellationToken: Cancellation));
        Assert.EndsWith("There is no model yet; a smaller training.learning_rate, or a training.clip_norm of 1, may help", error.Message, StringComparison.Ordinal);
        Assert.False(ModelFolder.IsOne(Folders("run").Output));
    }

    [Theory]
    [MemberData(nameof(TrainerTests.Tasks), MemberType = typeof(TrainerTests))]
    public void Leaves_the_model_of_an_earlier_run_and_all_about_it(string task)
    {
        Recipe good = TinyRecipes.Write(_folder, task);
        Train(good);
        Dictionary<string, byte[]> before = Files("run"), about = Files("run/training");

        for (int attempt = 0; attempt < 2; attempt++)
        {
            var restarted = new Trainer(Diverging(task, "training.optimizer=sgd"), Folders("run"), restart: true);
            Assert.Throws<TrainingDivergedException>(() => restarted.Run(cancellationToken: Cancellation));
            Assert.Equal(before, Files("run"));
            Assert.Equal(about, Files("run/training/previous"));
        }

        // The first score of a run that works takes the old model's place.
        using var stop = new CancellationTokenSource();
        Recipe better = TinyRecipes.Write(_folder, task, "training.seed=7", "training.evaluate_every=2", "training.epochs=9");
        var trainer = new Trainer(better, Folders("run"), restart: true);
        trainer.Run(new OnProgress(progress =>
        {
            if (progress.Step == 1) Assert.Equal(before, Files("run"));
            else stop.Cancel();
        }), stop.Token);
        Assert.NotEqual(before, Files("run"));
        Assert.False(Directory.Exists(_folder["run/training/previous"]));
    }

    private Recipe Diverging(string task, params string[] more) => TinyRecipes.Write(
        _folder, task, ["training.learning_rate=1e38", "training.clip_norm=0", "training.warmup_steps=0", .. more]);

    private void Train(Recipe recipe) => Assert.Equal(RunEnd.Finished, new Trainer(recipe, Folders("run")).Run(cancellationToken: Cancellation));

    private Dictionary<string, byte[]> Files(string folder) =>
        Directory.GetFiles(_folder[folder]).ToDictionary(file => Path.GetFileName(file), File.ReadAllBytes);

    private void AssertFinite(string name)
    {
        foreach (string path in Directory.EnumerateFiles(_folder[name], "*.safetensors", SearchOption.AllDirectories))
        {
            SafeTensorsFile file = SafeTensorsFile.Open(path);
            foreach (string tensor in file.Names) Assert.All(file.Floats(tensor), value => Assert.True(float.IsFinite(value), $"{path}: {tensor}"));
        }

        foreach (EvaluationRecord record in TrainingLog.Read(_folder[$"{name}/training/log.jsonl"]).OfType<EvaluationRecord>())
            Assert.True(double.IsFinite(record.ValidLoss), $"{record}");
        Assert.DoesNotContain("null", File.ReadAllText(_folder[$"{name}/training/log.jsonl"]), StringComparison.Ordinal);
        if (File.Exists(_folder[$"{name}/config.json"])) Assert.All(ModelFolder.Load(_folder[name]).Golden!.Scores, score => Assert.True(float.IsFinite(score)));
        Assert.Empty(Directory.EnumerateFiles(_folder[name], "*.tmp", SearchOption.AllDirectories));
    }

    private RunFolders Folders(string name) => new() { Data = _folder[""], Output = _folder[name] };
}
