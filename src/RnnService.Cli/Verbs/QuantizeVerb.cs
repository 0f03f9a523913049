using System.CommandLine;
using RnnService.Cli.Arguments;
using RnnService.Cli.Output;
using RnnService.Cli.Shell;
using RnnService.Engine.Kernels;
using RnnService.Engine.Models;
using RnnService.Onnx.Runtime;
using RnnService.Training.Corpora;
using RnnService.Training.Evaluation;

namespace RnnService.Cli.Verbs;

/// <summary><c>rnn quantize</c>: a model with narrower weights, and what that costs and gives.</summary>
internal sealed class QuantizeVerb : Verb
{
    private static readonly Dictionary<string, ElementType> Types =
        new[] { ElementType.I8, ElementType.BF16 }.ToDictionary(type => type.Dtype());

    private readonly CancellationToken _stop;
    private readonly Argument<string> _model = ModelArgument.Create();

    private readonly Option<string> _dtype = new("--dtype")
    {
        Description = "What the weights become: 8-bit integers with a scale a row, or the upper halves of 32-bit floats.",
        Required = true,
    };

    private readonly Option<string> _output = new("--out", "-o")
    {
        Description = "The model folder to write; it must not exist.",
        HelpName = "DIR",
        Required = true,
    };

    private readonly Option<string> _corpusFile = new("--corpus", "-c")
    {
        Description = "The development corpus, on which both models are scored.",
        HelpName = "FILE",
    };

    private readonly CorpusOptions _corpus;
    private readonly Option<bool> _force = new("--force") { Description = "Replace a model folder once the new one is whole." };
    private readonly Option<bool> _json = new("--json") { Description = "What was written and measured as one JSON object." };

    public QuantizeVerb(Terminal terminal, CancellationToken stop)
        : base(
            terminal, "quantize", "Makes a model folder with narrower weights.",
            """
            int8 takes a quarter of the bytes: every matrix, embeddings too, becomes integers of -127 to 127 and a scale for each row,
            and what it is multiplied with is rounded to 7 bits on the way. Biases stay as they are. bf16 takes half: every value keeps 8 of
            its 24 bits, and nothing else is rounded. The answers differ a little from the model's own: a corpus tells how much. Without one
            the new folder has no scores. Speed is that of reading the golden text, over and over, by the old and the new model in turns.

            The new folder has a card, README.md, with all that was measured. rnn export makes a file in 32-bit floats of it.
            """,
            "rnn quantize shakespeare --dtype int8 --out models/shakespeare-int8 --corpus data/shakespeare/valid.txt",
            "rnn quantize pos --dtype bf16 --out models/pos-bf16 --corpus data/ewt-pos/dev.conllu --force")
    {
        _stop = stop;
        _dtype.AcceptOnlyFromAmong([.. Types.Keys]);
        Add(_model);
        Add(_dtype);
        Add(_output);
        Add(_corpusFile);
        _corpus = new CorpusOptions(this);
        Add(_force);
        Add(_json);
        Validators.Add(given =>
        {
            if (given.GetResult(_corpusFile) is not null) return;
            foreach (Option option in _corpus.All.Where(option => given.GetResult(option) is { Implicit: false }))
                given.AddError($"{option.Name} says how a corpus is read; expected --corpus beside it.");
        });
    }

    protected override int Run(ParseResult parsed)
    {
        string given = parsed.GetValue(_model)!, dtype = parsed.GetValue(_dtype)!, output = parsed.GetValue(_output)!;
        LoadedModel source = ModelArgument.Load(Terminal, given);
        if (source.Dtype is not { } was)
        {
            throw new CommandException(
                $"{given} is computed by {OnnxRuntimeNetwork.Name}; expected a model with weights of this engine's own: "
                + "rnn import may read them");
        }

        if (was == dtype) throw new CommandException($"{given} has {dtype} weights already; expected wider ones");
        if (was == ElementType.I8.Dtype())
            throw new CommandException($"{given} has {was} weights, which lost what {dtype} would keep; expected the model it was made from");

        var folder = new NewFolder(output, parsed.GetValue(_force), [source.File]);
        CorpusSource? corpus = parsed.GetValue(_corpusFile) is { } file ? _corpus.SourceOf(parsed, file, source.Model.Config.Task) : null;
        using var signals = new StopSignals(Terminal.Error, _stop);
        try
        {
            QuantizedCard? card = null;
            LoadedModel made = Terminal.While("rounding and measuring", () =>
            {
                ValidationScore? before = corpus is null ? null : Evaluator.Score(source.Model, corpus);
                return folder.Fill(
                    path =>
                    {
                        ModelFolder.Save(path, source.Model, source.Golden!.Input, Types[dtype]);
                        LoadedModel narrow = ModelFolder.Load(path);
                        signals.Token.ThrowIfCancellationRequested();
                        ValidationScore? after = corpus is null ? null : Evaluator.Score(narrow.Model, corpus);
                        signals.Token.ThrowIfCancellationRequested();
                        // The scores of other weights are none of these, and the corpus may be any.
                        IReadOnlyDictionary<string, double> metrics = after?.Metrics() ?? new Dictionary<string, double>();
                        ModelFolder.SaveConfig(path, source.Model.Config with { Metrics = metrics });
                        card = new QuantizedCard
                        {
                            Source = source,
                            Result = narrow,
                            Before = before,
                            After = after,
                            TokensPerSecond = ReadingSpeed.InTurns(source.Model, narrow.Model, source.Golden.Input),
                            Command = CommandLines.Of(parsed),
                            EvaluateCommand = corpus is null
                                ? null
                                : CommandLines.Of(parsed, ["evaluate", output], [_corpusFile, .. _corpus.All]),
                        };
                        card.Write(path, Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(output))));
                    },
                    stop: signals.Token);
            });
            Show(card!, made, output, parsed.GetValue(_json));
            return ExitCode.Done;
        }
        catch (OperationCanceledException)
        {
            return signals.Code;
        }
    }

    private void Show(QuantizedCard card, LoadedModel made, string folder, bool json)
    {
        LoadedModel source = card.Source;
        if (json)
        {
            Terminal.Out.WriteJson(new
            {
                made.Name,
                Folder = folder,
                made.Dtype,
                made.Bytes,
                made.Sha256,
                Score = card.After,
                TokensPerSecond = card.TokensPerSecond.After,
                MadeFrom = new
                {
                    source.Name,
                    source.Dtype,
                    source.Bytes,
                    source.Sha256,
                    Score = card.Before,
                    TokensPerSecond = card.TokensPerSecond.Before,
                },
            });
            return;
        }

        Terminal.Out.WriteLine($"{folder}: {Descriptions.Of(made.Model)}, {made.Dtype}");
        foreach (var (what, before, after, change) in card.Rows())
            Terminal.Out.WriteLine($"{what}: {before} before, {after} now ({change})");
        if (card.After is null) Terminal.Out.WriteLine("What the answers lost is not known: --corpus measures it.");
    }
}
