using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Tests;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Onnx.Tests.Import;

/// <summary>PyTorch's seven models, imported with the JSON beside them, written, loaded, and asked what PyTorch was asked.</summary>
public sealed class PyTorchTests
{
    private const double Tolerance = 1e-5;

    public static TheoryData<string> Names => [.. ImportCase.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_state_dict_becomes_a_folder_that_answers_as_PyTorch_did(string name)
    {
        using var files = new ImportCase(name);
        Check(name, files);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Sizes_directions_and_labels_are_read_from_the_weights_where_the_configuration_leaves_them_out(string name)
    {
        using var files = new ImportCase(name);
        string task = name.Split('-')[0] switch { "char" => "text-generation", "classifier" => "text-classification", _ => "token-classification" };
        // A plain RNN's weights do not tell tanh from ReLU.
        string cell = name == "tagger-rnn" ? ", \"cell\": \"rnn\"" : name.EndsWith("gru", StringComparison.Ordinal) ? ", \"cell\": \"gru\"" : "";
        files.Config = files.Write("small.json", $$"""{"task": "{{task}}"{{cell}}}""");
        Check(name, files);
    }

    [Theory]
    [InlineData(ElementType.F16, 5e-3)]
    [InlineData(ElementType.BF16, 5e-2)]
    public void Half_precision_is_read_and_kept(ElementType type, double tolerance)
    {
        using var files = new ImportCase("tagger-lstm");
        files.Change(tensor => tensor, type);
        Check("tagger-lstm", files, tolerance);
        var kept = SafeTensorsFile.Open(Path.Combine(files["out"], "model.safetensors"));
        Assert.All(kept.Names, name => Assert.Equal(type, kept.TypeOf(name)));
    }

    private static void Check(string name, ImportCase files, double tolerance = Tolerance)
    {
        LoadedModel written = files.ImportAndWrite();
        Assert.Equal("out", written.Name);
        using TextModel model = ModelFolder.Load(files["out"]).TextModel;
        SafeTensorsFile expected = SafeTensorsFile.Open(ImportCase.Fixture(name + ".expected.safetensors"));
        long[] ids = expected.Integers("in.input_ids");
        IReadOnlyList<int> shape = expected.ShapeOf("in.input_ids"), outputs = expected.ShapeOf("out.logits");
        float[] logits = new float[outputs.Aggregate((product, size) => product * size)];
        int width = outputs[^1];
        switch (model)
        {
            case LanguageModel language: // ids and logits [T,N,…]
                int batch = shape[1];
                RecurrentState state = language.NewState(batch);
                expected.Floats("in.h0").CopyTo(state.Hidden, 0);
                if (state.CellState.Length > 0) expected.Floats("in.c0").CopyTo(state.CellState, 0);
                ReadOnlyMemory<int>[] rows = [.. Enumerable.Range(0, batch).Select(n => new ReadOnlyMemory<int>(
                    [.. Enumerable.Range(0, shape[0]).Select(t => (int)ids[t * batch + n])]))];
                language.Network.Forward(rows, new int[batch], state, (n, t, found) => found.CopyTo(logits.AsSpan((t * batch + n) * width)));
                Near("out.hn", state.Hidden);
                if (state.CellState.Length > 0) Near("out.cn", state.CellState);
                break;
            case Classifier classifier: // ids [N,T]
                long[] lengths = expected.Integers("in.lengths");
                int[][] texts = [.. lengths.Select((length, n) => Row(n)[..(int)length])];
                classifier.Network.Forward(texts, (n, _, found) => found.CopyTo(logits.AsSpan(n * width)));
                break;
            case Tagger tagger: // ids [N,T], logits [N,T,labels]
                TaggerInput[] sentences = [.. Enumerable.Range(0, shape[0]).Select(n => new TaggerInput([], Row(n)))];
                tagger.Network.Forward(sentences, (n, t, found) => found.CopyTo(logits.AsSpan((n * shape[1] + t) * width)));
                break;
        }

        Near("out.logits", logits);

        int[] Row(int n) => [.. ids.Skip(n * shape[1]).Take(shape[1]).Select(id => (int)id)];

        void Near(string output, float[] found) =>
            Expect.Near([.. expected.Floats(output).Select(value => (double)value)], found, tolerance, output);
    }
}
