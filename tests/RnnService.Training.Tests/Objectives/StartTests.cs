using RnnService.Engine.Weights;
using RnnService.Training.Objectives;
using RnnService.Training.Recipes;
using RnnService.Training.Tests.Runs;
using Xunit;

namespace RnnService.Training.Tests.Objectives;

public sealed class StartTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public static TheoryDataOfTasks Tasks => TinyRecipes.Tasks;

    public void Dispose() => _folder.Dispose();

    /// <summary>Gates stand in the order input, forget, candidate, output; an LSTM adds its two biases.</summary>
    [Theory]
    [MemberData(nameof(Tasks))]
    public void A_new_lstms_bias_opens_the_forget_gate_and_nothing_else(string task)
    {
        string[] sizes = ["model.cell=lstm", "model.layers=3", "model.hidden_size=10", task == "language_model" ? "model.bidirectional=false" : "model.bidirectional=true"];
        Recipe recipe = TinyRecipes.Write(_folder, task, sizes);
        IReadOnlyList<Parameter> all = Objective.Create(recipe, _folder[""]).Model.Parameters.All;
        List<Parameter> inputs = [.. all.Where(parameter => parameter.Name.Contains(".bias_ih_", StringComparison.Ordinal))];
        string layers = task == "translator" ? "encoder." : "rnn.";
        Assert.Equal((task == "language_model" ? 1 : 2) * 3, inputs.Count(parameter => parameter.Name.StartsWith(layers, StringComparison.Ordinal)));
        Assert.Equal(task is "tagger" or "translator", inputs.Any(parameter => !parameter.Name.StartsWith(layers, StringComparison.Ordinal)));
        foreach (Parameter input in inputs)
        {
            Parameter hidden = all.Single(parameter => parameter.Name == input.Name.Replace("_ih_", "_hh_", StringComparison.Ordinal));
            int size = input.Values.Length / 4;
            for (int i = 0; i < input.Values.Length; i++)
                Assert.Equal(i / size == 1 ? 1f : 0f, input.Values[i] + hidden.Values[i]);
        }
    }

    [Fact]
    public void An_identity_start_is_one_on_the_diagonal_of_every_recurrent_block()
    {
        Recipe recipe = TinyRecipes.Write(_folder, "classifier", "training.identity_start=true", "model.cell=relu", "model.layers=2");
        List<Parameter> matrices =
            [.. Objective.Create(recipe, _folder[""]).Model.Parameters.All.Where(parameter => parameter.Name.Contains("weight_hh", StringComparison.Ordinal))];
        Assert.Equal(4, matrices.Count);
        foreach (Parameter matrix in matrices)
        {
            int size = matrix.Shape[1];
            for (int i = 0; i < matrix.Values.Length; i++) Assert.Equal(i / size % size == i % size ? 1f : 0f, matrix.Values[i]);
        }
    }

    [Fact]
    public void The_forget_gate_starts_where_the_recipe_says_and_nothing_else_changes()
    {
        Parameter[] usual = All("training.forget_bias=1"), other = All("training.forget_bias=-0.5");
        foreach (var (one, two) in usual.Zip(other))
        {
            if (!one.Name.Contains(".bias_ih_", StringComparison.Ordinal))
            {
                Assert.Equal(one.Values, two.Values);
                continue;
            }

            int size = two.Values.Length / 4;
            for (int i = 0; i < two.Values.Length; i++) Assert.Equal(i / size == 1 ? -0.5f : 0, two.Values[i]);
        }
    }

    /// <summary>Uniform in ±√(6 / (H + H)); a rotation's columns would be at right angles.</summary>
    [Fact]
    public void A_random_start_is_uniform_and_no_rotation()
    {
        Parameter[] all = All("training.random_start=true");
        Parameter matrix = all.First(parameter => parameter.Name == "rnn.weight_hh_l0");
        int size = matrix.Shape[1];
        double bound = Math.Sqrt(3.0 / size), largest = 0, square = 0, product = 0;
        foreach (float value in matrix.Values)
        {
            largest = Math.Max(largest, Math.Abs(value));
            square += value * value;
        }

        for (int i = 0; i < size; i++) product += matrix.Values[i] * matrix.Values[size + i];
        Assert.InRange(largest, 0.9 * bound, bound);
        Assert.InRange(square / matrix.Values.Length, 0.8 * bound * bound / 3, 1.2 * bound * bound / 3);
        Assert.True(Math.Abs(product) > 1e-4, "the first rows are at right angles");
    }

    [Fact]
    public void Two_starts_are_refused_and_so_are_masks_of_each_step_for_a_translator()
    {
        var error = Assert.Throws<RecipeException>(() => All("training.random_start=true", "training.identity_start=true"));
        Assert.Contains("training.random_start is true; expected false with identity_start", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<RecipeException>(() => TinyRecipes.Write(_folder, "translator", "training.dropout.each_step=true"));
        Assert.Contains("training.dropout.each_step is true; expected false (model.task is translator)", error.Message, StringComparison.Ordinal);
    }

    private Parameter[] All(params string[] settings) =>
        [.. Objective.Create(TinyRecipes.Write(_folder, "classifier", [.. settings, "model.hidden_size=40"]), _folder[""]).Model.Parameters.All];
}
