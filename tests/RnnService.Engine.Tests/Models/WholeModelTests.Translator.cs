using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Tests.Cells;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Models;

public sealed partial class WholeModelTests
{
    public static TheoryData<AttentionKind, bool> Attentions =>
        new(from kind in Enum.GetValues<AttentionKind>() from feeding in (bool[])[false, true] select (kind, feeding));

    [Theory]
    [MemberData(nameof(Attentions))]
    public void Translator(AttentionKind attention, bool feeding)
    {
        foreach (CellKind cell in (CellKind[])[CellKind.Gru, CellKind.Lstm])
        {
            var decoder = new DecoderConfig { Attention = attention, InputFeeding = feeding };
            Check(new TranslatorTrial(Tiny.Translator(cell, decoder, seed: 3)));
            Check(new TranslatorTrial(Tiny.Translator(cell, decoder with { Layers = 2, HiddenSize = 5 }, tied: true, layers: 2, both: false, seed: 4)));
            Check(new TranslatorTrial(Tiny.Translator(cell, decoder with { SharedVocabulary = false, Layers = 3 }, tied: true, layers: 2, seed: 5), 0.1f));
        }
    }

    [Theory]
    [InlineData(CellKind.Tanh)]
    [InlineData(CellKind.Relu)]
    [InlineData(CellKind.GruBefore)]
    public void Translator_of_other_cells(CellKind cell) => Check(new TranslatorTrial(Tiny.Translator(cell, seed: 3), 0.2f));

    private sealed class TranslatorTrial(Translator model, float smoothing = 0) : Trial(model)
    {
        private readonly int[][] _sources = [.. ((string[])["the cat", "", "a dog sat."]).Select(model.ReadSource)];
        private readonly int[][] _targets =
            [.. (model.Vocabulary.Targets is null ? (string[])["le chat", "on", ""] : ["LE CHAT", "ON", ""]).Select(model.ReadTarget)];

        public override double Loss(Pass pass, DropoutRates rates, Gradients gradients)
        {
            var network = (TranslatorNetwork)model.Network;
            TranslatorNetwork.Trace trace = network.Forward(
                pass, [.. _sources.Select(row => row.AsMemory())], [.. _targets.Select(row => row.AsMemory()[..^1])], rates);
            return network.Backward(pass, trace, [.. _targets.Select(row => row.AsMemory()[1..])], gradients, smoothing);
        }

        public override double ReferenceLoss(Dictionary<string, double[]> values)
        {
            var reference = new ReferenceTranslator(Model.Config, values);
            double loss = 0;
            for (int i = 0; i < _sources.Length; i++)
            {
                double[][] logits = reference.Run(_sources[i], _targets[i][..^1]).Logits;
                for (int t = 0; t < logits.Length; t++)
                    loss += Math.Log(logits[t].Sum(Math.Exp)) - (1 - smoothing) * logits[t][_targets[i][t + 1]] - smoothing * logits[t].Average();
            }

            return loss;
        }
    }
}
