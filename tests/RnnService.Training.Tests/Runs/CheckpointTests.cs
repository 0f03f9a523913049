using CsCheck;
using RnnService.Engine.Weights;
using RnnService.Training.Objectives;
using RnnService.Training.Optimizers;
using RnnService.Training.Recipes;
using RnnService.Training.Runs;
using Xunit;

namespace RnnService.Training.Tests.Runs;

public sealed class CheckpointTests : IDisposable
{
    private static readonly Gen<double> AnyNumber = Gen.Double.Where(double.IsFinite);

    private readonly ScratchFolder _folder = new();

    public static TheoryDataOfTasks Tasks => TinyRecipes.Tasks;

    public void Dispose() => _folder.Dispose();

    /// <summary>Whatever a run may hold, it gets back.</summary>
    [Theory]
    [MemberData(nameof(Tasks))]
    public void Returns_every_field(string task)
    {
        Recipe recipe = TinyRecipes.Write(_folder, task, "training.average_decay=0.5");
        Objective one = Objective.Create(recipe, _folder[""]), two = Objective.Create(recipe, _folder[""]);
        Gen<(int Epoch, int Index)> position = Gen.Int[0, recipe.Training.Epochs].SelectMany(epoch =>
            Gen.Int[0, epoch == recipe.Training.Epochs ? 0 : one.StepsIn(epoch) - 1].Select(index => (epoch, index)));
        Gen.Select(
            position, Gen.Select(Gen.Bool, AnyNumber, AnyNumber, Gen.Double[0, 1e12]),
            Gen.Select(Gen.Int[0, int.MaxValue], Gen.Int[0, int.MaxValue], Gen.Int[0, int.MaxValue]), Gen.UInt).Sample(
            (place, numbers, counts, seed) =>
            {
                Sides from = new(recipe, one), to = new(recipe, two);
                RunState saved = from.State, loaded = to.State;
                (saved.Epoch, saved.Index, saved.Step) = (place.Epoch, place.Index, one.StepsUpTo(place.Epoch) + place.Index);
                saved.Best = numbers.Item1 ? numbers.Item2 : null;
                (saved.BestLoss, saved.Seconds) = (numbers.Item3, numbers.Item4);
                (saved.SinceBest, saved.SinceFall, saved.Plateaus) = counts;
                (saved.AverageFrom, loaded.AverageFrom) = (numbers.Item1 ? saved.Step : null, 1);
                saved.Figures.Clear();
                saved.Figures.AddRange(numbers.Item1 ? [numbers.Item2, numbers.Item3] : []);
                from.Fill(new Random((int)seed));
                from.Checkpoint.Save(_folder["checkpoint"]);
                to.Checkpoint.Load(_folder["checkpoint"]);
                Assert.Equal(
                    (saved.Step, saved.Epoch, saved.Index, saved.Best, saved.BestLoss, saved.SinceBest, saved.SinceFall, saved.Plateaus, saved.Seconds),
                    (loaded.Step, loaded.Epoch, loaded.Index, loaded.Best, loaded.BestLoss, loaded.SinceBest, loaded.SinceFall, loaded.Plateaus, loaded.Seconds));
                Assert.Equal((saved.AverageFrom, string.Join(' ', saved.Figures)), (loaded.AverageFrom, string.Join(' ', loaded.Figures)));
                Assert.Equal(from.All, to.All);
            }, iter: 20, threads: 1);
    }

    /// <summary>Weights, the optimizer's state, the average and carried states alike.</summary>
    [Theory]
    [MemberData(nameof(Tasks))]
    public void Is_not_written_with_a_number_that_is_not_finite(string task)
    {
        Recipe recipe = TinyRecipes.Write(_folder, task, "training.average_decay=0.5");
        var sides = new Sides(recipe, Objective.Create(recipe, _folder[""]));
        sides.Checkpoint.Save(_folder["checkpoint"]);
        byte[] whole = File.ReadAllBytes(_folder["checkpoint"]);
        foreach (float[] values in sides.All.Where(values => values.Length > 0))
        {
            float before = values[^1];
            values[^1] = values.Length % 2 == 0 ? float.NaN : float.NegativeInfinity;
            Assert.Throws<TrainingDivergedException>(() => sides.Checkpoint.Save(_folder["checkpoint"]));
            Assert.Equal(whole, File.ReadAllBytes(_folder["checkpoint"]));
            values[^1] = before;
        }
    }

