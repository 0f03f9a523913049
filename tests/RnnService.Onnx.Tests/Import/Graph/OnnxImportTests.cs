using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Tests;
using RnnService.Engine.Weights;
using RnnService.Onnx.Comparison;
using RnnService.Onnx.Import.Config;
using RnnService.Onnx.Import.Graph;
using RnnService.Onnx.Runtime;
using Xunit;

namespace RnnService.Onnx.Tests.Import.Graph;

/// <summary>What PyTorch exported: the tensors of its state dict, and its answers.</summary>
public sealed class OnnxImportTests
{
    private const double Tolerance = 1e-5;

    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "TestData", "pytorch");

    public static TheoryData<string> Fixtures =>
        [.. Directory.GetFiles(Folder, "*.onnx").Select(path => Path.GetFileNameWithoutExtension(path)).Order()];

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void The_tensors_are_those_of_the_state_dict(string name)
    {
        OnnxImport import = OnnxImport.Open(Path.Combine(Folder, name + ".onnx"));
        SafeTensorsFile wanted = SafeTensorsFile.Open(Path.Combine(Folder, name + ".safetensors"));
        TextModel model = Importing.Model(import);
        Assert.Equal(wanted.Names.Order(), model.Parameters.All.Select(parameter => parameter.Name).Order());
        foreach (Parameter parameter in model.Parameters.All)
            Expect.SameBits(wanted.Floats(parameter.Name, [.. parameter.Shape]), parameter.Values, parameter.Name);
    }

    [Theory]
    [InlineData("char-lm-gru", ModelTask.LanguageModel, CellKind.Gru, 65, 2, Direction.Forward, null, 65)]
    [InlineData("char-lm-lstm", ModelTask.LanguageModel, CellKind.Lstm, 65, 2, Direction.Forward, null, 65)]
    [InlineData("classifier-gru", ModelTask.Classifier, CellKind.Gru, 120, 1, Direction.Bidirectional, Pooling.Last, 3)]
    [InlineData("classifier-lstm", ModelTask.Classifier, CellKind.Lstm, 120, 1, Direction.Bidirectional, Pooling.Last, 3)]
    [InlineData("tagger-gru", ModelTask.Tagger, CellKind.Gru, 120, 2, Direction.Bidirectional, null, 5)]
    [InlineData("tagger-lstm", ModelTask.Tagger, CellKind.Lstm, 120, 2, Direction.Bidirectional, null, 5)]
    [InlineData("tagger-rnn", ModelTask.Tagger, CellKind.Tanh, 120, 2, Direction.Bidirectional, null, 5)]
    public void The_graph_tells_the_facts(
        string name, ModelTask task, CellKind cell, int tokens, int layers, Direction direction, Pooling? pooling, int outputs)
    {
        OnnxImport import = OnnxImport.Open(Path.Combine(Folder, name + ".onnx"));
        var wanted = new NetworkFacts
        {
            Witness = "the graph has it",
            Task = task,
            Cells = [cell],
            Tokens = tokens,
            EmbeddingSize = 16,
            HiddenSize = 32,
            Layers = layers,
            Direction = direction,
            Pooling = pooling,
            Outputs = outputs,
            TieWeights = false,
            Crf = false,
        };
        Assert.Equivalent(wanted, import.Facts, strict: true);
        bool states = task == ModelTask.LanguageModel;
        Assert.Equal((states, states, task == ModelTask.Classifier), (import.TakesStates, import.GivesStates, import.TakesLengths));
        Assert.Equal((null, null, null), (import.ConfigJson, import.VocabularyJson, import.Characters));
    }

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void The_answers_are_pytorchs(string name)
    {
        TextModel model = Importing.Model(OnnxImport.Open(Path.Combine(Folder, name + ".onnx")));
        SafeTensorsFile expected = SafeTensorsFile.Open(Path.Combine(Folder, name + ".expected.safetensors"));
        long[] ids = expected.Integers("in.input_ids");
        IReadOnlyList<int> shape = expected.ShapeOf("in.input_ids");
        bool timeFirst = model is LanguageModel;
        (int batch, int time) = timeFirst ? (shape[1], shape[0]) : (shape[0], shape[1]);
        long[] lengths = expected.Contains("in.lengths") ? expected.Integers("in.lengths") : [.. Enumerable.Repeat((long)time, batch)];
        int[][] rows = [.. lengths.Select((length, n) => Enumerable.Range(0, (int)length).Select(
            t => (int)(timeFirst ? ids[t * batch + n] : ids[n * time + t])).ToArray())];
        RecurrentState? state = (model as LanguageModel)?.NewState(batch);
        if (state is not null) expected.Floats("in.h0").CopyTo(state.Hidden, 0);
        if (state?.CellState.Length > 0) expected.Floats("in.c0").CopyTo(state.CellState, 0);

        float[] wanted = expected.Floats("out.logits");
        int width = expected.ShapeOf("out.logits")[^1];
        float[][] found = Importing.Logits(model, rows, state);
        for (int n = 0; n < batch; n++)
        {
            for (int step = 0; step < found[n].Length / width; step++)
            {
                int row = model is Classifier ? n : timeFirst ? step * batch + n : n * time + step;
                double[] answer = Draw.ToDouble(wanted.AsSpan(row * width, width));
                Expect.Near(answer, found[n].AsSpan(step * width, width), Tolerance, $"row {n}, step {step}, logit");
            }
        }

        if (state is not null) Expect.Near(Draw.ToDouble(expected.Floats("out.hn")), state.Hidden, Tolerance, "h");
        if (state?.CellState.Length > 0) Expect.Near(Draw.ToDouble(expected.Floats("out.cn")), state.CellState, Tolerance, "c");
    }

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void The_native_model_agrees_with_the_file_as_it_is(string name)
    {
        string path = Path.Combine(Folder, name + ".onnx");
        TextModel native = Importing.Model(OnnxImport.Open(path));
        INetwork network = OnnxRuntimeNetwork.Open(path, native.Config, native.Vocabulary);
        using TextModel asItIs = TextModel.Create(native.Config, native.Vocabulary, network);
        Agreement.Check(asItIs, native);
    }
}
