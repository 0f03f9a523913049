using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using RnnService.Onnx.Runtime.Signatures;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Export;

/// <summary>Writes the graph of one model of any task: what stands around its recurrent stack. Used once.</summary>
internal sealed class TaskExport
{
    private const string Batch = "batch", Time = "time", Characters = "characters", Words = "words";

    private readonly TextModel _model;
    private readonly GraphWriter _graph;
    private readonly LayerExport _layers;
    private readonly RecurrentStack _stack;

    public TaskExport(TextModel model, int opset)
    {
        _model = model;
        _graph = new GraphWriter(opset);
        _layers = new LayerExport(_graph, model.Parameters);
        _layers.Calibrate(model.Config.Calibration);
        ModelConfig config = model.Config;
        _stack = new RecurrentStack(
            config.Cell, "rnn", config.HiddenSize, config.Layers, config.Direction);
    }

    public GraphProto Write()
    {
        string ids = _graph.Input("input_ids", DataType.Int64, "Ids of the tokens; anything past a row's length.", Batch, Time);
        string lengths = _graph.Input("lengths", DataType.Int64, "Tokens of each row.", Batch);
        switch (_model.Config.Task)
        {
            case ModelTask.LanguageModel:
                LanguageModel(ids, lengths);
                break;
            case ModelTask.Classifier:
                Classifier(ids, lengths);
                break;
            default:
                Tagger(ids, lengths);
                break;
        }

        return _graph.Graph;
    }

    private void LanguageModel(string ids, string lengths)
    {
        (string hidden, string? cellState) = _layers.StatesIn(_stack, "States to start from, zero for a new text.");
        StackValues values = _layers.Recurrent.Write(_stack, _layers.Embed("embedding", ids), lengths, hidden, cellState, withSteps: true);
        string weight = _model.Config.TieWeights ? "embedding.weight" : "head.weight";
        string rows = _graph.Transpose("head.rows", values.Steps, 1, 0, 2);
        StepLogits(ids, rows, weight, _model.Vocabulary.Tokens.Count, "Of the next token, after each.", Time);
        _layers.StatesOut(_stack, values, "States after each row's last token.");
    }

    private void Classifier(string ids, string lengths)
    {
        lengths = _layers.Positive(lengths);
        string x = OnBase(_layers.Embed("embedding", ids), lengths);
        Pooling pooling = _model.Config.Pooling;
        StackValues values = _layers.Recurrent.Write(_stack, x, lengths, null, null, withSteps: pooling != Pooling.Last);
        int labels = _model.Config.Labels.Count;
        _graph.Output(_layers.Answer("logits", values, lengths, pooling, _stack), "Of each label.", Batch, labels);
    }

    private void Tagger(string ids, string lengths)
    {
        string x = _layers.Embed("embedding", ids);
        if (_model.Config.Characters is { } characters) x = _graph.Concat("words", [x, Spell(characters)], 2);
        x = OnBase(x, lengths);
        StackValues values = _layers.Recurrent.Write(_stack, x, lengths, null, null, withSteps: true);
        string rows = _graph.Transpose("head.rows", values.Steps, 1, 0, 2), sizes = ids, dimension = Time;
        if (_model.Config.Tokenizer == Tokenization.Subwords)
        {
            sizes = _graph.Input(GraphSignature.WordEndsName, DataType.Int64, "Where each word's last token stands, rising; 0 past a row's last word.", Batch, Words);
            (rows, dimension) = (OfWords(rows, sizes), Words);
        }

        StepLogits(sizes, rows, "head.weight", _model.Config.NetworkLabels.Count, "Of each word's labels.", dimension);
        GraphTransitions.Write(_graph, _model.Parameters);
    }

    // What the encoder reads [T,N,D+B] of the input x [T,N,D] and a base, if there is one: both side by side.
    private string OnBase(string x, string lengths)
    {
        if (_model.Config.Base is not { } sizes) return x;
        var below = new RecurrentStack(_model.Config.Cell, "base", sizes.HiddenSize, sizes.Layers, Direction.Forward);
        return _graph.Concat("base.beside", [x, _layers.Recurrent.Write(below, x, lengths, null, null, withSteps: true).Steps], 2);
    }

