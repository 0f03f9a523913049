using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Export;

/// <summary>
/// Writes the two graphs of a translator: the encoder, whose outputs are called what the decoder's inputs are, and one step of the decoder. A graph
/// without loops can be no more than a step: whoever calls chooses the next token. Used once a graph.
/// </summary>
internal sealed class TranslatorExport
{
    private const string Batch = "batch", Source = "source_length";

    private readonly Translator _model;
    private readonly DecoderConfig _config;
    private readonly GraphWriter _graph;
    private readonly LayerExport _layers;
    private readonly RecurrentStack _encoder, _decoder;
    private readonly int _fed;

    public TranslatorExport(Translator model, int opset)
    {
        ModelConfig config = model.Config;
        (_model, _config) = (model, config.Decoder!);
        _graph = new GraphWriter(opset);
        _layers = new LayerExport(_graph, model.Parameters);
        _encoder = new RecurrentStack(config.Cell, "encoder", config.HiddenSize, config.Layers, config.Direction);
        _decoder = new RecurrentStack(config.Cell, "decoder", _config.HiddenSize ?? config.HiddenSize, _config.Layers, Direction.Forward);
        _fed = config.TieWeights ? config.EmbeddingSize : _decoder.HiddenSize;
    }

    private bool Attends => _config.Attention != AttentionKind.None;

    /// <summary>Sources to what the decoder starts from and looks at.</summary>
    public GraphProto Encoder()
    {
        string ids = _graph.Input("input_ids", DataType.Int64, "Ids of the sources' tokens, the end token last; anything past a row's length.", Batch, Source);
        string lengths = _graph.Input("lengths", DataType.Int64, "Tokens of each row, the end token counted.", Batch);
        StackValues values = _layers.Recurrent.Write(_encoder, _layers.Embed("embedding", ids), lengths, null, null, withSteps: Attends);
        if (Attends)
        {
            string steps = _graph.Transpose("values", values.Steps, 1, 0, 2);
            _graph.Output(
                _layers.StepLinear("keys", "attention.key", _graph.Node("Shape", "attention.key.sizes", [ids]), steps, "attention.key.weight", null), "What the decoder compares its state with.",
                Batch, Source, _decoder.HiddenSize);
            _graph.Output(steps, "What it takes from where it looks.", Batch, Source, _encoder.OutputSize);
        }

        _graph.Output(Bridge("h", values.Hidden), "The decoder's states to start from.", LayerExport.StateSizes(_decoder));
        if (_decoder.HasCellState) _graph.Output(Bridge("c", values.CellState), "The states' second part.", LayerExport.StateSizes(_decoder));
        if (!_config.InputFeeding) return _graph.Graph;
        string shape = _graph.Concat("fed.shape", [_graph.Node("Shape", "fed.batch", [lengths]), _graph.Integers(_fed)], 0);
        _graph.Output(_graph.Node("ConstantOfShape", "fed_0", [shape]), "What the first step is fed: zero.", Batch, _fed);
        return _graph.Graph;
    }

