using System.CommandLine;
using System.CommandLine.Parsing;
using RnnService.Cli.Arguments;
using RnnService.Cli.Output;
using RnnService.Cli.Shell;
using RnnService.Engine.Models;
using RnnService.Training.Cards;
using RnnService.Training.Corpora;
using RnnService.Training.Recipes;
using RnnService.Training.Runs;

namespace RnnService.Cli.Verbs;

/// <summary><c>rnn train</c>: from a recipe, or on files of one's own with the default recipe of a task.</summary>
internal sealed class TrainVerb : Verb
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

    private readonly CancellationToken _stop;

    private readonly Argument<string> _recipe = new("RECIPE")
    {
        Description = "The recipe, a JSON file. Without one, --task and --train make a model with the task's default recipe.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string> _output = new("--output", "-o")
    {
        Description = "The model folder to write. An unfinished run in it is resumed.",
        HelpName = "DIR",
        Required = true,
    };

    private readonly Option<string> _data = new("--data")
    {
        Description = "Folder that the recipe's corpus paths start from; the current one unless given.",
        HelpName = "DIR",
    };

    private readonly Option<string> _task = new("--task") { Description = "What to train on files of your own." };

    private readonly Option<string[]> _train = new("--train")
    {
        Description = "A corpus to train on: running text for a language model; CSV, JSON lines, fastText, Parquet or \"label TAB text\" lines "
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

    private readonly CorpusOptions _corpus;

    private readonly Option<string[]> _set = new("--set")
    {
        Description = "Overrides a setting of the recipe, such as training.dropout.output=0.3; the settings are listed below. May be repeated.",
        HelpName = "PATH=VALUE",
    };

    private readonly Option<bool> _restart = new("--restart") { Description = "Start anew, whatever the output folder holds." };

    private readonly NumberOption<double> _checkpointSeconds = new("--checkpoint-seconds")
    {
        Description = "Seconds between checkpoints.",
        DefaultValueFactory = _ => 60,
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
        (new Option<string>("--unseen-labels") { Description = MeaningOf("data.unseen_labels"), HelpName = "RULE" }, "data.unseen_labels"),
    ];

    public TrainVerb(Terminal terminal, CancellationToken stop)
        : base(
            terminal, "train", "Trains a model, or resumes a run that was stopped.",
            $"""
            Ctrl-C or SIGTERM ends the step under way, saves and exits with {ExitCode.Interrupted} or {ExitCode.Terminated}; the same command then goes on, and the
            weights come out as if it had never stopped. Every setting of a recipe, listed below, can be overridden with --set,
            the commonest by an option of their own. The recipe in use, log.jsonl and curve.svg are kept in the folder's training folder.
            """,
            "rnn train models/sentiment/training/recipe.json --data data --output models/sentiment",
            "rnn train --task classifier --train reviews.csv --text-column review --label-column sentiment --output models/reviews",
            "rnn train --task translator --train fra-eng.tsv --source-column 1 --target-column 0 --output models/fr-en",
            "rnn train --task classifier --train gestures.ts --output models/gestures",
            "rnn train --task language_model --train novel.txt --valid novel-end.txt --output models/novel --epochs 5")
    {
        _stop = stop;
        _task.AcceptOnlyFromAmong([.. Tasks.Keys]);
        Add(_recipe);
        Add(_output);
        Add(_data);
        Add(_task);
        Add(_train);
        Add(_valid);
        Add(_targets);
        Add(_validTargets);
        Add(_set);
        foreach (var (option, _) in _shorthands) Add(option);
        Add(_restart);
        Add(_checkpointSeconds);
        _corpus = new CorpusOptions(this);
        Validators.Add(Check);
    }

    public override string Reference => SettingsHelp.Text();

    protected override int Run(ParseResult parsed)
    {
        string output = parsed.GetValue(_output)!;
        bool restart = parsed.GetValue(_restart);
        Recipe recipe = RecipeOf(parsed);
        var folders = new RunFolders { Data = parsed.GetValue(_data) ?? "", Output = output };
        Trainer trainer = Prepare(parsed, recipe, folders, restart);
        Terminal.Out.WriteLine($"{output}: {Descriptions.Of(trainer.Model)}");
        CorpusSummary.Write(Terminal.Out, trainer.Report, ownFiles: parsed.GetValue(_recipe) is null);
        if (trainer.Model.Config.Examples is { Count: > 0 } examples)
        {
            Terminal.Out.WriteLine(
                $"examples: {examples.Count} {trainer.Report.Unit} stand in the model's folder for all to see; --set data.examples=0 leaves them out");
        }

        if (trainer.Step > 0) Terminal.Out.WriteLine($"Going on after step {Figures.Count(trainer.Step)}, where the last run stopped.");

        using var signals = new StopSignals(Terminal.Error, _stop);
        var (end, best) = TrainingDisplay.Show(Terminal, display =>
        {
            signals.Say = display.Say;
            return (trainer.Run(display, signals.Token), display.Best);
        });
        if (end == RunEnd.Interrupted)
        {
            string command = restart ? "the same command without --restart" : "the same command";
            Terminal.Out.WriteLine($"Stopped and saved after step {Figures.Count(trainer.Step)}; {command} goes on from there.");
            return signals.Code;
        }

        string early = end == RunEnd.StoppedEarly ? " early, since evaluations brought no progress," : "";
        string score = best is null ? "" : $" Best: valid {best}.";
        Terminal.Out.WriteLine($"Finished{early} after step {Figures.Count(trainer.Step)}.{score} The model is in {output}.");
        if (end == RunEnd.Finished && trainer.IsStillImproving)
        {
            Terminal.Out.WriteLine(
                "The last evaluation was the best: still improving, so that more epochs may help "
                + $"(--epochs {Math.Min(2L * recipe.Training.Epochs, int.MaxValue)} --restart).");
        }

        Terminal.Out.WriteLine($"Try it: rnn {TrainedCard.VerbOf(recipe.Model.Task)} {ShellWord.Quote(output)} \"a text\"");
        Terminal.Out.WriteLine("A service that finds the folder among its models serves it from its next start on.");
        return ExitCode.Done;
    }

    private Trainer Prepare(ParseResult parsed, Recipe recipe, RunFolders folders, bool restart)
    {
        try
        {
            return Terminal.While("reading the corpora", () => new Trainer(recipe, folders, restart)
            {
                CheckpointSeconds = parsed.GetValue(_checkpointSeconds)!.Value,
            });
        }
        catch (CorpusException error) when (parsed.GetValue(_recipe) is not null)
        {
            throw new CommandException(error.Message); // what mends it stands in the recipe, and is no option
        }
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

    private Recipe RecipeOf(ParseResult parsed)
    {
        string[] overrides =
        [
            .. parsed.GetValue(_set) ?? [],
            .. from shorthand in _shorthands
               let result = parsed.GetResult(shorthand.Option)
               where result is not null
               select $"{shorthand.Setting}={result.Tokens[0].Value}",
        ];
        if (parsed.GetValue(_recipe) is { } path) return Recipe.Read(path, overrides);

        ModelTask task = Tasks[parsed.GetValue(_task)!];
        CorpusSource[] train = Sources(_train, _targets);
        return DefaultRecipes.For(task, train, Sources(_valid, _validTargets), DefaultRecipes.Count(task, train), overrides);

        CorpusSource[] Sources(Option<string[]> option, Option<string[]> targets) =>
            [.. (parsed.GetValue(option) ?? []).Select((file, i) => _corpus.SourceOf(parsed, file, task, parsed.GetValue(targets)?.ElementAtOrDefault(i)))];
    }
}
