using System.Globalization;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Weights;
using RnnService.Training.Corpora;
using RnnService.Training.Evaluation;
using RnnService.Training.Objectives;
using RnnService.Training.Recipes;

namespace RnnService.Training.Comparison.Tasks;

/// <summary>Sequences of numbers that are drawn anew for every seed.</summary>
internal abstract class NumberTask(string name, ModelTask task, ComparisonScale scale) : ComparedTask(name, scale)
{
    private const int Batch = 32, MostEpochSteps = 250, Evaluations = 20, ValidationExamples = 200;

    private int EpochSteps => Math.Min(MostEpochSteps, Scale.NumberSteps);

    public override int LstmHidden => Scale.NumberHidden;

    protected override IReadOnlyList<string> Settings =>
    [
        "model.layers=1", "model.bidirectional=false", "model.pooling=last", "data.max_tokens=0", $"training.batch_size={Batch}", "training.learning_rate=0.003",
        "training.schedule=constant", "training.dropout.between=0", "training.dropout.output=0", $"training.epochs={Scale.NumberSteps / EpochSteps}",
        $"training.evaluate_every={Math.Max(1, Scale.NumberSteps / Evaluations)}",
    ];

    /// <summary>One sequence.</summary>
    protected abstract NumberExample Draw(ref RandomSource random);

    protected override Recipe RecipeOf(IReadOnlyList<string> settings) => DefaultRecipes.ForNumbers(task, Batch * EpochSteps, sounds: false, settings);

    protected override Objective Read(Recipe recipe)
    {
        var random = new RandomSource(recipe.Training.Seed, 0xADD);
        NumberExample[] train = DrawAll(ref random, Batch * EpochSteps), valid = DrawAll(ref random, ValidationExamples);
        recipe = recipe with { Data = recipe.Data with { ValidShare = null } };
        return new NumberObjective(recipe, new RunCorpora<NumberExample>(train, valid, Name, Name, []) { IsInMemory = true }, []);
    }

    private NumberExample[] DrawAll(ref RandomSource random, int count)
    {
        var all = new NumberExample[count];
        for (int i = 0; i < count; i++) all[i] = Draw(ref random) with { Name = string.Create(CultureInfo.InvariantCulture, $"{Name}, sequence {i + 1}") };
        return all;
    }
}

/// <summary>
/// The adding problem (Hochreiter and Schmidhuber 1997; Le, Jaitly and Hinton 2015): of T numbers from 0 to 1 two are marked, one in each half; their sum is to
/// be told at the end. Whoever says 1 each time has an error of √(1/6) ≈ 0.41.
/// </summary>
internal sealed class AddingTask(int length, ComparisonScale scale) : NumberTask(string.Create(CultureInfo.InvariantCulture, $"adding {length}"), ModelTask.Regressor, scale)
{
    /// <summary>Rows of norms by steps from the end: of the loss's gradient with respect to h, before training and after.</summary>
    public const string AtStart = "gradient_at_start", AtEnd = "gradient_at_end";

    /// <summary>The error from which on it counts as solved: a mean square of 0.01.</summary>
    public const double SolvedError = .1;

    private const int Looked = 64;

    public int Length => length;

    public override string Metric => "rmse";

    public override bool HigherIsBetter => false;

    public override int InputSize => 2;

    protected override NumberExample Draw(ref RandomSource random)
    {
        float[] values = new float[length * 2];
        for (int t = 0; t < length; t++) values[t * 2] = (float)random.Uniform();
        int first = random.Below(length / 2), second = (length / 2) + random.Below(length - (length / 2));
        values[(first * 2) + 1] = values[(second * 2) + 1] = 1;
        return new NumberExample { Sequence = new NumberSequence(values, 2), Values = new[] { values[first * 2] + values[second * 2] } };
    }

    protected override bool IsSolved(ValidationScore score) => score.Value <= SolvedError;

    protected override void MeasureBefore(Objective objective, RunResult result) => Look(objective, result, AtStart);

    protected override void MeasureAfter(Objective objective, RunResult result) => Look(objective, result, AtEnd);

    private void Look(Objective objective, RunResult result, string name)
    {
        float[][] rows = ((NumberObjective)objective).StateGradients(Looked)[0];
        result.Series[name] = [.. Enumerable.Range(0, length).Select(back => Short(rows.Average(row => (double)row[length - 1 - back])))];
    }
}

/// <summary>
/// Copying (Hochreiter and Schmidhuber 1997; Arjovsky, Shah and Bengio 2016): some symbols, nothing for some steps, a sign, and then the symbols are to be said
/// again.
/// </summary>
internal sealed class CopyingTask(int delay, ComparisonScale scale) : NumberTask(string.Create(CultureInfo.InvariantCulture, $"copying {delay}"), ModelTask.Tagger, scale)
{
    private const int Copied = 3, Symbols = 4;
    private const string Nothing = ".";
    private const double SolvedShare = .95;

    public int Delay => delay;

    public override string Metric => "accuracy";

    public override bool HigherIsBetter => true;

    public override int InputSize => Symbols + 1;

    /// <summary>The least share of the copies that is right where so many of all steps are: the others may all be right.</summary>
    public double RecallOf(double accuracy) => Math.Max(0, 1 - ((1 - accuracy) * Length / Copied));

    private int Length => Copied + delay + Copied;

    protected override NumberExample Draw(ref RandomSource random)
    {
        float[] values = new float[Length * InputSize];
        string[] labels = [.. Enumerable.Repeat(Nothing, Length)];
        for (int i = 0; i < Copied; i++)
        {
            int symbol = random.Below(Symbols);
            values[(i * InputSize) + symbol] = 1;
            labels[Copied + delay + i] = ((char)('a' + symbol)).ToString();
        }

        values[((Copied + delay) * InputSize) + Symbols] = 1;
        return new NumberExample { Sequence = new NumberSequence(values, InputSize), Labels = labels };
    }

    protected override bool IsSolved(ValidationScore score) => RecallOf(score.Value) >= SolvedShare;
}