    // Every word's two last states [T,N,2·H] from its characters; zero for a word of none.
    private string Spell(CharacterConfig characters)
    {
        string ids = _graph.Input(
            "character_ids", DataType.Int64,
            $"Ids of the characters of each word, of a long one the first {ModelVocabulary.HeadCharacters} and the last "
            + $"{ModelVocabulary.TailCharacters}; anything past a word's length.",
            Batch, Time, Characters);
        string lengths = _graph.Input(
            "character_lengths", DataType.Int64, "Characters of each word; 0 past a row's last word.", Batch, Time);
        var reader = new RecurrentStack(_model.Config.Cell, "characters.rnn", characters.HiddenSize, Layers: 1, Direction.Bidirectional);

        // Words of all rows side by side: [characters, N·T].
        string first = _graph.Transpose("characters.first", ids, 2, 0, 1);
        string flat = _graph.Node("Reshape", "characters.flat", [first, _graph.Integers(0, -1)]);
        string x = _graph.Node("Gather", "characters.embedded", [_layers.Weight("characters.embedding.weight"), flat]);
        string each = _graph.Node("Reshape", "characters.lengths", [lengths, _graph.Integers(-1)]);
        StackValues values = _layers.Recurrent.Write(reader, x, each, null, null, withSteps: false);

        string states = _layers.States("characters", values.Hidden[0], reader);
        string shape = _graph.Concat(
            "characters.shape", [_graph.Node("Shape", "characters.words", [lengths]), _graph.Integers(reader.OutputSize)], 0);
        return _graph.Transpose("characters.spelled", _graph.Node("Reshape", "characters.rows", [states, shape]), 1, 0, 2);
    }

    // What stands for words [N,words,W] of all steps [N,T,W]: what was read forward of a word's last token, what was read in reverse of its first.
    private string OfWords(string rows, string ends)
    {
        int size = _stack.HiddenSize;
        Direction direction = _model.Config.Direction;
        string? forward = direction == Direction.Reverse ? null : At("words.last", ends), reverse = direction == Direction.Forward ? null : At("words.first", Firsts());
        if (forward is null || reverse is null) return (forward ?? reverse)!;
        return _graph.Concat("words.both", [Columns("words.forward", forward, 0, size), Columns("words.reverse", reverse, size, 2 * size)], 2);

        // One after the last token of the word before; past a row's last word 0, whatever is before.
        string Firsts()
        {
            string zero = _graph.Node("Mul", "words.zero", [_graph.Node("Slice", "words.head", [ends, _graph.Integers(0), _graph.Integers(1), _graph.Integers(1)]), _graph.Integer(0)]);
            string before = _graph.Node("Slice", "words.before", [ends, _graph.Integers(0), _graph.Integers(-1), _graph.Integers(1)]);
            string next = _graph.Concat("words.next", [zero, _graph.Node("Add", "words.after", [before, _graph.Integer(1)])], 1);
            return _graph.Node("Min", "words.firsts", [next, ends]);
        }

        string At(string name, string steps) =>
            _graph.Node("GatherND", name, [rows, _graph.Unsqueeze($"{name}.places", steps, 2)], GraphWriter.Attribute("batch_dims", 1));

        string Columns(string name, string x, int from, int to) => _graph.Node("Slice", name, [x, _graph.Integers(from), _graph.Integers(to), _graph.Integers(2)]);
    }

    // Logits [N,steps,outputs] of rows [N,steps,width], where something else has the sizes [N,steps].
    private void StepLogits(string like, string rows, string weight, int outputs, string doc, string dimension) => _graph.Output(
        _layers.StepLinear("logits", "head", _graph.Node("Shape", "head.sizes", [like]), rows, weight, "head.bias"), doc, Batch, dimension, outputs);
}
