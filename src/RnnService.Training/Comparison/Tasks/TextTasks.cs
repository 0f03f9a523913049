using System.Text;
using RnnService.Engine.Generation;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Weights;
using RnnService.Training.Corpora;
using RnnService.Training.Evaluation;
using RnnService.Training.Objectives;
using RnnService.Training.Recipes;
using CorpusFiles = RnnService.Training.Corpora.Corpus;

namespace RnnService.Training.Comparison.Tasks;

/// <summary>Texts to learn from; those of files are read once.</summary>
/// <typeparam name="T">What an example is.</typeparam>
internal abstract class TextTask<T>(string name, ComparisonScale scale, string data, params IReadOnlyList<string> files) : ComparedTask(name, scale, files)
{
    private (T[] Train, T[] Valid)? _parts;

    public override int InputSize => Scale.TextHidden * 2 / 3;

    public override int LstmHidden => Scale.TextHidden;

    /// <summary>The examples to train on and those that judge.</summary>
    protected (T[] Train, T[] Valid) Parts => _parts ??= ReadParts();

    protected override IReadOnlyList<string> Settings =>
    [
        $"model.embedding_size={InputSize}", $"model.hidden_size={LstmHidden}", "model.layers=1", "model.bidirectional=false", $"training.epochs={Scale.TextEpochs}",
        "training.learning_rate=0.003", "training.warmup_steps=0", "training.batch_size=32",
    ];

    protected RunCorpora<T> Corpora => new(Parts.Train, Parts.Valid, Name, Name, []) { IsInMemory = true };

    protected abstract (T[] Train, T[] Valid) ReadParts();

    protected string PathOf(string file) => Path.Combine(data, file);

    protected static Recipe WithoutSplit(Recipe recipe) => recipe with { Data = recipe.Data with { ValidShare = null } };

    /// <summary>So many of all, evenly: files are often sorted.</summary>
    protected static TItem[] Evenly<TItem>(IReadOnlyList<TItem> all, int most) =>
        all.Count <= most ? [.. all] : [.. Enumerable.Range(0, most).Select(i => all[(int)((long)i * all.Count / most)])];

    /// <summary>Words a second that a model answers, one text at a time.</summary>
    protected double Rate<TText>(IReadOnlyList<(TText Text, int Words)> texts, Action<TText> answer)
    {
        int next = 0;
        return Math.Round(RateOf(() =>
        {
            (TText text, int words) = texts[next++ % texts.Count];
            answer(text);
            return words;
        }));
    }
}

/// <summary>Sentences of films' reviews, good or bad: SST-2.</summary>
internal sealed class ReviewTask(ComparisonScale scale, string data) : TextTask<LabelledText>("reviews", scale, data, ReviewTask.Train, ReviewTask.Dev)
{
    private const string Train = "sst2/train.txt", Dev = "sst2/dev.txt";

    public override string Metric => "accuracy";

    public override bool HigherIsBetter => true;

    // The last state has to carry the sentence: that is what is compared.
    protected override IReadOnlyList<string> Settings =>
        [.. base.Settings, "model.pooling=last", "model.tokenizer=whitespace", "training.learning_rate=0.002", "training.dropout.embedding=0.3", "training.dropout.output=0.3"];

    protected override Recipe RecipeOf(IReadOnlyList<string> settings) => DefaultRecipes.For(ModelTask.Classifier, Scale.Texts, settings);

    protected override Objective Read(Recipe recipe) => new ClassifierObjective(WithoutSplit(recipe), Corpora);

    protected override (LabelledText[] Train, LabelledText[] Valid) ReadParts() =>
        (Evenly(ReadFile(Train), Scale.Texts), Evenly(ReadFile(Dev), Scale.Texts));

    protected override void MeasureAfter(Objective objective, RunResult result)
    {
        var model = (Classifier)objective.Model;
        result.Values[Serving] = Rate([.. Parts.Valid.Take(200).Select(one => (one.Text, one.Text.Count(' ') + 1))], text => model.Classify(text));
    }

    private IReadOnlyList<LabelledText> ReadFile(string file) => CorpusFiles.ReadLabelled(new CorpusSource { Path = PathOf(file), Format = CorpusFormat.LabelledSpace });
}

/// <summary>Words with their parts of speech: UD English EWT.</summary>
internal sealed class TagTask(ComparisonScale scale, string data) : TextTask<TaggedSentence>("tags", scale, data, TagTask.Train, TagTask.Dev)
{
    private const string Train = "ewt-pos/train.conllu", Dev = "ewt-pos/dev.conllu";

    public override string Metric => "accuracy";

