using System.CommandLine;
using System.Globalization;
using RnnService.Cli.Arguments;
using RnnService.Cli.Output;
using RnnService.Cli.Shell;
using RnnService.Training.Cards;
using RnnService.Training.Evaluation;
using RnnService.Training.Recipes;
using RnnService.Training.Runs;
using RnnService.Training.Tuning;

namespace RnnService.Cli.Verbs;

/// <summary><c>rnn tune</c>: searches for settings within a time limit.</summary>
internal sealed class TuneVerb : RecipeVerb
{
    private const double MostMinutes = 1e6;

    private readonly CancellationToken _stop;

    private readonly Option<string> _output = new("--output", "-o")
    {
        Description = "The folder for tuning.jsonl, a line a trial, and the best recipe.json. A search in it goes on.",
        HelpName = "DIR",
        Required = true,
    };

    private readonly NumberOption<double> _minutes = new("--minutes")
    {
        Description = "Time for all trials, those of earlier runs of the search included.",
        DefaultValueFactory = _ => 10,
    };

    private readonly NumberOption<int> _trials = new("--trials") { Description = "The most trials, likewise; unless given as many as there is time for." };

    public TuneVerb(Terminal terminal, CancellationToken stop)
        : base(
            terminal, "tune", "Tries settings within a time limit, and writes the best recipe.",
            """
            A trial trains a model on the whole corpus; the validation part judges it. Learning rate, epochs, batches, sizes, the cell of a classifier, dropout
            and the like are drawn at random around the recipe and near the best so far; what is named by --set or an option of its own stays. Of nine
            candidates that are trained for a ninth of their epochs the best three go on to a third, and the best of them to all (successive halving).
            At the end it says which settings mattered, and the command that trains the best. Models of trials are not kept. The scores are those of the
            part that chose the settings, and so a little too good: measure the model on texts that it has not seen.
            """,
            "rnn tune --task classifier --train tickets.csv --output tuned --minutes 30",
            "rnn tune models/sentiment/training/recipe.json --data data --output tuned --minutes 120 --set model.cell=lstm")
    {
        _stop = stop;
        AddOptions(_output, _minutes, _trials);
    }

    protected override int Run(ParseResult parsed)
    {
        string output = parsed.GetValue(_output)!;
        Recipe recipe = RecipeOf(parsed);
        string[] kept = [.. OverridesOf(parsed).Select(setting => setting.Split('=')[0])];
        double minutes = parsed.GetValue(_minutes)!.Value;
        int trials = parsed.GetValue(_trials) ?? int.MaxValue;
        if (minutes is not (> 0 and <= MostMinutes))
            throw new CommandException(string.Create(CultureInfo.InvariantCulture, $"--minutes is {minutes}; expected a number, above 0 to {MostMinutes}"));
        if (trials < 1) throw new CommandException($"--trials is {trials}; expected a whole number, 1 or more");
        var tuner = new Tuner(recipe, new RunFolders { Data = DataOf(parsed), Output = output }, kept)
        {
            Limit = TimeSpan.FromMinutes(minutes),
            MostTrials = trials,
        };
        Terminal.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"Trying values of {tuner.Searched.Count} settings for {minutes:0.##} minutes: {string.Join(", ", tuner.Searched.Select(Short))}"));
        Terminal.Out.WriteLine("trial  epochs       score     time  settings that differ from the recipe");
        using var signals = new StopSignals(Terminal.Error, _stop);
        TuningResult result = tuner.Run(new Table(Terminal.Out), signals.Token);
        Tell(parsed, result, tuner.RecipePath, output);
        if (!result.IsStopped) return ExitCode.Done;
        Terminal.Out.WriteLine("Stopped; the same command goes on from there.");
        return signals.Code;
    }

    private void Tell(ParseResult parsed, TuningResult result, string recipe, string output)
    {
        ValidationScore score = result.Best.Score!;
        Terminal.Out.WriteLine($"Best of {result.Trials.Count}: trial {result.Best.Number}, valid {Figures.Name(score)} {Figures.Of(score, score.Value)}.");
        int first = result.Trials.Count(trial => trial.Level == 0);
        Terminal.Out.WriteLine(result.Lessons.Count == 0
            ? $"No setting made a clear difference in the first trainings of {first} candidates."
            : $"What made a difference in the first trainings of {first} candidates, with its share of it:");
        foreach (TuningLesson lesson in result.Lessons)
        {
            Terminal.Out.WriteLine(
                $"  {lesson.Setting}  {Figures.Percent(lesson.Share)}: best {lesson.Best} (mean {Figures.Of(score, lesson.BestMean)}), "
                + $"worst {lesson.Worst} ({Figures.Of(score, lesson.WorstMean)})");
        }

        string data = DataOf(parsed) is { Length: > 0 } folder ? $" --data {ShellWord.Quote(folder)}" : "";
        Terminal.Out.WriteLine($"The best recipe is {recipe}. It trains with:");
        Terminal.Out.WriteLine($"  rnn train {ShellWord.Quote(recipe)}{data} --output {ShellWord.Quote(Path.Combine(output, "model"))}");
    }

    private static string Short(string setting) => setting[(setting.IndexOf('.', StringComparison.Ordinal) + 1)..];

    /// <summary>A line a trial.</summary>
    private sealed class Table(TextWriter output) : IProgress<TuningTrial>
    {
        private TuningTrial? _best;

        public void Report(TuningTrial value)
        {
            const string epochs = "training.epochs=";
            bool best = value.IsBetterThan(_best);
            if (best) _best = value;
            string passes = value.Settings.Last(setting => setting.StartsWith(epochs, StringComparison.Ordinal))[epochs.Length..];
            string[] others = [.. value.Settings.Where(setting => !setting.StartsWith(epochs, StringComparison.Ordinal)).Select(Short)];
            string score = value.Score is { } found ? Figures.Of(found, found.Value) : "failed";
            string line = string.Create(
                CultureInfo.InvariantCulture,
                $"{value.Number,5}  {passes,6}  {score,10}  {Figures.Time(TimeSpan.FromSeconds(value.Seconds)),7}  {(others.Length > 0 ? string.Join(' ', others) : "none")}");
            output.WriteLine(line + (best ? "  best so far" : "") + (value.Fault is { } fault ? $"  ({fault})".ReplaceLineEndings(" ") : ""));
        }
    }
}
