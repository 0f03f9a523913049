using System.CommandLine;
using RnnService.Cli.Arguments;
using RnnService.Cli.Output;
using RnnService.Cli.Shell;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Training.Corpora;
using RnnService.Training.Evaluation;
using RnnService.Training.Objectives;
using RnnService.Training.Recipes;

namespace RnnService.Cli.Verbs;

/// <summary><c>rnn evaluate</c>: the scores of a model on a corpus.</summary>
internal sealed class EvaluateVerb : Verb
{
    private const int MostInAMatrix = 1000;

    private static readonly double[] Thresholds = [0, .5, .6, .7, .8, .9, .95, .99];

    private readonly Argument<string> _model = ModelArgument.Create();

    private readonly Option<string> _corpusFile = new("--corpus", "-c")
    {
        Description = "The corpus: running text, labelled lines, tagged sentences or pairs, as the model's task needs.",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<string> _targets = new("--targets")
    {
        Description = "The file whose lines are the translations of --corpus's, where source and target are two files.",
        HelpName = "FILE",
    };

    private readonly CorpusOptions _corpus;
    private readonly TranslationArguments _translation = new();

    private readonly Option<string> _translations = new("--translations")
    {
        Description = "Write a translator's translations to a file, one a line, such as for sacrebleu.",
        HelpName = "FILE",
    };

    private readonly Option<string> _unseen = new("--unseen-labels")
    {
        Description = "Labels that the model does not have: miss counts them as wrong, error stops.",
        HelpName = "RULE",
        DefaultValueFactory = _ => "miss",
    };

    private readonly NumberOption<int> _join = new("--join")
    {
        Description = "Puts the recordings of a corpus of sounds together to strings of 3 to so many, with pauses and noise, always the same.",
        Bounds = SoundChanges.JoinBounds,
    };

    private readonly Option<bool> _table = new("--table") { Description = "For a tagger also the scores of every label." };
    private readonly Option<bool> _json = new("--json") { Description = "All scores as one JSON object, shares from 0 to 1." };

    public EvaluateVerb(Terminal terminal)
        : base(
            terminal, "evaluate",
            "Scores a model on a corpus.",
            """
            A language model: perplexity, nats and bits a token and a character, the text read as one stream. A classifier: accuracy,
            macro F1, the confusion matrix, the expected calibration error, and what a threshold leaves of answers and errors; one of several
            labels a text: micro and macro F1. A tagger, which is given the corpus's words, or their characters: accuracy, macro F1, and
            precision, recall and F1 of the spans that labels mark (BIO, IO, BIOES, BMES, BILOU). A translator: BLEU and chrF2 of its
            translations, as sacrebleu 2 computes them, and its perplexity over the targets. A model of numbers: the same as of texts;
            of values the errors, of a forecast beside those of whoever expects no change; of a transcriber the errors a symbol.
            """,
            "rnn evaluate shakespeare --corpus data/shakespeare/valid.txt",
            "rnn evaluate sentiment --corpus data/sst2/dev.txt --format labelled-space --label-name 0=negative --label-name 1=positive",
            "rnn evaluate pos --corpus data/ewt-pos/dev.conllu --table",
            "rnn evaluate translate-fr-en --corpus data/fra-eng/dev.tsv --swap --beams 5")
    {
        Add(_model);
        Add(_corpusFile);
        Add(_targets);
        _corpus = new CorpusOptions(this);
        _unseen.AcceptOnlyFromAmong("miss", "error");
        Add(_unseen);
        _translation.AddTo(this);
        Add(_translations);
        Add(_table);
        Add(_json);
        Add(_join);
    }

    protected override int Run(ParseResult parsed)
    {
        LoadedModel loaded = ModelArgument.Load(Terminal, parsed.GetValue(_model)!);
        CorpusSource source = _corpus.SourceOf(parsed, parsed.GetValue(_corpusFile)!, loaded.Model.Config.Task, parsed.GetValue(_targets));
        bool json = parsed.GetValue(_json);
        var notes = new List<CorpusNote>();
        switch (loaded.Model)
        {
            case NumberModel model:
                IReadOnlyList<NumberExample> sequences = Terminal.While("reading the corpus", () => Corpus.ReadNumbers(source).Examples);
                if (parsed.GetValue(_join) is { } join) sequences = SoundMixer.Strings(sequences, new SoundChanges(join, pause: 0.5, noise: 8));
                NumberFigures.Write(Terminal, Terminal.While("evaluating", () => NumberEvaluator.Evaluate(model, sequences, beams: _translation.BeamsOf(parsed))), json);
                break;
            case LanguageModel model:
                string text = Corpus.ReadText(source, notes);
                ShowNotes(notes);
                Show(model, text, source.Path, json);
                break;
            case Translator model:
                IReadOnlyList<TextPair> pairs = Terminal.While("reading the corpus", () => Corpus.ReadPairs(source, notes));
                ShowNotes(notes);
                TranslationReport report = Terminal.While("translating", () => Evaluator.Evaluate(model, pairs, _translation.Of(parsed, model)));
                if (parsed.GetValue(_translations) is { } file) WholeFile.Write(file, string.Concat(report.Translations.Select(line => $"{line.ReplaceLineEndings(" ")}\n")));
                Show(report, model.TargetTokenizer.Unit, json);
                break;
            case Classifier model:
                IReadOnlyList<LabelledText> examples = Terminal.While("reading the corpus", () => Corpus.ReadLabelled(source, notes));
                Take(UnseenLabels.Find(model.Config, examples, "corpus"));
                ShowNotes(notes);
                if (model.Config.MultiLabel is true) Show(Terminal.While("evaluating", () => Evaluator.EvaluateMultiLabel(model, examples)), json);
                else Show(Terminal.While("evaluating", () => Evaluator.Evaluate(model, examples)), model.Config, json);
                break;
            case Tagger model:
                IReadOnlyList<TaggedSentence> sentences = Terminal.While("reading the corpus", () => Corpus.ReadTagged(source, notes));
                Take(UnseenLabels.Find(model.Config, sentences, "corpus"));
                ShowNotes(notes);
                string unit = model.Tokenizer.Unit;
                Show(Terminal.While("evaluating", () => Evaluator.Evaluate(model, sentences)), unit, json, parsed.GetValue(_table));
                break;
        }

        return ExitCode.Done;

        void Take(CorpusNote? unseen)
        {
            if (unseen is null) return;
            if (parsed.GetValue(_unseen) == "error") throw new CorpusException(unseen);
            notes.Add(unseen);
        }
    }

    /// <summary>On standard error, so that standard output holds the scores alone.</summary>
    private void ShowNotes(List<CorpusNote> notes)
    {
        foreach (CorpusNote note in notes) Terminal.Error.WriteLine(CorpusSummary.Line(note, ownFiles: true));
    }

    private void Show(LanguageModel model, string text, string file, bool json)
    {
        LanguageScores token = Terminal.While("evaluating", () => Evaluator.Evaluate(model, text, place: file));
        model.Tokenizer.Encode(text, out IReadOnlyList<string> unknown);
        Terminal.Warn("corpus", UnknownText.Sentence(model.Tokenizer, unknown));
        bool characters = model.Tokenizer.Kind == Tokenization.Characters;
        LanguageScores character = characters ? token : new LanguageScores(token.TotalNats, text.EnumerateRunes().Count());
        if (json)
        {
            Terminal.Out.WriteJson(new
            {
                Tokens = token.Count,
                token.Perplexity,
                NatsAToken = token.Nats,
                BitsAToken = token.Bits,
                NatsACharacter = character.Nats,
                BitsACharacter = character.Bits,
            });
            return;
        }

        string unit = model.Tokenizer.Unit;
        Terminal.Out.WriteLine($"perplexity {Figures.Real(token.Perplexity)} a {unit}, {Figures.Count(token.Count)} {unit}s");
        Terminal.Out.WriteLine($"nats {Figures.Real(token.Nats)} a {unit}{(characters ? "" : $", {Figures.Real(character.Nats)} a character")}");
        Terminal.Out.WriteLine($"bits {Figures.Real(token.Bits)} a {unit}{(characters ? "" : $", {Figures.Real(character.Bits)} a character")}");
    }

    private void Show(TranslationReport report, string unit, bool json)
    {
        LanguageScores tokens = report.Tokens;
        if (json)
        {
            Terminal.Out.WriteJson(new
            {
                Pairs = report.Translations.Count,
                Bleu = report.Bleu.Value,
                BleuSignature = BleuScore.Signature,
                Chrf = report.Chrf.Value,
                ChrfSignature = ChrfScore.Signature,
                report.Bleu.Precisions,
                report.Bleu.BrevityPenalty,
                report.Bleu.Length,
                report.Bleu.ReferenceLength,
                Tokens = tokens.Count,
                tokens.Perplexity,
                NatsAToken = tokens.Nats,
            });
            return;
        }

        Terminal.Out.WriteLine($"{report.Bleu}  {BleuScore.Signature}");
        Terminal.Out.WriteLine($"{report.Chrf}  {ChrfScore.Signature}");
        Terminal.Out.WriteLine(
            $"perplexity {Figures.Real(tokens.Perplexity)} a {unit} of the targets, {Figures.Count(tokens.Count)} {unit}s, nats {Figures.Real(tokens.Nats)}, "
            + $"{Figures.Count(report.Translations.Count)} pairs");
    }

    private void Show(MultiLabelReport report, bool json)
    {
        if (json)
        {
            Terminal.Out.WriteJson(new
            {
                report.Texts,
                MicroF1 = report.Micro.F1,
                report.MacroF1,
                report.ExactMatch,
                report.Loss,
                report.Confidences.ExpectedCalibrationError,
                Micro = report.Micro,
                Labels = report.Labels.Zip(report.Scores).ToDictionary(label => label.First, label => label.Second),
            });
            return;
        }

        Terminal.Out.WriteLine(report.ToTable());
        Terminal.Out.WriteLine($"micro F1 {Figures.Percent(report.Micro.F1)}");
        Terminal.Out.WriteLine($"macro F1 {Figures.Percent(report.MacroF1)}");
        Terminal.Out.WriteLine($"all labels right of {Figures.Percent(report.ExactMatch)} ({report.Exact} of {report.Texts} texts)");
        Terminal.Out.WriteLine($"nats {Figures.Real(report.Loss)} a text");
        Terminal.Out.WriteLine($"expected calibration error {Figures.Percent(report.Confidences.ExpectedCalibrationError)}");
    }

    private void Show(ClassificationReport report, ModelConfig config, bool json)
    {
        double[] thresholds = [.. Thresholds.Union(config.Threshold is { } own ? [own] : []).Order()];
        ConfusionMatrix confusion = report.Confusion;
        if (json)
        {
            int[] ids = [.. Enumerable.Range(0, confusion.Labels.Count)];
            Terminal.Out.WriteJson(new
            {
                Texts = confusion.Total,
                confusion.Accuracy,
                confusion.MacroF1,
                report.Loss,
                report.Confidences.ExpectedCalibrationError,
                Thresholds = thresholds.Select(threshold => new { Threshold = threshold, report.Confidences.At(threshold).Coverage, report.Confidences.At(threshold).Accuracy }),
                Labels = ByLabel(confusion),
                // A square of numbers: of many labels it would be millions, nearly all of them 0.
                Confusion = ids.Length > MostInAMatrix ? null : ids.Select(gold => ids.Select(predicted => confusion[gold, predicted])),
            });
            return;
        }

        ShowLabels(confusion, report.Loss, "text", table: true);
        Terminal.Out.WriteLine($"expected calibration error {Figures.Percent(report.Confidences.ExpectedCalibrationError)}");
        if (config.RejectLabel is { } reject && confusion.Labels.Contains(reject)) WriteRejected(confusion, config.Labels.Count);
        Terminal.Out.WriteLine();
        Terminal.Out.WriteLine("threshold  answered  of these right");
        foreach (double threshold in thresholds)
        {
            var (coverage, accuracy) = report.Confidences.At(threshold);
            Terminal.Out.WriteLine(
                $"{Figures.Real(threshold),9}  {Figures.Percent(coverage),8}  {Figures.Percent(accuracy),14}{(threshold == config.Threshold ? "  the model's own" : "")}");
        }
    }

    /// <summary>The two figures between which a threshold chooses.</summary>
    /// <param name="confusion">The labels: those of the model, then the one of texts that have none of them.</param>
    /// <param name="reject">That one's id.</param>
    private void WriteRejected(ConfusionMatrix confusion, int reject)
    {
        F1Score rejected = confusion[reject];
        long others = confusion.Total - rejected.Gold, right = confusion.Correct - rejected.Correct;
        Terminal.Out.WriteLine($"texts of one of the labels: {Figures.Percent(others == 0 ? 0 : (double)right / others)} right ({right} of {others})");
        Terminal.Out.WriteLine(
            $"texts of none of them ({confusion.Labels[reject]}): {Figures.Percent(rejected.Recall)} found out ({rejected.Correct} of {rejected.Gold})");
    }

    private void Show(TaggingReport report, string unit, bool json, bool table)
    {
        ConfusionMatrix confusion = report.Confusion;
        if (json)
        {
            Terminal.Out.WriteJson(new
            {
                Words = confusion.Total,
                confusion.Accuracy,
                confusion.MacroF1,
                report.Loss,
                Labels = ByLabel(confusion),
                Spans = report.Spans?.Overall,
                SpansByType = report.Spans?.ByType,
            });
            return;
        }

        ShowLabels(confusion, report.Loss, unit, table);
        if (report.Spans is not { } spans) return;
        Terminal.Out.WriteLine();
        Terminal.Out.Write(spans.ToTable());
    }

    private void ShowLabels(ConfusionMatrix confusion, double loss, string unit, bool table)
    {
        if (table) Terminal.Out.WriteLine(confusion.ToTable(Terminal.Console.Profile.Width));
        else Terminal.Out.WriteLine($"accuracy {Figures.Percent(confusion.Accuracy)} ({confusion.Correct} of {confusion.Total})");
        Terminal.Out.WriteLine($"macro F1 {Figures.Percent(confusion.MacroF1)}");
        Terminal.Out.WriteLine($"nats {Figures.Real(loss)} a {unit}");
    }

    private static Dictionary<string, F1Score> ByLabel(ConfusionMatrix confusion) =>
        confusion.Labels.Index().ToDictionary(label => label.Item, label => confusion[label.Index]);
}
