using System.CommandLine;
using RnnService.Cli.Output;
using RnnService.Cli.Shell;
using RnnService.Engine.Models;
using RnnService.Onnx.Import;
using RnnService.Training.Cards;

namespace RnnService.Cli.Verbs;

/// <summary><c>rnn import</c>: a model folder of what PyTorch saved or an exporter wrote.</summary>
internal sealed class ImportVerb : Verb
{
    private readonly CancellationToken _stop;

    private readonly Option<string> _weights = new("--weights")
    {
        Description = "A PyTorch state dict in a safetensors file, F32, F16 or BF16; with --config and --vocab.",
        HelpName = "FILE",
    };

    private readonly Option<string> _onnx = new("--onnx")
    {
        Description = "An ONNX file; a file of rnn export needs neither --config nor --vocab.",
        HelpName = "FILE",
    };

    private readonly Option<bool> _asIs = new("--as-is") { Description = "Keep the ONNX file: ONNX Runtime computes the model, whatever its graph." };

    private readonly Option<string> _outputName = new("--output-name")
    {
        Description = "The output of the ONNX graph that gives the logits, where several could.",
        HelpName = "NAME",
    };

    private readonly Option<string> _labels = new("--labels")
    {
        Description = "Names of the labels of an ONNX graph in the order of its outputs, separated by commas.",
        HelpName = "NAMES",
    };

    private readonly Option<string> _config = new("--config")
    {
        Description = "What the model is, in JSON.",
        HelpName = "FILE",
    };

    private readonly Option<string> _vocabulary = new("--vocab")
    {
        Description = "Its tokens: in a .json file a list, an object from token to id, or a vocab.json; in any other file a token a line.",
        HelpName = "FILE",
    };

    private readonly Option<string> _map = new("--map")
    {
        Description = "A JSON object from the tensors' names to this engine's; \"lstm.*\": \"rnn.*\" renames many, null leaves out.",
        HelpName = "FILE",
    };

    private readonly Option<string> _unknownToken = new("--unknown-token")
    {
        Description = "The token that stands for unknown ones, where it has no usual name.",
        HelpName = "TOKEN",
    };

    private readonly Option<string> _check = new("--check")
    {
        Description = "Ids or texts with the logits that the model gave where it was trained, in JSON; other answers are an error.",
        HelpName = "FILE",
    };

    private readonly Option<string> _golden = new("--golden")
    {
        Description = "The text whose answer is checked at every load; unless given, one is made of the vocabulary.",
        HelpName = "TEXT",
    };

    private readonly Option<string> _output = new("--out", "-o")
    {
        Description = "The model folder to write; it must not exist.",
        HelpName = "DIR",
        Required = true,
    };

    private readonly Option<bool> _force = new("--force") { Description = "Replace a model folder once the new one is whole." };
    private readonly Option<bool> _json = new("--json") { Description = "What was imported as one JSON object." };