    [Theory]
    [InlineData("epoch", "-1")]
    [InlineData("epoch", "7")]
    [InlineData("epoch", "4294967296")]
    [InlineData("index", "-1")]
    [InlineData("index", "8")]
    [InlineData("index", "2147483648")]
    [InlineData("step", "-4")]
    [InlineData("step", "4")]
    [InlineData("step", "99999999999999999999")]
    [InlineData("best", "NaN")]
    [InlineData("best", "high")]
    [InlineData("best_loss", "Infinity")]
    [InlineData("since_best", "-1")]
    [InlineData("since_fall", "1.5")]
    [InlineData("plateaus", "99999999999")]
    [InlineData("average_from", "99999")]
    [InlineData("figures", "0.5 high")]
    [InlineData("seconds", "")]
    [InlineData("seconds", null)]
    [InlineData("best", null)]
    [InlineData("recipe", null)]
    [InlineData("train", null)]
    [InlineData("valid", "abc")]
    public void A_fact_that_cannot_be_is_named(string name, string? value)
    {
        Recipe recipe = TinyRecipes.Write(_folder, "classifier");
        string path = Interrupted(recipe);
        Edit(path, facts =>
        {
            if (value is null) facts.Remove(name);
            else facts[name] = value;
        });
        string message = Assert.Throws<RunFolderException>(() => new Trainer(recipe, Folders())).Message;
        Assert.StartsWith($"{path} is not a whole checkpoint: ", message, StringComparison.Ordinal);
        Assert.Contains(value == "abc" ? "fingerprint" : name, message, StringComparison.Ordinal);
        Assert.Equal(0, new Trainer(recipe, Folders(), restart: true).Step);
    }

    [Fact]
    public void A_file_of_an_earlier_version_is_told_as_such()
    {
        Recipe recipe = TinyRecipes.Write(_folder, "classifier");
        string path = Interrupted(recipe);
        Edit(path, facts => facts.Remove("format"));
        Assert.Equal(
            $"{path} was written by another version of this program (format is missing); expected 3",
            Assert.Throws<RunFolderException>(() => new Trainer(recipe, Folders())).Message);
    }

    [Fact]
    public void A_number_that_is_not_finite_is_named()
    {
        Recipe recipe = TinyRecipes.Write(_folder, "classifier");
        string path = Interrupted(recipe);
        SafeTensorsFile file = SafeTensorsFile.Open(path);
        SafeTensorsWriter.Write(path, file.Names.Select(name =>
        {
            float[] values = file.Floats(name);
            if (name == "average.head.bias") values[1] = float.NaN;
            return new TensorData(name, file.ShapeOf(name), values);
        }), file.Metadata);
        Assert.Contains(
            "average.head.bias holds NaN", Assert.Throws<RunFolderException>(() => new Trainer(recipe, Folders())).Message, StringComparison.Ordinal);
    }

    /// <summary>Cut anywhere or with a byte changed, a checkpoint is a sentence or still a checkpoint.</summary>
    [Fact]
    public void A_damaged_file_is_told_in_a_sentence()
    {
        Recipe recipe = TinyRecipes.Write(_folder, "classifier");
        string path = Interrupted(recipe);
        byte[] whole = File.ReadAllBytes(path);
        int refused = 0;
        Gen.Select(Gen.Bool, Gen.Double[0, 1], Gen.Byte).Sample(
            (cut, share, other) =>
            {
                // Most bytes are weights; the header is where damage tells.
                int place = (int)((whole.Length - 1) * share * share * share);
                byte[] damaged = cut ? whole[..place] : [.. whole];
                if (!cut) damaged[place] = other;
                File.WriteAllBytes(path, damaged);
                try
                {
                    _ = new Trainer(recipe, Folders());
                }
                catch (RunFolderException error)
                {
                    Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
                    refused++;
                }
            }, iter: 40, threads: 1);
        Assert.True(refused > 10, $"{refused} refused");

        File.Delete(path);
        Directory.CreateDirectory(path);
        Assert.Equal(0, new Trainer(recipe, new RunFolders { Data = _folder[""], Output = _folder["elsewhere"] }).Step);
    }

