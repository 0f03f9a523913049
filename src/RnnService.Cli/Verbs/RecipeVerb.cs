using System.CommandLine;
using System.CommandLine.Parsing;
using RnnService.Cli.Arguments;
using RnnService.Cli.Output;
using RnnService.Cli.Shell;
using RnnService.Engine.Models;
using RnnService.Training.Corpora;
using RnnService.Training.Recipes;

namespace RnnService.Cli.Verbs;

/// <summary>A verb that starts from a recipe, or from files of one's own with the default recipe of a task.</summary>
internal abstract class RecipeVerb : Verb
{
    private static readonly Dictionary<string, ModelTask> Tasks = new()
    {
        ["language_model"] = ModelTask.LanguageModel,
        ["classifier"] = ModelTask.Classifier,
        ["tagger"] = ModelTask.Tagger,
        ["translator"] = ModelTask.Translator,
        ["regressor"] = ModelTask.Regressor,
        ["forecaster"] = ModelTask.Forecaster,
        ["transcriber"] = ModelTask.Transcriber,
    };

    private readonly Argument<string> _recipe = new("RECIPE")
    {
        Description = "The recipe, a JSON file. Without one, --task and --train make a model with the task's default recipe.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string> _data = new("--data")
    {
        Description = "Folder that the recipe's corpus paths start from; the current one unless given.",
        HelpName = "DIR",
    };

    private readonly Option<string> _task = new("--task") { Description = "What to train on files of your own." };

    private readonly Option<string[]> _train = new("--train")
    {
        Description = "A corpus to train on: running text, or CSV, JSON lines or Parquet with a text a row, for a language model; CSV, JSON lines, fastText, Parquet or \"label TAB text\" lines "
            + "for a classifier; CoNLL columns, CoNLL-U or JSON lines for a tagger; \"source TAB target\" lines, CSV, JSON lines or Parquet for a "
            + "translator; .ts, .npy, CSV or a folder of WAV files for models of numbers. May be repeated.",
        HelpName = "FILE",
    };

    private readonly Option<string[]> _valid = new("--valid")
    {
        Description = "A corpus that is not trained on and chooses the best weights; without one a tenth of --train is kept for it "
            + "(--set data.valid_share=0.2 keeps more). May be repeated.",
        HelpName = "FILE",
    };

    private readonly Option<string[]> _targets = new("--targets")
    {
        Description = "The file whose lines are the translations of --train's, where source and target are two files; one for each --train.",
        HelpName = "FILE",
    };

    private readonly Option<string[]> _validTargets = new("--valid-targets") { Description = "The same for --valid.", HelpName = "FILE" };

    private CorpusOptions _corpus = null!; // made by AddOptions

    private readonly Option<string[]> _set = new("--set")
    {
        Description = "Overrides a setting of the recipe, such as training.dropout.output=0.3; the settings are listed below. May be repeated.",
        HelpName = "PATH=VALUE",
    };

    // Options that stand for the settings most often changed.
    private readonly (Option Option, string Setting)[] _shorthands =
    [
        (new NumberOption<int>("--epochs") { Description = MeaningOf("training.epochs") }, "training.epochs"),
        (new NumberOption<int>("--batch-size") { Description = MeaningOf("training.batch_size") }, "training.batch_size"),
        (new NumberOption<double>("--learning-rate") { Description = MeaningOf("training.learning_rate"), HelpName = "RATE" }, "training.learning_rate"),
        (new NumberOption<ulong>("--seed") { Description = MeaningOf("training.seed") }, "training.seed"),
        (new Option<string>("--cell") { Description = $"{RecipeSettings.Of("model.cell").Expected}.", HelpName = "CELL" }, "model.cell"),
        (new NumberOption<int>("--embedding-size") { Description = MeaningOf("model.embedding_size") }, "model.embedding_size"),
        (new NumberOption<int>("--hidden-size") { Description = MeaningOf("model.hidden_size") }, "model.hidden_size"),
        (new NumberOption<int>("--layers") { Description = MeaningOf("model.layers") }, "model.layers"),
        (new Option<string>("--from") { Description = MeaningOf("from"), HelpName = "MODEL" }, "from"),
        (new Option<string>("--unseen-labels") { Description = MeaningOf("data.unseen_labels"), HelpName = "RULE" }, "data.unseen_labels"),
    ];

    protected RecipeVerb(Terminal terminal, string name, string description, string details, params string[] examples)
        : base(terminal, name, description, details, examples)
    {
    }

    public override string Reference => SettingsHelp.Text();

    /// <summary>Adds what all such verbs have, with options of the verb's own among it.</summary>
    /// <param name="output">What it writes.</param>
    /// <param name="others">Its other options.</param>
    protected void AddOptions(Option<string> output, params Option[] others)
    {
        _task.AcceptOnlyFromAmong([.. Tasks.Keys]);
        Add(_recipe);
        Add(output);
        Add(_data);
        Add(_task);
        Add(_train);
        Add(_valid);
        Add(_targets);
        Add(_validTargets);
        Add(_set);
        foreach (var (option, _) in _shorthands) Add(option);
        foreach (Option option in others) Add(option);
        _corpus = new CorpusOptions(this);
        Validators.Add(Check);
    }

    /// <summary>Whether a recipe is named, and not files of one's own.</summary>
    protected bool NamesRecipe(ParseResult parsed) => parsed.GetValue(_recipe) is not null;

    /// <summary>Folder that corpus paths start from.</summary>
    protected string DataOf(ParseResult parsed) => parsed.GetValue(_data) ?? "";

    /// <summary>The settings that the options name.</summary>
    protected string[] OverridesOf(ParseResult parsed) =>
    [
        .. parsed.GetValue(_set) ?? [],
        .. from shorthand in _shorthands
           let result = parsed.GetResult(shorthand.Option)
           where result is not null
           select $"{shorthand.Setting}={result.Tokens[0].Value}",
    ];

    /// <summary>The recipe with what the options override.</summary>
    protected Recipe RecipeOf(ParseResult parsed)
    {
        string[] overrides = OverridesOf(parsed);
        if (parsed.GetValue(_recipe) is { } path) return Recipe.Read(path, overrides);

        ModelTask task = Tasks[parsed.GetValue(_task)!];
        CorpusSource[] train = Sources(_train, _targets);
        // What makes more of a corpus is for training alone.
        CorpusSource[] valid = [.. Sources(_valid, _validTargets).Select(source => source with { Keys = null, Phrases = null })];
        return DefaultRecipes.For(task, train, valid, DefaultRecipes.Count(task, train), overrides);

        CorpusSource[] Sources(Option<string[]> option, Option<string[]> targets) =>
            [.. (parsed.GetValue(option) ?? []).Select((file, i) => _corpus.SourceOf(parsed, file, task, parsed.GetValue(targets)?.ElementAtOrDefault(i)))];
    }

    private void Check(CommandResult given)
    {
        bool recipe = given.GetResult(_recipe) is { Tokens.Count: > 0 };
        bool own = Has(_task) || Has(_train) || Has(_valid) || Has(_targets) || Has(_validTargets);
        if (recipe && (own || _corpus.All.Any(Has)))
        {
            given.AddError("A recipe names its own task and corpora; expected either RECIPE, or --task and --train.");
        }
        else if (!recipe)
        {
            if (!own)
                given.AddError("Nothing to train; expected a recipe, or --task and --train.");
            else if (!Has(_task))
                given.AddError($"--task is missing; expected {string.Join(", ", Tasks.Keys)}.");
            else if (!Has(_train))
                given.AddError("--train is missing; expected a corpus to train on.");
            CheckTargets(_train, _targets);
            CheckTargets(_valid, _validTargets);
            if (Has(_data)) given.AddError("--data belongs to a recipe: the paths of --train and --valid start from the current folder.");
        }

        bool Has(Option option) => given.GetResult(option) is { Implicit: false };

        void CheckTargets(Option<string[]> sources, Option<string[]> targets)
        {
            int files = Count(sources), translations = Count(targets);
            if (translations > 0 && translations != files)
                given.AddError($"{targets.Name} is given {translations} times for {files} of {sources.Name}; expected one for each, or none.");
        }

        int Count(Option option) => given.GetResult(option) is { Implicit: false, Tokens.Count: var count } ? count : 0;
    }

    private static string MeaningOf(string setting) => RecipeSettings.Of(setting).Meaning;
}
