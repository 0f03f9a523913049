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
}