    /// <summary>One token more of each target.</summary>
    public GraphProto Decoder()
    {
        string ids = _graph.Input("input_ids", DataType.Int64, "The last token of each target; the end token to begin with.", Batch);
        (string hidden, string? cellState) = _layers.StatesIn(_decoder, "States, the encoder's to begin with.");
        string embedding = _config.SharedVocabulary ? "embedding" : "decoder.embedding";
        string x = _graph.Node("Gather", "decoder.x", [_layers.Weight($"{embedding}.weight"), ids]);
        if (_config.InputFeeding)
        {
            // Beside the embedding, the last step's vector passes through the same product.
            string fed = _graph.Input("fed_0", DataType.Float, "fed_n of the last step, the encoder's to begin with.", Batch, _fed);
            _layers.Widen("decoder.weight_ih_l0", "decoder.feed.weight");
            x = _graph.Concat("decoder.fed", [x, fed], 1);
        }

        StackValues values = _layers.Recurrent.Write(_decoder, _graph.Unsqueeze("decoder.step", x, 0), null, hidden, cellState, withSteps: false);
        string state = _graph.Squeeze("decoder.state", values.Hidden[^1], 0);
        string joint = Attends ? _graph.Concat("attention.joint", [Attend(state), state], 1) : state;
        string output = _graph.Node("Tanh", "fed_n", [_layers.Linear("attention.combined", joint, "attention.combine.weight", "attention.combine.bias")]);
        string weight = _model.Config.TieWeights ? $"{embedding}.weight" : "head.weight";
        _graph.Output(
            _layers.Linear("logits", output, weight, "head.bias"), "Of the next token.", Batch, _model.TargetTokenizer.Vocabulary.Count);
        _layers.StatesOut(_decoder, values, "States for the next step.");
        if (_config.InputFeeding) _graph.Output(output, "What the next step is fed.", Batch, _fed);
        if (Attends) _graph.Output("attention", "Where it looked: a share for each token of the source.", Batch, Source);
        return _graph.Graph;
    }

    // The context [N,C] of a state [N,H].
    private string Attend(string state)
    {
        int size = _decoder.HiddenSize;
        string keys = _graph.Input("keys", DataType.Float, "The encoder's.", Batch, Source, size);
        string values = _graph.Input("values", DataType.Float, "The encoder's.", Batch, Source, _encoder.OutputSize);
        string lengths = _graph.Input("lengths", DataType.Int64, "Tokens of each source, as the encoder took them.", Batch);
        string scores;
        if (_config.Attention == AttentionKind.Additive)
        {
            string query = _layers.Linear("attention.query", state, "attention.query.weight", "attention.query.bias");
            string sum = _graph.Node("Add", "attention.sum", [keys, _graph.Unsqueeze("attention.beside", query, 1)]);
            string column = _graph.Node("Reshape", "attention.score.column", [_layers.Weight("attention.score.weight"), _graph.Integers(-1, 1)]);
            scores = _graph.Node("MatMul", "attention.scores", [_graph.Node("Tanh", "attention.tanh", [sum]), column]);
        }
        else
        {
            scores = _graph.Node("MatMul", "attention.scores", [keys, _graph.Unsqueeze("attention.query", state, 2)]);
        }

        // Past a source's end there is nothing to see. Time comes first in the mask: [S,N,1].
        string mask = RecurrentExport.Mask(_graph, "attention", _graph.Transpose("attention.first", scores, 1, 0, 2), lengths);
        string seen = _graph.Node("Where", "attention.seen", [_graph.Transpose("attention.inside.rows", mask, 1, 0, 2), scores, _graph.Float(float.MinValue)]);
        string weights = _graph.Node("Softmax", "attention", [_graph.Squeeze("attention.row", seen, 2)], GraphWriter.Attribute("axis", 1));
        string context = _graph.Node("MatMul", "attention.context", [_graph.Unsqueeze("attention.weights", weights, 1), values]);
        return _graph.Squeeze("attention.taken", context, 1);
    }

    // [layers,N,H] of the encoder's last states: each of the layer beside it or, where it has fewer, of its last; h through a tanh.
    private string Bridge(string part, string[] states)
    {
        string[] starts = new string[_decoder.Layers];
        for (int layer = 0; layer < starts.Length; layer++)
        {
            string name = $"bridge.{part}_l{layer}";
            string ends = _layers.States(name, states[Math.Min(layer, states.Length - 1)], _encoder);
            string start = _layers.Linear($"{name}.y", ends, $"{name}.weight", $"{name}.bias");
            if (part == "h") start = _graph.Node("Tanh", $"{name}.tanh", [start]);
            starts[layer] = _graph.Unsqueeze($"{name}.start", start, 0);
        }

        return _graph.Concat($"{part}_0", starts, 0);
    }
}
