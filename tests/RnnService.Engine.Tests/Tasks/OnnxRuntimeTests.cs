using System.Text.Json;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Tasks;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Tasks;

/// <summary>Networks that PyTorch exported: our answer with their weights beside ONNX Runtime's, and beside the one PyTorch gave.</summary>
public sealed class OnnxRuntimeTests
{
    private const double Tolerance = 1e-5;

    [Theory]
    [InlineData("char-lm-lstm")]
    [InlineData("char-lm-gru")]
    public void Language_models_agree(string name)
    {
        var exported = new Exported(name);
        var model = (LanguageModel)exported.Model;
        Check(exported.Integers("in.input_ids"), exported.Floats("in.h0"), exported.Floats("in.c0"), wanted: exported.Floats);
        using InferenceSession session = exported.NewSession();
        var random = new RandomSource(1);
        for (int round = 0; round < 10; round++)
        {
            int time = 1 + random.Below(30), batch = 1 + random.Below(9), vocabulary = model.Codec.Vocabulary.Count;
            var ids = new DenseTensor<long>(Ids(ref random, time * batch, vocabulary), [time, batch]);
            DenseTensor<float> h = NewState(), c = NewState();
            List<NamedOnnxValue> inputs = [NamedOnnxValue.CreateFromTensor("input_ids", ids), NamedOnnxValue.CreateFromTensor("h0", h)];
            if (name.EndsWith("lstm", StringComparison.Ordinal)) inputs.Add(NamedOnnxValue.CreateFromTensor("c0", c));
            using var outputs = session.Run(inputs);
            Check(ids, h, c, output => outputs.Single(value => "out." + value.Name == output).AsTensor<float>().ToDenseTensor());

            DenseTensor<float> NewState() => new(Draw.Normal(random.Next(), 2 * batch * 32), [2, batch, 32]);
        }

        // ids [T,N]; states [2,N,32]; logits [T,N,V].
        void Check(DenseTensor<long> ids, DenseTensor<float> h, DenseTensor<float> c, Func<string, DenseTensor<float>> wanted)
        {
            (int time, int batch) = (ids.Dimensions[0], ids.Dimensions[1]);
            ReadOnlyMemory<int>[] rows = [.. Enumerable.Range(0, batch).Select(n => new ReadOnlyMemory<int>(
                [.. Enumerable.Range(0, time).Select(t => (int)ids[t, n])]))];
            RecurrentState state = model.NewState(batch);
            h.Buffer.Span.CopyTo(state.Hidden);
            if (state.Memory.Length > 0) c.Buffer.Span.CopyTo(state.Memory);
            var pass = new Pass(new Workspace());
            var network = (LanguageNetwork)model.Network;
            LanguageNetwork.Trace trace = network.Hidden(pass, rows, state, new DropoutRates());
            float[] logits = new float[time * batch * model.Codec.Vocabulary.Count];
            trace.Layout.Unpack(network.Logits(pass, trace).Span, model.Codec.Vocabulary.Count, logits);
            Expect.Near(Draw.ToDouble(wanted("out.logits").Buffer.Span), logits, Tolerance, "logit");
            Expect.Near(Draw.ToDouble(wanted("out.hn").Buffer.Span), state.Hidden, Tolerance, "h");
            if (state.Memory.Length > 0) Expect.Near(Draw.ToDouble(wanted("out.cn").Buffer.Span), state.Memory, Tolerance, "c");
        }
    }

    [Theory]
    [InlineData("classifier-lstm")]
    [InlineData("classifier-gru")]
    public void Classifiers_agree(string name)
    {
        var exported = new Exported(name);
        var model = (Classifier)exported.Model;
        Check(exported.Integers("in.input_ids"), exported.Integers("in.lengths"), exported.Floats("out.logits"));
        using InferenceSession session = exported.NewSession();
        var random = new RandomSource(2);
        for (int round = 0; round < 10; round++)
        {
            const int Batch = 4; // the exporter wrote that of its example into the graph
            int time = 1 + random.Below(30);
            var ids = new DenseTensor<long>(Ids(ref random, Batch * time, 120), [Batch, time]);
            var lengths = new DenseTensor<long>([Batch]);
            for (int n = 0; n < Batch; n++) lengths[n] = n == 0 ? time : 1 + random.Below(time);
            using var outputs = session.Run(
                [NamedOnnxValue.CreateFromTensor("input_ids", ids), NamedOnnxValue.CreateFromTensor("lengths", lengths)]);
            Check(ids, lengths, outputs[0].AsTensor<float>().ToDenseTensor());
        }

        // ids [N,T]; lengths [N]; logits [N,labels].
        void Check(DenseTensor<long> ids, DenseTensor<long> lengths, DenseTensor<float> wanted)
        {
            int[][] texts = [.. Enumerable.Range(0, ids.Dimensions[0]).Select(
                n => Enumerable.Range(0, (int)lengths[n]).Select(t => (int)ids[n, t]).ToArray())];
            ClassifierNetwork.Trace trace = ((ClassifierNetwork)model.Network).Forward(new Pass(new Workspace()), texts, new DropoutRates());
            Expect.Near(Draw.ToDouble(wanted.Buffer.Span), trace.Logits.Span, Tolerance, "logit");
        }
    }

