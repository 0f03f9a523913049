using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Training.Corpora;
using RnnService.Training.Evaluation;
using RnnService.Training.Recipes;

namespace RnnService.Training.Cards;

/// <summary>
/// The card of a model that was trained here: what it is, what it was made of and how well it does. What only its owner knows, the licence of
/// the corpora and what the model is no good for, is left to be filled in, and said so.
/// </summary>
internal sealed record TrainedCard
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The model's folder; its name is the model's.</summary>
    public required string Folder { get; init; }

    /// <summary>The model.</summary>
    public required Model Model { get; init; }

    /// <summary>What made it.</summary>
    public required Recipe Recipe { get; init; }

    /// <summary>What it was trained on, and what chose the best weights.</summary>
    public required CorpusReport Corpus { get; init; }

    /// <summary>The best score on the validation part.</summary>
    public required ValidationScore Score { get; init; }

    /// <summary>Passes over the corpus until then.</summary>
    public required double Epochs { get; init; }

    /// <summary>The day.</summary>
    public required DateOnly Date { get; init; }

    private string Name => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Folder)));

    // Where the other models are, commands are given from the folder above; elsewhere from the one that holds the model.
    private string Argument
    {
        get
        {
            string? parent = Path.GetFileName(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Folder))));
            return parent == "models" ? $"models/{Name}" : Name;
        }
    }

    private ModelConfig Config => Model.Config;

    private string Verb => VerbOf(Config.Task);

    /// <summary>The command's verb for models of a task.</summary>
    public static string VerbOf(ModelTask task) => task switch
    {
        ModelTask.LanguageModel => "generate",
        ModelTask.Classifier => "classify",
        ModelTask.Translator => "translate",
        ModelTask.Transcriber => "transcribe",
        ModelTask.Regressor or ModelTask.Forecaster => "evaluate", // the service answers them
        _ => "tag",
    };

    /// <summary>The service's route for texts of a task.</summary>
    public static string RouteOf(ModelTask task) => task == ModelTask.Translator ? "/generate" : $"/{VerbOf(task)}";

    /// <summary>The card, Markdown. It names corpora by their file names, never by their place on the machine.</summary>
    public string Text()
    {
        var card = new StringBuilder();
        Line($"# {Name}");
        Line();
        Line(Config.Description ?? WhatItDoes());
        Line();
        Line("| | |");
        Line("|---|---|");
        Line($"| network | {Network()}; {Count(Model.Network.ParameterCount)} values |");
        if (Config.Labels.Count > 0) Line($"| labels | {Labels()} |");
        if (Recipe.From is { } from) Line($"| started from | `{Cell(FileName(Path.TrimEndingDirectorySeparator(from)))}`, weights {Recipe.FromWeights?[..12]}… |");
        Line($"| data | {Files(Recipe.Data.Train)}: {Size(Corpus.Train)} |");
        Line($"| validation | {Validation()}: {Size(Corpus.Valid)} |");
        Line($"| licence | {Config.License ?? "not known: depends on the corpora; to be filled in"} |");
        foreach (var (name, value) in Score.Metrics()) Line($"| validation {name.Replace('_', ' ')} | {Figure(name, value)} |");
        Line(FormattableString.Invariant($"| trained | {Date:yyyy-MM-dd}, best after {Epochs:0.##} of {Recipe.Training.Epochs} epochs |"));
        Line();
        string by = Recipe.Training.BestBy is null ? "" : $" by {Score.Metric.Replace('_', ' ')}";
        Line($"The best weights were chosen on the validation part{by}, so its scores are a little kind: measure on texts that were in neither part.");
        Line();
        Line($"    rnn train {Quoted($"{Argument}/training/recipe.json")} --data DATA --output NEW");
        Line($"    rnn evaluate {Quoted(Argument)} --corpus FILE");
        if (Config.Numbers is null)
        {
            Line($"    rnn {Verb} {Quoted(Argument)} {Quoted(Recipe.GoldenInput)}");
            Line($"    curl localhost:8080{RouteOf(Config.Task)} -H 'content-type: application/json' -d {Quoted(Request())}");
        }

        Line();
        Line("`DATA` is the folder that the [recipe](training/recipe.json)'s corpus paths start from, `NEW` another model folder.");
        Line("[log](training/log.jsonl) · [curve](training/curve.svg)");
        Line();
        Line($"**Not good for** {(Config.Numbers is null ? "texts of another kind or language" : "sequences of another kind")} than the corpora above; what else is to be filled in.");
        return card.ToString();

        void Line(string line = "") => card.Append(line).Append('\n');
    }

    private string Request() =>
        JsonSerializer.Serialize(new Dictionary<string, string> { ["inputs"] = Recipe.GoldenInput, ["model"] = Name }, Readable);

    private string WhatItDoes() => Config.Task switch
    {
        ModelTask.LanguageModel => $"Continues texts, {Tokenizer.UnitOf(Config.Tokenizer)} by {Tokenizer.UnitOf(Config.Tokenizer)}.",
        ModelTask.Transcriber => "Writes down what is said.",
        ModelTask.Forecaster => $"Tells the next {Config.Numbers!.Horizon} steps of a sequence of numbers.",
        ModelTask.Regressor => $"Gives a sequence of numbers, or every step of it, {Config.Labels.Count} values.",
        ModelTask.Classifier when Config.MultiLabel is true => $"Gives a text those of {Config.Labels.Count} labels that fit.",
        ModelTask.Classifier => $"Gives a {(Config.Numbers is null ? "text" : "sequence of numbers")} one of {Config.Labels.Count} labels.",
        ModelTask.Tagger when Config.Numbers is not null => $"Gives every step of a sequence of numbers one of {Config.Labels.Count} labels.",
        ModelTask.Translator => "Reads a text and writes another, as the corpora have them.",
        _ => $"Gives every word of a text one of {Config.Labels.Count} labels.",
    };

    private string Network()
    {
        string spelling = Config.Characters is { } characters ? $" beside a character network 2×{characters.HiddenSize}" : "";
        string ways = Config.Direction switch
        {
            Direction.Bidirectional => ", both ways",
            Direction.Reverse => ", from the end",
            _ => "",
        };
        string layers = Config.Layers == 1 ? "" : $"{Config.Layers} layers ";
        string pooling = Config.Task == ModelTask.Classifier
            ? Config.Pooling switch
            {
                Pooling.Max => ", maximum over time",
                Pooling.Mean => ", mean over time",
                Pooling.Concat => ", last state beside maximum and mean over time",
                Pooling.Attention => ", weighted mean over time",
                _ => ", last state",
            }
            : "";
        if (Config.Decoder is { } decoder)
        {
            string attention = decoder.Attention == AttentionKind.None ? "no attention" : $"{decoder.Attention.ToString().ToLowerInvariant()} attention";
            string decoderLayers = decoder.Layers == 1 ? "" : $"{decoder.Layers} layers ";
            return $"embedding {Config.EmbeddingSize} → {layers}{Config.CellName()} {Config.HiddenSize}{ways} → {attention}"
                + $"{(decoder.InputFeeding ? ", input feeding" : "")} → {decoderLayers}{Config.CellName()} {decoder.HiddenSize ?? Config.HiddenSize} → "
                + $"{Count(((Translator)Model).TargetTokenizer.Vocabulary.Count)} tokens";
        }

        if (Config.Numbers is { } numbers)
        {
            string reads = numbers.Audio is null ? "" : ", made of sound";
            string gives = Config.Task == ModelTask.Forecaster ? $"{numbers.Horizon} steps" : $"{Config.Labels.Count} {(Config.Task == ModelTask.Transcriber ? "symbols and the blank" : Config.Task == ModelTask.Regressor ? "values" : $"labels{Chain}")}";
            return $"{numbers.Features} numbers a step{reads} → {layers}{Config.CellName()} {Config.HiddenSize}{ways}{pooling} → {gives}";
        }

        string below = Config.Base is { } under ? $" → {(under.Layers == 1 ? "" : $"{under.Layers} layers ")}{Config.CellName()} {under.HiddenSize}, beside the embedding" : "";
        int outputs = Config.Task == ModelTask.LanguageModel ? ((TextModel)Model).Vocabulary.Tokens.Count : Config.NetworkLabels.Count;
        return $"embedding {Config.EmbeddingSize}{spelling}{below} → {layers}{Config.CellName()} {Config.HiddenSize}{ways}{pooling} → "
            + $"{outputs} {(Config.Task == ModelTask.LanguageModel ? "tokens" : $"labels{Chain}")}";
    }

    private string Chain => Config.Crf ? " → conditional random field" : "";

    private string Labels() => Listing.Of(Config.Labels.Select(label => $"`{Cell(label)}`"), Config.Labels.Count);

    private string Size(CorpusPart part) => Config.Task == ModelTask.LanguageModel
        ? $"{Count(part.Tokens)} tokens"
        : $"{Count(part.Texts)} {Corpus.Unit}";

    private string Validation() => Corpus.SplitShare is { } share
        ? FormattableString.Invariant($"{100 * share:0.##} % of the training corpora, split off")
        : Files(Recipe.Data.Valid);

    private static string Files(IReadOnlyList<CorpusSource> sources) =>
        Listing.Of(sources.Select(source => $"`{Cell(FileName(source.Path))}`"), sources.Count);

    // A recipe may come from a machine with other separators.
    private static string FileName(string path) => path[(path.LastIndexOfAny(['/', '\\']) + 1)..];

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).ReplaceLineEndings(" ");

    private static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Figure(string name, double value) => name is "loss" or "nats_a_token"
        ? FormattableString.Invariant($"{value:F4} nats")
        : name == "bleu" ? FormattableString.Invariant($"**{100 * value:F2}**") : FormattableString.Invariant($"**{100 * value:F2} %**");

    private static string Quoted(string word) => ShellWord.Quote(word.ReplaceLineEndings(" "));
}
