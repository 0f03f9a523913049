using RnnService.Engine.Models;
using RnnService.Training.Corpora;
using RnnService.Training.Objectives;
using RnnService.Training.Recipes;
using CorpusFiles = RnnService.Training.Corpora.Corpus;

namespace RnnService.Training.Comparison.Tasks;

/// <summary>Texts to classify, so many a label of which are learnt from: other ones with every seed.</summary>
internal abstract class FewTask(string name, ComparisonScale scale, string data, string models, string corpus, int perLabel)
    : TextTask<LabelledText>(name, scale, data, corpus)
{
    /// <summary>The setting of a network that starts from <see cref="Base"/>; keys of runs do not say where that lies.</summary>
    public const string FromBase = "from=english";

    /// <summary>Texts a label; as many as there are where it is null.</summary>
    public int? PerLabel => perLabel == All ? null : perLabel;

    public override string Base => "english";

    public override string Metric => "accuracy";

    public override bool HigherIsBetter => true;

    protected const int All = int.MaxValue;

    // The last weights are what is judged: who has ten texts a label has none to choose weights by.
    protected override IReadOnlyList<string> Settings => ["training.evaluate_every=1000000"];

    protected override Recipe RecipeOf(IReadOnlyList<string> settings) => DefaultRecipes.For(
        ModelTask.Classifier, Drawn(1).Length, settings.Select(setting => setting == FromBase ? "from=" + Path.Combine(models, Base) : setting));

    protected override Objective Read(Recipe recipe) =>
        new ClassifierObjective(WithoutSplit(recipe), new RunCorpora<LabelledText>(Drawn(recipe.Training.Seed), Parts.Valid, Name, Name, []) { IsInMemory = true });

    private LabelledText[] Drawn(ulong seed) =>
        perLabel == All ? Parts.Train : [.. Parts.Train.GroupBy(text => text.Label).SelectMany(group => group.Skip(((int)seed - 1) * perLabel).Take(perLabel))];
}

/// <summary>What a bank's customer wants: BANKING77, of which every tenth text of a label judges.</summary>
internal sealed class BankingTask(ComparisonScale scale, string data, string models, int perLabel = BankingTask.Whole)
    : FewTask(perLabel == All ? "banking77" : $"banking77 by {perLabel}", scale, data, models, "intents", perLabel)
{
    private const int Whole = All, Apart = 10;

    protected override (LabelledText[] Train, LabelledText[] Valid) ReadParts()
    {
        var all = CorpusFiles.ReadLabelled(new CorpusSource { Path = PathOf("banking77.train.tsv"), Format = CorpusFormat.Labelled })
            .GroupBy(text => text.Label).SelectMany(group => group.Select((text, i) => (Text: text, Judges: i % Apart == Apart - 1))).ToArray();
        return (Evenly([.. all.Where(one => !one.Judges).Select(one => one.Text)], Scale.Texts), Evenly([.. all.Where(one => one.Judges).Select(one => one.Text)], Scale.FewTests));
    }
}

/// <summary>What is asked of an assistant: CLINC150 without what is out of its scope.</summary>
internal sealed class IntentTask(ComparisonScale scale, string data, string models, int perLabel)
    : FewTask($"clinc150 by {perLabel}", scale, data, models, "intents", perLabel)
{
    protected override (LabelledText[] Train, LabelledText[] Valid) ReadParts() => ([.. ReadFile("clinc150.train.tsv")], Evenly(ReadFile("clinc150.val.tsv"), Scale.FewTests));

    private IReadOnlyList<LabelledText> ReadFile(string file) => CorpusFiles.ReadLabelled(new CorpusSource { Path = PathOf(file), Format = CorpusFormat.Labelled });
}

/// <summary>Whole reviews of films, good or bad: IMDB.</summary>
internal sealed class LongReviewTask(ComparisonScale scale, string data, string models, int perLabel)
    : FewTask($"imdb by {perLabel}", scale, data, models, "imdb", perLabel)
{
    protected override IReadOnlyList<string> Settings => [.. base.Settings, "training.epochs=15"];

    protected override (LabelledText[] Train, LabelledText[] Valid) ReadParts() => ([.. ReadFolder("train")], Evenly(ReadFolder("val"), Scale.FewTests));

    private IReadOnlyList<LabelledText> ReadFolder(string folder) => CorpusFiles.ReadLabelled(new CorpusSource
    {
        Path = PathOf("train.tsv.gz"),
        Format = CorpusFormat.Labelled,
        TextColumn = "text",
        LabelColumn = "label",
        Where = new Dictionary<string, string> { ["folder"] = folder },
    });
}
