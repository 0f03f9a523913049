using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using RnnService.Cli.Arguments;
using RnnService.Cli.Output;
using RnnService.Cli.Shell;
using RnnService.Engine.Models;
using RnnService.Engine.Weights;
using Spectre.Console;

namespace RnnService.Cli.Verbs;

/// <summary><c>rnn inspect</c>: what a model folder or a weight file holds, and what a model does while it reads a text.</summary>
internal sealed class InspectVerb : Verb
{
    private const string WeightExtension = ".safetensors", WeightFile = "model" + WeightExtension;
    private const string StandardOutput = "-";
    private const int LongestFact = 100;

    private readonly Argument<string> _what = new("MODEL|FILE")
    {
        Description = $"A model folder, the name of one under models/, or a {WeightExtension} file.",
    };

    private readonly Option<bool> _json = new("--json") { Description = "Everything as one JSON object." };

    private readonly Option<string> _text = new("--text")
    {
        Description = "A text to read: draws what the model's units do meanwhile as a heat map and, of a classifier, the running score and each token's share.",
        HelpName = "TEXT",
    };

    private readonly LookOptions _look = new();

    private readonly Option<string> _out = new("--out")
    {
        Description = "Where to put the heat map; - for standard output. [default: MODEL.svg in the current folder]",
        HelpName = "FILE",
    };

    public InspectVerb(Terminal terminal)
        : base(
            terminal, "inspect", "Shows what a model or a weight file holds.",
            "A model is loaded, which checks its golden answer: one that no longer gives it is an error.",
            "rnn inspect shakespeare",
            "rnn inspect models/pos/model.safetensors",
            "rnn inspect sentiment --text \"A lovely film.\" --out lovely.svg",
            "rnn inspect shakespeare --text \"ROMEO: What light\" --of forget --layer 1")
    {
        Add(_what);
        Add(_text);
        _look.AddTo(this);
        Add(_out);
        Add(_json);
        Validators.Add(given =>
        {
            if (given.GetResult(_text) is null && given.Children.OfType<OptionResult>().FirstOrDefault(one => one.Option == _out || _look.All.Contains(one.Option)) is { Implicit: false } alone)
                given.AddError($"{alone.Option.Name} is about a text; expected --text \"…\" with it.");
        });
    }

    protected override int Run(ParseResult parsed)
    {
        string what = parsed.GetValue(_what)!;
        bool json = parsed.GetValue(_json);
        if (parsed.GetValue(_text) is { } text) ShowText(parsed, ModelArgument.LoadToInspect(Terminal, what), text, json);
        else if (what.EndsWith(WeightExtension, StringComparison.OrdinalIgnoreCase)) ShowFile(SafeTensorsFile.Open(what), json);
        else ShowModel(ModelArgument.Find(what), json);
        return ExitCode.Done;
    }

    private void ShowText(ParseResult parsed, LoadedModel loaded, string text, bool json)
    {
        TextPicture picture = TextPicture.Of(loaded, text, _look.Of(parsed, loaded.TextModel));
        if (json)
        {
            Terminal.Out.WriteJson(picture.ToJson());
            return;
        }

        string file = parsed.GetValue(_out) ?? $"{loaded.Name}.svg";
        if (file == StandardOutput)
        {
            Terminal.Out.Write(picture.ToSvg());
            return;
        }

        File.WriteAllText(file, picture.ToSvg());
        Terminal.Out.WriteLine(picture.Title);
        Terminal.Out.WriteLine(file);
    }

