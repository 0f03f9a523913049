using RnnService.Engine.Tests;
using RnnService.Engine.Weights;
using RnnService.Training.Objectives;
using RnnService.Training.Optimizers;
using RnnService.Training.Recipes;
using RnnService.Training.Runs;
using Xunit;

namespace RnnService.Training.Tests.Runs;

public sealed class WeightDropTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public static TheoryDataOfTasks Tasks => TinyRecipes.Tasks;

    public void Dispose() => _folder.Dispose();

    /// <summary>With the mask of one step drawn anew, the loss is a plain function of the whole weights: these are its derivatives.</summary>
    [Theory]
    [MemberData(nameof(Tasks))]
    public void Gradients_of_the_whole_weights_go_through_the_mask(string task)
    {
        Recipe recipe = TinyRecipes.Write(
            _folder, task, "training.dropout.recurrent=0.4", "training.clip_norm=0", "training.unroll_steps=8", "training.scheduled_sampling=0");
        Objective objective = Objective.Create(recipe, _folder[""]);
        Parameters parameters = objective.Parameters;
        objective.Begin(0, 0);
        var batch = new BatchGradient(objective, recipe.Training, new LayerRelease(recipe.Training, recipe.Model));
        int[] matrices = [.. parameters.All.Where(parameter => parameter.Name.Contains("weight_hh", StringComparison.Ordinal)).Select(parameter => parameter.Index)];
        Assert.NotEmpty(matrices);
        Gradients gradients = Run().Gradients;
        foreach (int matrix in matrices) // none of the dropped weights has a gradient
        {
            float[] own = gradients.Of(parameters.All[matrix]).ToArray();
            Assert.InRange(own.Count(value => value == 0) / (double)own.Length, 0.25, 0.6);
        }

        NumericDerivative.Along(parameters, objective.Refresh, Run, share: 2e-2);

        (double Loss, Gradients Gradients) Run()
        {
            objective.Refresh(); // the weights are packed as the run before dropped them
            foreach (float[] carried in objective.Carried) Array.Clear(carried);
            BatchLoss loss = batch.ForwardAndBackward(step: 5, epoch: 0);
            return (loss.Loss, batch.Clip(loss));
        }
    }

    [Fact]
    public void Weights_come_back_bit_for_bit_and_only_recurrent_matrices_are_dropped()
    {
        Recipe recipe = TinyRecipes.Write(_folder, "tagger");
        Parameters parameters = Objective.Create(recipe, _folder[""]).Model.Parameters;
        float[][] before = [.. parameters.All.Select(parameter => parameter.Values.ToArray())];
        var drop = new WeightDrop(parameters, seed: 1, rate: 0.5f);
        drop.Drop(step: 3);
        foreach (Parameter parameter in parameters.All)
        {
            bool recurrent = parameter.Name.Contains("weight_hh", StringComparison.Ordinal);
            float[] was = before[parameter.Index], now = parameter.Values.ToArray();
            if (!recurrent) Assert.Equal(was, now);
            else Assert.All(was.Zip(now), pair => Assert.True(pair.Second == 0 || pair.Second == 2 * pair.First));
        }

        float[] third = Dropped();
        drop.Restore(new Gradients(parameters));
        Assert.Equal(before, parameters.All.Select(parameter => parameter.Values.ToArray()));
        drop.Drop(step: 4);
        Assert.NotEqual(third, Dropped());
        drop.Restore(new Gradients(parameters));
        drop.Drop(step: 3);
        Assert.Equal(third, Dropped());

        float[] Dropped() => [.. parameters.All.SelectMany(parameter => parameter.Values.ToArray())];
    }
}
