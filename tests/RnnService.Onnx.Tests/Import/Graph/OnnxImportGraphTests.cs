using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Onnx.Format.Protos;
using RnnService.Onnx.Import.Graph;
using RnnService.Onnx.Tests.Support;
using Xunit;

namespace RnnService.Onnx.Tests.Import.Graph;

/// <summary>Graphs written by hand: what the import makes of them beside ONNX Runtime.</summary>
public sealed class OnnxImportGraphTests
{
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
        TextModel model = Importing.Model(import, ModelTask.Tagger);
        using var ort = new Ort(proto);
        Importing.Check(model, import, proto, ort, graph.Lengths ? [3, 1, 6] : [4, 4, 4], $"{graph}");
        Importing.Check(model, import, proto, ort, [1], $"{graph}");
    }
}
