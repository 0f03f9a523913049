using RnnService.Engine.Layers;
using RnnService.Engine.Tasks;
using RnnService.Engine.Tests;
using RnnService.Engine.Weights;
using RnnService.Onnx.Import;
using RnnService.Onnx.Protos;
using Xunit;

namespace RnnService.Onnx.Tests.Import;

/// <summary>Graphs written by hand: what the import makes of them beside ONNX Runtime.</summary>
public sealed class OnnxImportGraphTests
{
    private const double Tolerance = 1e-5;

    public static MatrixTheoryData<CellKind, Direction, int> Stacks =>
        new([CellKind.Tanh, CellKind.Relu, CellKind.Gru, CellKind.GruBefore, CellKind.Lstm], Enum.GetValues<Direction>(), [1, 2]);

    [Theory]
    [MemberData(nameof(Stacks))]
    internal void Every_cell_direction_depth_and_head_is_read(CellKind cell, Direction direction, int layers)
    {
        for (int choice = 0; choice < 64; choice++)
        {
            var graph = new RecurrentGraph(cell, direction, layers)
            {
                Lengths = (choice & 1) != 0,
                States = (choice & 2) != 0,
                AnswersText = (choice & 4) != 0,
                Gemm = (choice & 8) != 0,
                Transposed = (choice & 8) == 0 || (choice & 32) == 0,
                Biases = (choice & 16) != 0,
                TimeFirst = (choice & 40) == 32,
            };
            Check(graph, graph.Build(choice % 2 == 0 ? 17 : 14));
        }
    }

    private static void Check(RecurrentGraph graph, ModelProto proto)
    {
        OnnxImport import = Importing.Read(proto);
        ModelTask? expected = graph.AnswersText ? ModelTask.Classifier
            : graph.Direction != Direction.Forward ? ModelTask.Tagger
            : graph.States ? ModelTask.LanguageModel
            : null;
        Assert.Equal(expected, import.Facts.Task);
        Assert.Equal((graph.States, graph.States, graph.Lengths), (import.TakesStates, import.GivesStates, import.TakesLengths));
        // The graph's outputs are fewer than its tokens, so that no language model could sample from them: its network is asked.
        TextModel model = import.Facts.Task == ModelTask.LanguageModel ? Tagged(import) : Importing.Model(import, ModelTask.Tagger);
        using var ort = new Ort(proto);
        var random = new RandomSource(4);
        foreach (int[] lengths in new[] { graph.Lengths ? [3, 1, 6] : new[] { 4, 4, 4 }, [1] })
        {
            int[][] rows = Importing.Rows(ref random, lengths, RecurrentGraph.Tokens);
            float[] wanted = Run(graph, ort, rows)["logits"];
            float[][] found = Importing.Logits(model, rows);
            for (int n = 0; n < rows.Length; n++)
            {
                for (int t = 0; t < found[n].Length / RecurrentGraph.Outputs; t++)
                {
                    int row = graph.AnswersText ? n : graph.TimeFirst ? t * rows.Length + n : n * lengths.Max() + t;
                    Expect.Near(
                        Draw.ToDouble(wanted.AsSpan(row * RecurrentGraph.Outputs, RecurrentGraph.Outputs)),
                        found[n].AsSpan(t * RecurrentGraph.Outputs, RecurrentGraph.Outputs), Tolerance, $"{graph}: row {n}, step {t}, logit");
                }
            }
        }
    }

    private static TextModel Tagged(OnnxImport import)
    {
        TextModel other = Importing.Model(Importing.Read(new RecurrentGraph(import.Facts.Cells!.Single(), Layers: import.Facts.Layers!.Value).Build()), ModelTask.Tagger);
        return TextModel.Create(other.Config, other.Vocabulary, import.Tensors.Fit(other.Config, other.Vocabulary, []));
    }

    private static Dictionary<string, float[]> Run(RecurrentGraph graph, Ort ort, int[][] rows)
    {
        int batch = rows.Length, time = rows.Max(row => row.Length), slots = graph.Layers * graph.Directions;
        long[] ids = new long[batch * time];
        for (int n = 0; n < batch; n++)
        {
            for (int t = 0; t < rows[n].Length; t++) ids[graph.TimeFirst ? t * batch + n : n * time + t] = rows[n][t];
        }

        List<(string, Array, int[])> inputs = [("ids", ids, graph.TimeFirst ? [time, batch] : [batch, time])];
        if (graph.Lengths) inputs.Add(("lengths", rows.Select(row => (long)row.Length).ToArray(), [batch]));
        float[] zero = new float[slots * batch * RecurrentGraph.Hidden];
        if (graph.States) inputs.Add(("h0", zero, [slots, batch, RecurrentGraph.Hidden]));
        if (graph.States && graph.Cell == CellKind.Lstm) inputs.Add(("c0", zero, [slots, batch, RecurrentGraph.Hidden]));
        return ort.Run([.. inputs]);
    }
}
