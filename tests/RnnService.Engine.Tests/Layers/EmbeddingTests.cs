using RnnService.Engine.Layers;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Layers;

public sealed class EmbeddingTests
{
    [Fact]
    public void Looks_rows_up_and_adds_their_gradients()
    {
        Parameters parameters = Parameters.From(
            (_, shape) => [.. Enumerable.Range(0, shape[0] * shape[1]).Select(i => (float)i)], trainable: true);
        var embedding = new Embedding(parameters, "embedding", tokens: 4, size: 3);
        float[] y = [-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1];
        embedding.Forward([2, 0, 2], y, stride: 4);
        Assert.Equal([6, 7, 8, -1, 0, 1, 2, -1, 6, 7, 8, -1], y);

        var gradients = new Gradients(parameters);
        embedding.Backward([2, 0, 2], [1, 2, 3, 99, 4, 5, 6, 99, 7, 8, 9, 99], stride: 4, gradients);
        Assert.Equal([4, 5, 6, 0, 0, 0, 8, 10, 12, 0, 0, 0], gradients.Of(parameters.All[0]).ToArray());
    }
}
