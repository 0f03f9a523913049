using RnnService.Engine.Models;
using RnnService.Engine.Weights;
using RnnService.Training.Corpora;
using RnnService.Training.Objectives;
using RnnService.Training.Recipes;
using CorpusFiles = RnnService.Training.Corpora.Corpus;

namespace RnnService.Training.Comparison.Tasks;

/// <summary>Texts to classify, so many a label of which are learnt from: other ones with every seed.</summary>
internal abstract class FewTask(string name, ComparisonScale scale, string data, string models, int? perLabel, params IReadOnlyList<string> files)
    : TextTask<LabelledText>(name, scale, data, files)
{
    /// <summary>The setting of a network that starts from <see cref="Base"/>; keys of runs do not say where that lies.</summary>
    public const string FromBase = "from=" + English;

    private const string English = "english";

    private const ulong Order = 1;

    /// <summary>Texts a label; as many as there are where it is null.</summary>
    public int? PerLabel => perLabel;

    public override string Base => English;

    public override string Metric => "accuracy";

    public override bool HigherIsBetter => true;

    // The last weights are what is judged: who has ten texts a label has none to choose weights by.
    protected override IReadOnlyList<string> Settings => ["training.evaluate_every=1000000"];

    protected override Recipe RecipeOf(IReadOnlyList<string> settings) => DefaultRecipes.For(
        ModelTask.Classifier, Drawn(1).Length, settings.Select(setting => setting == FromBase ? "from=" + Path.Combine(models, Base) : setting));

    protected override Objective Read(Recipe recipe) =>
        new ClassifierObjective(WithoutSplit(recipe), new RunCorpora<LabelledText>(Drawn(recipe.Training.Seed), Parts.Valid, Name, Name, []) { IsInMemory = true });

    protected sealed override (LabelledText[] Train, LabelledText[] Valid) ReadParts()
    {
        var (train, valid) = ReadFiles();
        LabelledText[] judges = Evenly(valid, Scale.FewTests);
        var known = judges.Select(text => text.Text).ToHashSet(StringComparer.Ordinal);
        LabelledText[] others = [.. train.Where(text => !known.Contains(text.Text))];
        new RandomSource(Order).Shuffle<LabelledText>(others); // corpora have texts of one thing side by side
        return (others, judges);
    }

    /// <summary>The texts to learn from and to judge by.</summary>
    protected abstract (IReadOnlyList<LabelledText> Train, IReadOnlyList<LabelledText> Valid) ReadFiles();

    protected IReadOnlyList<LabelledText> Read(string file) => CorpusFiles.ReadLabelled(new CorpusSource { Path = PathOf(file), Format = CorpusFormat.Labelled });

    private LabelledText[] Drawn(ulong seed) => perLabel is { } count
        ? [.. Parts.Train.GroupBy(text => text.Label).SelectMany(group => group.Skip(((int)seed - 1) * count).Take(count))]
        : Evenly(Parts.Train, Scale.Texts);
}

/// <summary>What a bank's customer wants: BANKING77, of which every tenth text of a label judges.</summary>
internal sealed class BankingTask(ComparisonScale scale, string data, string models, int? perLabel)
    : FewTask("banking77" + (perLabel is null ? "" : $" by {perLabel}"), scale, data, models, perLabel, BankingTask.Whole)
{
    private const string Whole = "intents/banking77.train.tsv";

    private const int Apart = 10;

    protected override (IReadOnlyList<LabelledText> Train, IReadOnlyList<LabelledText> Valid) ReadFiles()
    {
        ILookup<bool, LabelledText> all = Read(Whole).GroupBy(text => text.Label).SelectMany(group => group.Index()).ToLookup(one => one.Index % Apart == Apart - 1, one => one.Item);
        return ([.. all[false]], [.. all[true]]);
    }
}

/// <summary>What is asked of an assistant: CLINC150 without what is out of its scope.</summary>
internal sealed class IntentTask(ComparisonScale scale, string data, string models, int perLabel)
    : FewTask($"clinc150 by {perLabel}", scale, data, models, perLabel, IntentTask.Train, IntentTask.Dev)
{
    private const string Train = "intents/clinc150.train.tsv", Dev = "intents/clinc150.val.tsv";

    protected override (IReadOnlyList<LabelledText> Train, IReadOnlyList<LabelledText> Valid) ReadFiles() => (Read(Train), Read(Dev));
}

/// <summary>Whole reviews of films, good or bad: IMDB.</summary>
internal sealed class LongReviewTask(ComparisonScale scale, string data, string models, int perLabel)
    : FewTask($"imdb by {perLabel}", scale, data, models, perLabel, LongReviewTask.Whole)
{
    private const string Whole = "imdb/train.tsv.gz";

    protected override IReadOnlyList<string> Settings => [.. base.Settings, "training.epochs=15"];

    protected override (IReadOnlyList<LabelledText> Train, IReadOnlyList<LabelledText> Valid) ReadFiles() => (Folder("train"), Folder("val"));

    private IReadOnlyList<LabelledText> Folder(string folder) => CorpusFiles.ReadLabelled(new CorpusSource
    {
        Path = PathOf(Whole),
        Format = CorpusFormat.Labelled,
        TextColumn = "text",
        LabelColumn = "label",
        Where = new Dictionary<string, string> { ["folder"] = folder },
    });
}