    private void ShowModel(string folder, bool json)
    {
        LoadedModel loaded = ModelArgument.Load(Terminal, folder);
        Model model = loaded.Model;
        int? tokens = (model as TextModel)?.Vocabulary.Tokens.Count;
        // The tensors of a graph are ONNX Runtime's business.
        SafeTensorsFile? weights = Path.GetFileName(loaded.File) == WeightFile ? SafeTensorsFile.Open(loaded.File) : null;
        ModelConfig config = model.Config;
        if (json)
        {
            Terminal.Out.WriteJson(new
            {
                loaded.Name,
                Config = config,
                VocabularySize = tokens,
                loaded.Parameters,
                loaded.Bytes,
                loaded.Sha256,
                model.Network.Backend,
                loaded.Dtype,
                Tensors = weights is null ? null : TensorsOf(weights),
            });
            return;
        }

        var facts = new List<(string Name, string Value)>
        {
            ("name", loaded.Name),
            ("task", Descriptions.Of(config.Task)),
            ("network", Descriptions.Network(config)),
            ("backend", model.Network.Backend),
        };
        if (tokens is { } count)
        {
            facts.Add(("embedding", $"{config.EmbeddingSize} wide, {Figures.Count(count)} tokens"));
            facts.Add(("tokenizer", config.Tokenizer.ToString().ToLowerInvariant() + (config.LowerCase ? ", lower case" : "")));
        }

        if (config.Numbers is { } numbers) facts.Add(("input", $"{numbers.Features} numbers a step{(numbers.Audio is null ? "" : ", made of sound")}"));
        if (loaded.Dtype is { } dtype) facts.Insert(4, ("dtype", dtype));
        if (config.Task == ModelTask.Classifier) facts.Add(("pooling", config.Pooling.ToString().ToLowerInvariant()));
        if (config.Characters is { } characters)
            facts.Add(("spelling", $"characters {characters.EmbeddingSize} wide, bidirectional {characters.HiddenSize}"));
        if (config.Base is { } under) facts.Add(("base", $"{config.CellName()}, {under.Layers} × {under.HiddenSize}, beside the embedding"));
        if (config.Labels.Count > 0) facts.Add(("labels", string.Join(", ", config.Labels)));
        if (config.Description is { } description) facts.Add(("description", description));
        if (config.License is { } license) facts.Add(("license", license));
        facts.AddRange(config.Metrics.Select(metric => (metric.Key, metric.Value.ToString("0.####", CultureInfo.InvariantCulture))));
        facts.Add(("parameters", Figures.Count(loaded.Parameters)));
        facts.Add(("bytes", Figures.Count(loaded.Bytes)));
        facts.Add(("sha256", loaded.Sha256));
        facts.Add(("golden answer", loaded.Golden is null ? "none" : "as kept"));
        ShowFacts(facts);
        if (weights is not null) ShowTensors(weights);
    }

    private void ShowFile(SafeTensorsFile file, bool json)
    {
        if (json)
        {
            Terminal.Out.WriteJson(new { file.Metadata, Tensors = TensorsOf(file) });
            return;
        }

        ShowFacts([.. file.Metadata.Select(fact => (fact.Key, Shorten(fact.Value)))]);
        ShowTensors(file);
    }

    private void ShowFacts(List<(string Name, string Value)> facts)
    {
        if (facts.Count == 0) return;
        int width = facts.Max(fact => fact.Name.Length);
        foreach (var (name, value) in facts) Terminal.Out.WriteLine($"{name.PadRight(width)}  {value}");
        Terminal.Out.WriteLine();
    }

    private static IEnumerable<TensorFacts> TensorsOf(SafeTensorsFile file) =>
        file.Names.Select(name => new TensorFacts(name, file.TypeOf(name).ToString(), file.ShapeOf(name)));

    private void ShowTensors(SafeTensorsFile file)
    {
        var table = new Table().Border(TableBorder.Simple);
        table.AddColumn("tensor").AddColumn("type").AddColumn("shape").AddColumn(new TableColumn("values").RightAligned());
        foreach (var (name, type, shape) in TensorsOf(file))
        {
            long values = shape.Aggregate(1L, (product, size) => product * size);
            table.AddRow(Markup.Escape(name), type, Markup.Escape($"[{string.Join(", ", shape)}]"), Figures.Count(values));
        }

        Terminal.Console.Write(table);
    }

    // A checkpoint's metadata holds its whole recipe.
    private static string Shorten(string value)
    {
        string line = value.ReplaceLineEndings(" ");
        return line.Length <= LongestFact ? line : line[..LongestFact] + "…";
    }

    private sealed record TensorFacts(string Name, string Type, IReadOnlyList<int> Shape);
}
