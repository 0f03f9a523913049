using Google.Protobuf;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Tests;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using RnnService.Onnx.Import.Config;
using RnnService.Onnx.Import.Graph;
using RnnService.Onnx.Import.Graph.Symbols;
using RnnService.Onnx.Tests.Support;

namespace RnnService.Onnx.Tests.Import;

/// <summary>Reads graphs, and makes native models of what was read.</summary>
internal static class Importing
{
    private const double Tolerance = 1e-5;

    public static OnnxImport Read(ModelProto model) => Read(model.ToByteArray());

    public static OnnxImport Read(byte[] content) => OnnxImport.Read(OnnxFile.Read(new MemoryStream(content), "model.onnx"));

    /// <summary>The model of which the graph says everything but the task, where it does not, and the names.</summary>
    public static TextModel Model(OnnxImport import, ModelTask? task = null)
    {
        NetworkFacts facts = import.Facts;
        var config = new ModelConfig
        {
            Task = facts.Task ?? task ?? throw new ArgumentNullException(nameof(task)),
            Cell = facts.Cells!.Single(),
            Tokenizer = Tokenization.Whitespace,
            EmbeddingSize = facts.EmbeddingSize!.Value,
            HiddenSize = facts.HiddenSize!.Value,
            Layers = facts.Layers!.Value,
            Bidirectional = facts.Direction == Direction.Bidirectional,
            Reverse = facts.Direction == Direction.Reverse,
            TieWeights = facts.TieWeights!.Value,
            Pooling = facts.Pooling ?? Pooling.Last,
            Labels = (facts.Task ?? task) == ModelTask.LanguageModel
                ? []
                : [.. Enumerable.Range(0, facts.Outputs!.Value).Select(label => $"{label}")],
        };
        var tokens = new Vocabulary([Vocabulary.Unknown, .. Enumerable.Range(1, facts.Tokens!.Value - 1).Select(id => $"{id}")]);
        var vocabulary = new ModelVocabulary(tokens);
        return TextModel.Create(config, vocabulary, import.Tensors.Fit(config, vocabulary, []));
    }

    /// <summary>Logits of every row, step after step; the state moves on.</summary>
    public static float[][] Logits(TextModel model, int[][] rows, RecurrentState? state = null)
    {
        List<float>[] result = [.. rows.Select(_ => new List<float>())];
        LogitsReader reader = (row, _, logits) => result[row].AddRange(logits);
        switch (model)
        {
            case LanguageModel language:
                language.Network.Forward([.. rows.Select(row => new ReadOnlyMemory<int>(row))], new int[rows.Length], state!, reader);
                break;
            case Classifier classifier:
                classifier.Network.Forward(rows, reader);
                break;
            case Tagger tagger:
                tagger.Network.Forward([.. rows.Select(row => new TaggerInput([.. row.Select(id => $"{id}")], row))], reader);
                break;
        }

        return [.. result.Select(values => values.ToArray())];
    }

    /// <summary>
    /// What ONNX Runtime makes of rows: logits of every row, step after step, and the last states. The states of the model are the start.
    /// </summary>
    public static (float[][] Logits, float[] Hidden, float[] Memory) Run(ModelProto proto, Ort ort, int[][] rows, RecurrentState? state)
    {
        RecognizedHead head = GraphRecognizer.Read(OnnxFile.Read(new MemoryStream(proto.ToByteArray()), "model.onnx")).Head;
        LayerStack stack = head.Layer.Stack;
        HashSet<string> tensors = [.. proto.Graph.Initializer.Select(tensor => tensor.Name)];
        RecognizedInput given = stack.Source.Origin.From;
        bool timeFirst = given.Dims[0].Axes[0].Is(stack.Time);
        int batch = rows.Length, time = rows.Max(row => row.Length);
        int Place(int n, int t) => timeFirst ? t * batch + n : n * time + t;
        long[] ids = new long[batch * time];
        for (int n = 0; n < batch; n++)
        {
            for (int t = 0; t < rows[n].Length; t++) ids[Place(n, t)] = rows[n][t];
        }

        List<(string, Array, int[])> inputs = [(given.Name, ids, timeFirst ? [time, batch] : [batch, time])];
        foreach (ValueInfoProto input in proto.Graph.Input.Where(input => input.Name != given.Name && !tensors.Contains(input.Name)))
        {
            int rank = input.Type.TensorType.Shape.Dim.Count, slots = (int)input.Type.TensorType.Shape.Dim[0].DimValue;
            int size = rank == 1 ? 0 : (int)input.Type.TensorType.Shape.Dim[2].DimValue;
            float[] start = input.Name == stack.Layers[0].CellState?.Name ? state?.CellState ?? [] : state?.Hidden ?? [];
            if (rank == 1) inputs.Add((input.Name, rows.Select(row => (long)row.Length).ToArray(), [batch]));
            else inputs.Add((input.Name, start.Length > 0 ? start : new float[slots * batch * size], [slots, batch, size]));
        }

        Dictionary<string, float[]> outputs = ort.Run([.. inputs]);
        float[] logits = outputs["logits"];
        int width = head.Outputs.Size!.Value;
        float[][] result = [.. rows.Select((row, n) => Enumerable.Range(0, head.Pooling is null ? row.Length : 1)
            .SelectMany(t => logits.AsSpan((head.Pooling is null ? Place(n, t) : n) * width, width).ToArray()).ToArray())];
        return (result, Output("hn", "h_n"), Output("cn", "c_n"));

        float[] Output(string theirs, string ours) => outputs.GetValueOrDefault(theirs) ?? outputs.GetValueOrDefault(ours) ?? [];
    }

    /// <summary>Compares a native model with a graph that ONNX Runtime runs.</summary>
    public static void Check(TextModel model, OnnxImport import, ModelProto proto, Ort ort, int[] lengths, string what)
    {
        var random = new RandomSource(9);
        int[][] rows = Rows(ref random, lengths, import.Facts.Tokens!.Value);
        RecurrentState? state = (model as LanguageModel)?.NewState(rows.Length);
        if (import.TakesStates && state is not null)
        {
            Draw.Normal(5, state.Hidden.Length, 0.5).CopyTo(state.Hidden, 0);
            Draw.Normal(6, state.CellState.Length, 0.5).CopyTo(state.CellState, 0);
        }

        (float[][] wanted, float[] hidden, float[] memory) = Run(proto, ort, rows, state);
        float[][] found = Logits(model, rows, state);
        for (int n = 0; n < rows.Length; n++) Expect.Near(Draw.ToDouble(wanted[n]), found[n], Tolerance, $"{what}: row {n}, logit");
        if (state is null) return;
        if (hidden.Length > 0) Expect.Near(Draw.ToDouble(hidden), state.Hidden, Tolerance, $"{what}: h");
        if (memory.Length > 0) Expect.Near(Draw.ToDouble(memory), state.CellState, Tolerance, $"{what}: c");
    }

    public static int[][] Rows(ref RandomSource random, int[] lengths, int below)
    {
        int[][] rows = [.. lengths.Select(length => new int[length])];
        foreach (int[] row in rows)
        {
            foreach (ref int id in row.AsSpan()) id = random.Below(below);
        }

        return rows;
    }
}