    [Theory]
    [MemberData(nameof(Tasks))]
    public void A_run_goes_on_with_the_corpora_it_began_with_wherever_they_lie(string task)
    {
        Recipe recipe = TinyRecipes.Write(_folder, task);
        Interrupted(recipe);
        string[] files = [Path.GetFileName(recipe.Data.Train[0].Path), Path.GetFileName(recipe.Data.Valid[0].Path)];
        foreach ((string file, string part) in files.Zip(["training", "validation"]))
        {
            string text = File.ReadAllText(_folder[file]);
            // As long as before, and with the same tokens.
            File.WriteAllText(_folder[file], string.Join('\n', text.TrimEnd('\n').Split('\n').Reverse()) + "\n");
            if (task is not ("classifier" or "translator")) File.WriteAllText(_folder[file], Swap(text));
            string message = Assert.Throws<RunFolderException>(() => new Trainer(recipe, Folders())).Message;
            Assert.Contains($"was written with another {part} corpus (as long as then (", message, StringComparison.Ordinal);

            File.WriteAllText(_folder[file], task == "classifier" ? text + text.Split('\n')[0] + "\n" : text + text);
            message = Assert.Throws<RunFolderException>(() => new Trainer(recipe, Folders())).Message;
            Assert.Matches($@"another {part} corpus \(.*characters then, .*characters now\)", message);
            File.WriteAllText(_folder[file], text);
        }

        Directory.CreateDirectory(_folder["moved"]);
        foreach (string file in files) File.Move(_folder[file], _folder[Path.Combine("moved", file)]);
        Recipe moved = recipe with
        {
            Data = recipe.Data with
            {
                Train = [.. recipe.Data.Train.Select(source => source with { Path = "moved/" + source.Path })],
                Valid = [.. recipe.Data.Valid.Select(source => source with { Path = _folder["moved/" + source.Path] })],
            },
        };
        Assert.Equal(3, new Trainer(moved, Folders()).Step);
    }

    [Fact]
    public void A_run_that_made_no_step_is_no_run_to_protect()
    {
        _ = new Trainer(TinyRecipes.Write(_folder, "classifier"), Folders());
        Recipe other = TinyRecipes.Write(_folder, "classifier", "training.learning_rate=0.5");
        Assert.Equal(0, new Trainer(other, Folders()).Step);
        Assert.Equal(other.ToJson(), File.ReadAllText(_folder["run/training/recipe.json"]));
    }

    [Fact]
    public void What_a_killed_process_left_half_written_is_swept_up()
    {
        Recipe recipe = TinyRecipes.Write(_folder, "classifier");
        Interrupted(recipe);
        File.WriteAllText(_folder["run/training/checkpoint.safetensors.x.tmp"], "half");
        Assert.Equal(3, new Trainer(recipe, Folders()).Step);
        Assert.Empty(Directory.GetFiles(_folder["run/training"], "*.tmp"));
        File.WriteAllText(_folder["run/training/checkpoint.safetensors.x.tmp"], "half");
        Assert.Equal(0, new Trainer(recipe, Folders(), restart: true).Step);
        Assert.Empty(Directory.GetFiles(_folder["run/training"], "*.tmp"));
    }

    private static string Swap(string text) => text.Contains("dog", StringComparison.Ordinal)
        ? text.Replace("dog", "god", StringComparison.Ordinal)
        : new string([.. text.Select(c => c switch { 'a' => 'b', 'b' => 'a', _ => c })]);

    private static void Edit(string path, Action<Dictionary<string, string>> change)
    {
        SafeTensorsFile file = SafeTensorsFile.Open(path);
        Dictionary<string, string> facts = new(file.Metadata);
        change(facts);
        SafeTensorsWriter.Write(path, file.Names.Select(name => new TensorData(name, file.ShapeOf(name), file.Floats(name))), facts);
    }

    /// <summary>A run stopped after its third step.</summary>
    /// <returns>Its checkpoint.</returns>
    private string Interrupted(Recipe recipe)
    {
        using var stop = new CancellationTokenSource();
        new Trainer(recipe, Folders()).Run(new OnProgress(progress =>
        {
            if (progress.Step == 3) stop.Cancel();
        }), stop.Token);
        return _folder[Path.Combine("run", "training", "checkpoint.safetensors")];
    }

    private RunFolders Folders() => new() { Data = _folder[""], Output = _folder["run"] };

    /// <summary>A checkpoint and all arrays it speaks of.</summary>
    private sealed class Sides
    {
        private readonly Objective _objective;
        private readonly Optimizer _optimizer;
        private readonly AveragedWeights _average;

        public Sides(Recipe recipe, Objective objective)
        {
            _objective = objective;
            _optimizer = Optimizer.Create(recipe.Training, objective.Model.Parameters);
            _average = new AveragedWeights(objective.Model.Parameters, recipe.Training.AverageDecay);
            State = new RunState(recipe.Training);
            Checkpoint = new Checkpoint(recipe, objective, _optimizer, _average, State);
        }

        public Checkpoint Checkpoint { get; }

        public RunState State { get; }

        public float[][] All =>
            [.. _objective.Model.Parameters.All.Select(parameter => parameter.Data), .. _optimizer.State.Select(entry => entry.Values),
                .. _objective.Model.Parameters.All.Select(_average.Of), .. _objective.Carried];

        public void Fill(Random random)
        {
            foreach (float[] values in All)
            {
                foreach (ref float value in values.AsSpan())
                {
                    do value = BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue));
                    while (!float.IsFinite(value));
                }
            }
        }
    }
}