    public ImportVerb(Terminal terminal, CancellationToken stop)
        : base(
            terminal, "import", "Makes a model folder of a PyTorch state dict or an ONNX file.",
            """
            In PyTorch: safetensors.torch.save_file(model.state_dict(), "model.safetensors").

            Expected tensors: embedding.weight; rnn.weight_ih_l0, rnn.weight_hh_l0, rnn.bias_ih_l0, rnn.bias_hh_l0, further layers with _l1 and
            so on, the other direction with _reverse; head.weight, head.bias. Other names are understood where they and the shapes leave no
            doubt (module.lstm.*, cell.weight_ih, fc.*), and the import says how; a map file settles the rest:
            {"encoder.*": "embedding.*", "lstm.*": "rnn.*", "fc.*": "head.*", "criterion.*": null}. A layer without any bias gets zeros.
            Weight drop, pruning and weight norm are undone. A head of one row is a sigmoid, and its labels are two. Everything that is
            missing, misshapen, transposed or has no place is listed together.

            Weights do not show everything: not the order of the gates, nor the pooling, nor what was done with padding. What is assumed is
            said, and --check proves it: [{"ids": [4, 2, 7], "logits": [0.5, -1.25]}, …], for taggers and language models a list of logits for
            each id. In PyTorch, after model.eval(): json.dump([{"ids": x, "logits": model(torch.tensor([x]))[0].tolist()} for x in samples],
            open("check.json", "w")). Where the numbers differ, the usual mistakes are tried, and the one that explains it is named.

            The configuration takes the fields of config.json and their usual other names: task (text-generation, text-classification,
            token-classification), cell (rnn_tanh, rnn_relu, gru, lstm), num_layers, vocab_size, num_labels, id2label, label2id and others.
            Sizes, layers and directions may be left out: the weights tell them. Without names, labels are LABEL_0, LABEL_1 and so on.
            Without a tokenizer, a language model whose tokens are all single characters reads characters; every other model splits at
            white space. "tokenizer": "english" also splits off punctuation and clitics.

            An ONNX graph is read into this engine's weights: RNN, GRU and LSTM nodes between a Gather and a MatMul or Gemm. Both are run on
            random texts, and a difference is an error. What the graph says need not be in the configuration. A graph of another form is refused
            with the first operator that does not fit; --as-is takes it as it is, and then the configuration says what the graph does not.

            A graph with one float input [batch, time, features] or [time, batch, features], lengths and states beside it at most, reads numbers: it
            needs no vocabulary, and ONNX Runtime computes it. --labels names what it tells; a task in the configuration (classifier, tagger,
            regressor, forecaster, transcriber) says what else its outputs are.

            <unk>, [UNK], <oov> and the like stand for unknown tokens, <pad>, [PAD] for padding, </s>, <eos>, [EOS], <|endoftext|> for the
            end. A classifier or tagger without any token for unknown ones takes token 0.
            """,
            "rnn import --weights model.safetensors --config config.json --vocab vocab.txt --out models/reviews",
            "rnn import --weights model.safetensors --config config.json --vocab vocab.json --map names.json --out models/reviews --force",
            "rnn import --weights model.safetensors --config config.json --vocab vocab.json --check check.json --out models/reviews",
            "rnn import --weights lm.safetensors --config lm.json --vocab chars.json --golden \"Once upon a time\" --out models/tales",
            "rnn import --onnx tagger.onnx --vocab words.txt --out models/tags",
            "rnn import --onnx other.onnx --as-is --config config.json --vocab words.txt --out models/other",
            "rnn import --onnx gestures.onnx --labels rest,wave,circle --out models/gestures")
    {
        _stop = stop;
        Add(_weights);
        Add(_onnx);
        Add(_asIs);
        Add(_outputName);
        Add(_labels);
        Add(_config);
        Add(_vocabulary);
        Add(_map);
        Add(_unknownToken);
        Add(_check);
        Add(_golden);
        Add(_output);
        Add(_force);
        Add(_json);
        Validators.Add(given =>
        {
            bool hasWeights = given.GetResult(_weights) is not null, hasOnnx = given.GetResult(_onnx) is not null;
            if (hasWeights == hasOnnx) given.AddError("Expected either --weights or --onnx.");
            if (hasWeights && given.GetResult(_config) is null) given.AddError("--weights alone makes no model; expected --config beside it.");
            if (hasWeights && given.GetResult(_vocabulary) is null) given.AddError("--weights alone makes no model; expected --vocab beside it.");
            if (!hasOnnx && given.GetValue(_asIs)) given.AddError("--as-is is for --onnx.");
            if (!hasOnnx && given.GetResult(_outputName) is not null) given.AddError("--output-name is for --onnx.");
            if (!hasOnnx && given.GetResult(_labels) is not null) given.AddError("--labels is for --onnx.");
            if (hasOnnx && given.GetResult(_map) is not null) given.AddError("--map is for --weights.");
        });
    }

    protected override int Run(ParseResult parsed)
    {
        string folder = parsed.GetValue(_output)!;
        using var signals = new StopSignals(Terminal.Error, _stop);
        try
        {
            var (imported, loaded) = Terminal.While("importing", () =>
            {
                ImportedModel imported = Read(parsed);
                return (imported, ModelImport.Write(imported, folder, parsed.GetValue(_golden), parsed.GetValue(_force), signals.Token));
            });
            Show(imported, loaded, folder, parsed.GetValue(_json));
            return ExitCode.Done;
        }
        catch (OperationCanceledException)
        {
            return signals.Code;
        }
    }

    private ImportedModel Read(ParseResult parsed)
    {
        var description = new ImportDescription(
            parsed.GetValue(_config), parsed.GetValue(_vocabulary), parsed.GetValue(_unknownToken), parsed.GetValue(_check));
        if (parsed.GetValue(_weights) is { } weights) return ModelImport.FromStateDict(weights, description, parsed.GetValue(_map));
        description = description with { OutputName = parsed.GetValue(_outputName), Labels = parsed.GetValue(_labels)?.Split(',', StringSplitOptions.TrimEntries) };
        string onnx = parsed.GetValue(_onnx)!;
        return parsed.GetValue(_asIs) ? ModelImport.AsIs(onnx, description) : ModelImport.FromOnnx(onnx, description);
    }

    private void Show(ImportedModel imported, LoadedModel loaded, string folder, bool json)
    {
        if (json)
        {
            Terminal.Out.WriteJson(new
            {
                loaded.Name,
                Folder = folder,
                loaded.Model.Config,
                loaded.Model.Network.Backend,
                VocabularySize = (loaded.Model as TextModel)?.Vocabulary.Tokens.Count,
                imported.Tensors,
                loaded.Parameters,
                loaded.Bytes,
                loaded.Sha256,
                imported.Notes,
            });
            return;
        }

        // A map at the end of a note is to be copied.
        foreach (string note in imported.Notes) Terminal.Out.WriteLine(note.EndsWith('}') ? note : $"{note}.");
        Terminal.Out.WriteLine($"Read {Figures.Count(imported.Tensors)} tensors from {imported.Files[0]}.");
        Terminal.Out.WriteLine($"{folder}: {Descriptions.Of(loaded.Model)}");
        if (loaded.Model is TextModel) Terminal.Out.WriteLine($"Try it: rnn {TrainedCard.VerbOf(loaded.Model.Config.Task)} {folder} \"a text\"");
        Terminal.Out.WriteLine("A service that finds the folder among its models serves it from its next start on.");
    }
}
