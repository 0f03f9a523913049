using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
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
internal sealed class TrainVerb : RecipeVerb
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly CancellationToken _stop;

    private readonly Option<string> _output = new("--output", "-o")
    {
        Description = "The model folder to write. An unfinished run in it is resumed.",
        HelpName = "DIR",
        Required = true,
    };

    private readonly Option<bool> _restart = new("--restart") { Description = "Start anew, whatever the output folder holds." };

    private readonly NumberOption<double> _checkpointSeconds = new("--checkpoint-seconds")
    {
        Description = "Seconds between checkpoints.",
        DefaultValueFactory = _ => 60,
    };

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
            "rnn train --task classifier --from models/english --train tickets.csv --output models/tickets",
            "rnn train --task language_model --train novel.txt --valid novel-end.txt --output models/novel --epochs 5")
    {
        _stop = stop;
        AddOptions(_output, _restart, _checkpointSeconds);
    }

    protected override int Run(ParseResult parsed)
    {
        string output = parsed.GetValue(_output)!;
        bool restart = parsed.GetValue(_restart);
        Recipe recipe = RecipeOf(parsed);
        var folders = new RunFolders { Data = DataOf(parsed), Output = output };
        Trainer trainer = Prepare(parsed, recipe, folders, restart);
        Terminal.Out.WriteLine($"{output}: {Descriptions.Of(trainer.Model)}");
        if (trainer.TakenOver is { } taken) Terminal.Out.WriteLine($"from {taken.Path}: took {taken}");
        CorpusSummary.Write(Terminal.Out, trainer.Report, ownFiles: !NamesRecipe(parsed));
        Terminal.Out.WriteLine(Descriptions.OfTraining(trainer.Recipe, madeFor: NamesRecipe(parsed) ? null : trainer.Report));
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

        WriteNext(recipe.Model, output);
        return ExitCode.Done;
    }

    /// <summary>The commands that try, measure, serve and call the model.</summary>
    private void WriteNext(ModelConfig model, string output)
    {
        string folder = Path.TrimEndingDirectorySeparator(output), parent = Path.GetDirectoryName(folder) is { Length: > 0 } above ? above : ".";
        bool reads = model.Numbers is null; // else what it is given has no short form
        if (reads) Terminal.Out.WriteLine($"Try it: rnn {TrainedCard.VerbOf(model.Task)} {ShellWord.Quote(output)} \"a text\"");
        Terminal.Out.WriteLine($"Measure it: rnn evaluate {ShellWord.Quote(output)} --corpus FILE");
        Terminal.Out.WriteLine($"Serve it: rnn serve {ShellWord.Quote(parent)}");
        if (!reads) return;
        string request = JsonSerializer.Serialize(new { inputs = "a text", model = Path.GetFileName(folder) }, Readable);
        Terminal.Out.WriteLine($"Call it: curl localhost:8080{TrainedCard.RouteOf(model.Task)} -H 'content-type: application/json' -d {ShellWord.Quote(request)}");
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
        catch (CorpusException error) when (NamesRecipe(parsed))
        {
            throw new CommandException(error.Message); // what mends it stands in the recipe, and is no option
        }
    }
}
