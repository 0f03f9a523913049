using RnnService.Engine.Weights;
using RnnService.Training.Objectives;
using RnnService.Training.Recipes;
using RnnService.Training.Tests.Runs;
using Xunit;

namespace RnnService.Training.Tests.Objectives;

public sealed class EmbeddingScaleTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Columns_have_mean_0_and_variance_1_over_the_words_of_a_corpus()
    {
        Recipe recipe = TinyRecipes.Write(_folder, "classifier");
        Parameter embedding = Objective.Create(recipe, _folder[""]).Model.Parameters.All[0];
        (int count, int width) = (embedding.Shape[0], embedding.Shape[1]);
        int[] counts = [.. Enumerable.Range(0, count).Select(id => id % 4 == 0 ? 0 : id)];
        for (int id = 0; id < count; id++) embedding.Data[id * width] = 3; // no variance
        EmbeddingScale.Standardize(embedding, counts);
        for (int i = 0; i < width; i++)
        {
            double[] words = [.. Enumerable.Range(0, count).SelectMany(id => Enumerable.Repeat((double)embedding.Values[id * width + i], counts[id]))];
            double mean = words.Average(), variance = words.Average(value => Math.Pow(value - mean, 2));
            Assert.Equal(0, mean, 1e-5);
            Assert.Equal(i == 0 ? 0 : 1, variance, 1e-5);
        }
    }
}
