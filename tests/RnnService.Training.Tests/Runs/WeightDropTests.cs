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
        Parameters parameters = objective.Model.Parameters;
        objective.Begin(0, 0);
        var batch = new BatchGradient(objective, recipe.Training, new LayerRelease(recipe.Training, recipe.Model));
        float[][] start = [.. parameters.All.Select(parameter => parameter.Values.ToArray())];
        ulong seed = 3;
        float[][] direction = [.. start.Select(values => Normal(++seed, values.Length))];
        Gradients gradients = batch.Clip(Loss(0));
        float[][] kept = [.. parameters.All.Select(parameter => gradients.Of(parameter).ToArray())];
        int[] matrices = [.. parameters.All.Where(parameter => parameter.Name.Contains("weight_hh", StringComparison.Ordinal)).Select(parameter => parameter.Index)];
        Assert.NotEmpty(matrices);
        foreach (int matrix in matrices) // none of the dropped weights has a gradient
            Assert.InRange(kept[matrix].Count(value => value == 0) / (double)kept[matrix].Length, 0.25, 0.6);

        double found = 0, size = 0;
        for (int p = 0; p < kept.Length; p++)
        {
            for (int i = 0; i < kept[p].Length; i++)
            {
                double product = (double)kept[p][i] * direction[p][i];
                found += product;
                size += product * product;
            }
        }

        const float Step = 2e-3f;
        double wanted = (Loss(Step).Loss - Loss(-Step).Loss) / (2 * Step);
        Assert.Equal(wanted, found, 2e-2 * Math.Sqrt(size) + 1e-3);

        BatchLoss Loss(float step)
        {
            foreach (Parameter parameter in parameters.All)
            {
                for (int i = 0; i < parameter.Data.Length; i++)
                    parameter.Data[i] = start[parameter.Index][i] + step * direction[parameter.Index][i];
            }

            objective.Model.Refresh();
            foreach (float[] carried in objective.Carried) Array.Clear(carried);
            return batch.ForwardAndBackward(step: 5, epoch: 0);
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

    private static float[] Normal(ulong seed, int count)
    {
        var random = new RandomSource(seed);
        float[] values = new float[count];
        foreach (ref float value in values.AsSpan()) value = (float)random.Normal();
        return values;
    }
}