    public override bool HigherIsBetter => true;

    // Without the network of characters, words are all that a cell has.
    protected override IReadOnlyList<string> Settings => [.. base.Settings, "model.characters=null"];

    protected override Recipe RecipeOf(IReadOnlyList<string> settings) => DefaultRecipes.For(ModelTask.Tagger, Scale.Sentences, settings);

    protected override Objective Read(Recipe recipe) => new TaggerObjective(WithoutSplit(recipe), Corpora);

    protected override (TaggedSentence[] Train, TaggedSentence[] Valid) ReadParts() =>
        (Evenly(ReadFile(Train), Scale.Sentences), Evenly(ReadFile(Dev), Scale.Sentences));

    protected override void MeasureAfter(Objective objective, RunResult result)
    {
        var model = (Tagger)objective.Model;
        result.Values[Serving] = Rate([.. Parts.Valid.Take(200).Select(one => (model.Encode(one.Words), one.Words.Count))], text => model.Tag([text]));
    }

    private IReadOnlyList<TaggedSentence> ReadFile(string file) =>
        CorpusFiles.ReadTagged(new CorpusSource { Path = PathOf(file), Format = CorpusFormat.Conllu });
}

/// <summary>Running text, character by character.</summary>
internal abstract class LanguageTask(string name, ComparisonScale scale, string data, params IReadOnlyList<string> files) : TextTask<RunningText>(name, scale, data, files)
{
    /// <summary>Rows of figures by unit of a GRU: the means of z and of 1−r, and the steps that it remembers.</summary>
    public const string Keeps = "keeps", Resets = "resets", Remembers = "remembers";

    private const int Looked = 2000, Written = 200;

    public override string Metric => "nats a character";

    public override bool HigherIsBetter => false;

    protected override IReadOnlyList<string> Settings =>
        [.. base.Settings, "training.epochs=2", "training.unroll_steps=50", "training.dropout.between=0", "training.dropout.output=0"];

    protected override Recipe RecipeOf(IReadOnlyList<string> settings) => DefaultRecipes.For(ModelTask.LanguageModel, Scale.Characters, settings);

    protected override Objective Read(Recipe recipe) => new LanguageObjective(WithoutSplit(recipe), Corpora);

    protected override void MeasureAfter(Objective objective, RunResult result)
    {
        var model = (LanguageModel)objective.Model;
        string start = Parts.Valid[0].Text[..10];
        result.Values[Serving] = Math.Round(RateOf(() => model.Generate(start, new GenerationOptions { MaxNewTokens = Written, Seed = 1 }).Count()));
        result.Values[StreamBytes] = model.NewState(1).Bytes;
        if (model.Config.Cell is not (CellKind.Gru or CellKind.GruBefore)) return;
        string text = Parts.Valid[0].Text;
        float[][][] seen = [.. ((ActivationKind[])[ActivationKind.Update, ActivationKind.Reset, ActivationKind.Hidden]).Select(kind =>
            model.Inspect(text[..Math.Min(Looked, text.Length)], new InspectionOptions { Kind = kind, Units = model.Config.HiddenSize }).Activations.ToArray())];
        int units = model.Config.HiddenSize;
        result.Series[Keeps] = [.. Enumerable.Range(0, units).Select(unit => Short(seen[0].Average(step => (double)step[unit])))];
        result.Series[Resets] = [.. Enumerable.Range(0, units).Select(unit => Short(1 - seen[1].Average(step => (double)step[unit])))];
        result.Series[Remembers] = [.. Enumerable.Range(0, units).Select(unit => Short(MemoryOf([.. seen[2].Select(step => (double)step[unit])])))];
    }

    /// <summary>
    /// How long a unit remembers: the lag at which the autocorrelation of its state falls to 1/e, on a straight line between two whole lags; a quarter of the text
    /// where it stays above.
    /// </summary>
    internal static double MemoryOf(double[] states)
    {
        double mean = states.Average();
        double[] centred = [.. states.Select(state => state - mean)];
        double variance = centred.Sum(value => value * value);
        double before = 1;
        for (int lag = 1; lag < states.Length / 4; lag++)
        {
            double sum = 0;
            for (int t = lag; t < centred.Length; t++) sum += centred[t] * centred[t - lag];
            double correlation = variance == 0 ? 0 : sum / variance;
            if (correlation < 1 / Math.E) return lag - 1 + ((before - (1 / Math.E)) / (before - correlation));
            before = correlation;
        }

        return states.Length / 4;
    }
}