    [Theory]
    [InlineData("tagger-lstm")]
    [InlineData("tagger-gru")]
    [InlineData("tagger-rnn")]
    public void Taggers_agree(string name)
    {
        var exported = new Exported(name);
        var model = (Tagger)exported.Model;
        Check(exported.Integers("in.input_ids"), exported.Floats("out.logits"));
        using InferenceSession session = exported.NewSession();
        var random = new RandomSource(3);
        for (int round = 0; round < 10; round++)
        {
            int time = 1 + random.Below(30), batch = 1 + random.Below(9);
            var ids = new DenseTensor<long>(Ids(ref random, batch * time, 120), [batch, time]);
            using var outputs = session.Run([NamedOnnxValue.CreateFromTensor("input_ids", ids)]);
            Check(ids, outputs[0].AsTensor<float>().ToDenseTensor());
        }

        // ids [N,T]; logits [N,T,labels].
        void Check(DenseTensor<long> ids, DenseTensor<float> wanted)
        {
            (int batch, int time) = (ids.Dimensions[0], ids.Dimensions[1]);
            int[][] rows = [.. Enumerable.Range(0, batch).Select(
                n => Enumerable.Range(0, time).Select(t => (int)ids[n, t]).ToArray())];
            TaggerInput[] inputs = [.. rows.Select(row => new TaggerInput([.. row.Select(id => $"{id}")], row))];
            TaggerNetwork.Trace trace = ((TaggerNetwork)model.Network).Forward(new Pass(new Workspace()), inputs, rows, new DropoutRates());
            for (int n = 0; n < batch; n++)
            {
                for (int t = 0; t < time; t++)
                {
                    Span<float> found = trace.Logits.Span.Slice(trace.Layout.RowOf(n, t) * 5, 5);
                    Expect.Near(Draw.ToDouble(wanted.Buffer.Span.Slice((n * time + t) * 5, 5)), found, Tolerance, "logit");
                }
            }
        }
    }

    private static long[] Ids(ref RandomSource random, int count, int below)
    {
        long[] ids = new long[count];
        foreach (ref long id in ids.AsSpan()) id = random.Below(below);
        return ids;
    }

    /// <summary>One exported network: its graph, its weights in a model of ours, and an answer that PyTorch gave.</summary>
    private sealed class Exported
    {
        private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "TestData", "pytorch");

        private readonly string _name;
        private readonly SafeTensorsFile _expected;

        public Exported(string name)
        {
            _name = name;
            _expected = SafeTensorsFile.Open(Path.Combine(Folder, name + ".expected.safetensors"));
            using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, name + ".json")));
            JsonElement config = document.RootElement;
            int labels = config.TryGetProperty("num_labels", out JsonElement count) ? count.GetInt32() : 0;
            SafeTensorsFile weights = SafeTensorsFile.Open(Path.Combine(Folder, name + ".safetensors"));
            int size = config.GetProperty("vocab_size").GetInt32();
            var tokens = new Vocabulary([Vocabulary.Unknown, .. Enumerable.Range(1, size - 1).Select(id => $"{id}")]);
            Model = TextModel.Create(
                new ModelConfig
                {
                    Task = config.GetProperty("task").GetString() switch
                    {
                        "text-generation" => ModelTask.LanguageModel,
                        "text-classification" => ModelTask.Classifier,
                        _ => ModelTask.Tagger,
                    },
                    Cell = config.GetProperty("cell").GetString() switch
                    {
                        "lstm" => CellKind.Lstm,
                        "gru" => CellKind.Gru,
                        _ => CellKind.Tanh,
                    },
                    Tokenizer = Tokenization.Whitespace,
                    EmbeddingSize = config.GetProperty("embedding_size").GetInt32(),
                    HiddenSize = config.GetProperty("hidden_size").GetInt32(),
                    Layers = config.GetProperty("num_layers").GetInt32(),
                    Bidirectional = config.GetProperty("bidirectional").GetBoolean(),
                    Labels = [.. Enumerable.Range(0, labels).Select(label => $"{label}")],
                },
                new ModelVocabulary(tokens),
                Parameters.From((parameter, shape) => weights.Floats(parameter, shape)));
            Assert.Equal(weights.Names.Order(), Model.Parameters.All.Select(parameter => parameter.Name).Order());
        }

        public TextModel Model { get; }

        public InferenceSession NewSession()
        {
            using var options = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1 };
            return new InferenceSession(Path.Combine(Folder, _name + ".onnx"), options);
        }

        /// <summary>One of the expected tensors; empty where the network has none, such as a GRU's c.</summary>
        public DenseTensor<float> Floats(string tensor) =>
            _expected.Contains(tensor) ? new(_expected.Floats(tensor), [.. _expected.ShapeOf(tensor)]) : new([0]);

        public DenseTensor<long> Integers(string tensor) => new(_expected.Integers(tensor), [.. _expected.ShapeOf(tensor)]);
    }
}
