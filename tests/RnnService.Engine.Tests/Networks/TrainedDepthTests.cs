using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Networks;

/// <summary>Backward that ends above the parts of a network that are not trained.</summary>
public sealed class TrainedDepthTests
{
    public static TheoryData<CellKind> Kinds => [.. Enum.GetValues<CellKind>()];

    /// <summary>What is trained has the gradient that it has in the whole network, bit for bit; layers further below have none.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_is_trained_has_the_same_gradient(CellKind kind)
    {
        foreach (Pooling pooling in (Pooling[])[Pooling.Last, Pooling.Concat, Pooling.Attention])
        {
            Classifier model = Tiny.Classifier(kind, pooling, seed: 5);
            int[][] texts = [[2, 3, 4, 9], [5, 2], [7, 8, 9]];
            var network = (ClassifierNetwork)model.Network;
            Check(model, (pass, gradients) => network.Backward(pass, network.Forward(pass, texts, DropoutRates.None), [2, 0, 1], gradients));
        }

        Tagger tagger = Tiny.Tagger(kind, characters: kind != CellKind.Sum, both: kind != CellKind.Sum, seed: 5);
        TaggerInput[] sentences = [tagger.Encode(["The", "cat", "sat"]), tagger.Encode(["x", "ran"])];
        var tags = (TaggerNetwork)tagger.Network;
        Check(tagger, (pass, gradients) => tags.Backward(
            pass, tags.Forward(pass, sentences, [.. sentences.Select(sentence => sentence.Ids)], DropoutRates.None),
            [(int[])[0, 1, 2], (int[])[1, 1]], gradients));
    }

    /// <summary>Where there is a base all above it is trained with the head.</summary>
    [Fact]
    public void What_is_trained_of_a_base_has_the_same_gradient()
    {
        Classifier model = Tiny.OnBase(Pooling.Concat);
        int[][] texts = [[2, 3, 4, 9], [5, 2], [7, 8, 9]];
        var network = (ClassifierNetwork)model.Network;
        Check(
            model, (pass, gradients) => network.Backward(pass, network.Forward(pass, texts, DropoutRates.None), [2, 0, 1], gradients), isBelow: true);
    }

    private static void Check(Model model, Func<Pass, Gradients, double> run, bool isBelow = false)
    {
        int layers = model.Config.Base?.Layers ?? model.Config.Layers;
        Gradients whole = Run(int.MaxValue);
        for (int depth = 0; depth <= layers + 1; depth++)
        {
            Gradients some = Run(depth);
            foreach (Parameter parameter in model.Parameters.All)
            {
                string name = parameter.Name.Replace("_reverse", "", StringComparison.Ordinal);
                int part = name.StartsWith("head.", StringComparison.Ordinal) || name.StartsWith("attention.", StringComparison.Ordinal) ? 0
                    : name.StartsWith("rnn.", StringComparison.Ordinal) && isBelow ? 0
                    : !name.StartsWith("embedding.", StringComparison.Ordinal) && !name.StartsWith("characters.", StringComparison.Ordinal) ? layers - (name[^1] - '0') : layers + 1;
                if (part <= depth) Assert.Equal(whole.Of(parameter).ToArray(), some.Of(parameter).ToArray());
                else if (part > depth + 1 || depth == 0) Assert.All(some.Of(parameter).ToArray(), value => Assert.Equal(0, value));
            }
        }

        Gradients Run(int depth)
        {
            var gradients = new Gradients(model.Parameters);
            run(new Pass(new Workspace(), record: true) { TrainedDepth = depth }, gradients);
            return gradients;
        }
    }
}