/// <summary>Plays of Shakespeare.</summary>
internal sealed class ShakespeareTask(ComparisonScale scale, string data) : LanguageTask("shakespeare", scale, data, ShakespeareTask.Train, ShakespeareTask.Held)
{
    private const string Train = "shakespeare/train.txt", Held = "shakespeare/valid.txt";

    protected override (RunningText[] Train, RunningText[] Valid) ReadParts() =>
        ([Cut(Train, Scale.Characters)], [Cut(Held, Math.Max(1000, Scale.Characters / 10))]);

    private RunningText Cut(string file, int most)
    {
        string text = CorpusFiles.ReadText(new CorpusSource { Path = PathOf(file), Format = CorpusFormat.Text });
        return new RunningText(text[..Math.Min(most, text.Length)]);
    }
}

/// <summary>
/// A text that is made: scenes that open and close with a name, and words between them, some in brackets. Letters within a word ask for a short memory, brackets
/// for a longer one, names for one of a hundred characters.
/// </summary>
internal sealed class MadeTextTask(ComparisonScale scale) : LanguageTask("made text", scale, "")
{
    private static readonly string[] Names = ["anna", "bruno", "clara", "david"];
    private static readonly string[] Words = ["house", "river", "walks", "green", "stone", "under", "light", "sings", "never", "other", "storm", "quiet"];

    protected override IReadOnlyList<string> Settings => [.. base.Settings, "training.epochs=4"];

    protected override (RunningText[] Train, RunningText[] Valid) ReadParts() =>
        ([Write(Math.Min(Scale.Characters, 400_000), seed: 1)], [Write(Math.Clamp(Scale.Characters / 10, 400, 20_000), seed: 2)]);

    private static RunningText Write(int characters, ulong seed)
    {
        var random = new RandomSource(seed, 0x7E87);
        var text = new StringBuilder();
        while (text.Length < characters)
        {
            string name = Names[random.Below(Names.Length)];
            text.Append(name).Append(':');
            bool open = false;
            for (int words = 8 + random.Below(12); words > 0; words--)
            {
                text.Append(' ');
                if (!open && random.Below(5) == 0) (open, _) = (true, text.Append('('));
                text.Append(Words[random.Below(Words.Length)]);
                if (open && random.Below(4) == 0) (open, _) = (false, text.Append(')'));
            }

            text.Append(open ? ")" : "").Append(" says ").Append(name).Append(".\n");
        }

        return new RunningText(text.ToString());
    }
}

/// <summary>English sentences and their French ones: pairs of Tatoeba.</summary>
internal sealed class TranslationTask(ComparisonScale scale, string data) : TextTask<TextPair>("translation", scale, data, TranslationTask.Train, TranslationTask.Dev)
{
    private const string Train = "fra-eng/train.tsv", Dev = "fra-eng/dev.tsv";

    /// <summary>Upper bounds of the sources' words, of what <see cref="BleuOf"/> tells apart.</summary>
    public static readonly IReadOnlyList<int> Lengths = [5, 8, int.MaxValue];

    public override string Metric => "BLEU";

    public override bool HigherIsBetter => true;

    protected override IReadOnlyList<string> Settings =>
        [.. base.Settings, "model.bidirectional=true", "training.epochs=" + (Scale.TextEpochs + 2), "training.learning_rate=0.002", "training.evaluate_every=0"];

    /// <summary>The name of the BLEU of sources up to so many words.</summary>
    public static string BleuOf(int length) => length == int.MaxValue ? $"bleu above {Lengths[^2]} words" : $"bleu to {length} words";

    protected override Recipe RecipeOf(IReadOnlyList<string> settings) => DefaultRecipes.For(ModelTask.Translator, Scale.Pairs, settings);

    protected override Objective Read(Recipe recipe) => new TranslatorObjective(WithoutSplit(recipe), Corpora);

    protected override (TextPair[] Train, TextPair[] Valid) ReadParts() => (Evenly(ReadFile(Train), Scale.Pairs), Evenly(ReadFile(Dev), Scale.TestPairs));

    protected override void MeasureAfter(Objective objective, RunResult result)
    {
        int from = 0;
        foreach (int length in Lengths)
        {
            TextPair[] pairs = [.. Parts.Valid.Where(pair => pair.Source.Count(' ') + 1 is var words && words > from && words <= length)];
            if (pairs.Length > 0) result.Values[BleuOf(length)] = Evaluator.Evaluate((Translator)objective.Model, pairs).Bleu.Value;
            from = length;
        }
    }

    private IReadOnlyList<TextPair> ReadFile(string file) => CorpusFiles.ReadPairs(new CorpusSource { Path = PathOf(file), Format = CorpusFormat.Pairs });
}
