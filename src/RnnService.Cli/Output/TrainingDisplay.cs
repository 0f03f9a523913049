using System.Diagnostics;
using System.Globalization;
using RnnService.Cli.Shell;
using RnnService.Training.Evaluation;
using RnnService.Training.Runs;
using Spectre.Console;

namespace RnnService.Cli.Output;

/// <summary>
/// Shows a run: a bar where a person watches, else a line every few seconds; each evaluation gets a line of its own either way.
/// </summary>
internal sealed class TrainingDisplay : IProgress<TrainingProgress>
{
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(5);

    private readonly Terminal _terminal;
    private readonly ProgressTask? _bar;
    private readonly Stopwatch _sinceLine = new();
    private string _validation = "";

    private TrainingDisplay(Terminal terminal, ProgressTask? bar) => (_terminal, _bar) = (terminal, bar);

    /// <summary>The name and value of the best evaluation of the whole run; null before the first one shown here.</summary>
    public string? Best { get; private set; }

    /// <summary>Runs with a display around it.</summary>
    public static T Show<T>(Terminal terminal, Func<TrainingDisplay, T> run) => !terminal.IsLive
        ? run(new TrainingDisplay(terminal, null))
        : terminal.Console.Progress()
            .AutoClear(true) // the last state of the bar would repeat what is said below it
            .Columns(new ProgressBarColumn(), new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .Start(context => run(new TrainingDisplay(terminal, context.AddTask("first step", maxValue: double.PositiveInfinity))));

    /// <inheritdoc/>
    public void Report(TrainingProgress value)
    {
        int epoch = Math.Clamp((int)Math.Ceiling(value.Epoch), 1, value.Epochs);
        string place = $"epoch {epoch}/{value.Epochs}  step {value.Step}/{value.TotalSteps}";
        if (value.Score is { } score)
        {
            string figure = Figure(score, score.Value);
            _validation = $"  valid {figure}";
            Best = Figure(score, value.Best ?? score.Value);
            Write($"{place}  valid {figure}  valid loss {Figures.Real(score.Loss)}{(value.IsBest ? "  best so far" : "")}");
        }

        string rate = value.LearningRate.ToString("G3", CultureInfo.InvariantCulture);
        string left = value.Remaining is { } remaining ? $"  {Figures.Time(remaining)} left" : "";
        string now = $"loss {Figures.Real(value.Loss)}{_validation}  rate {rate}  {Figures.Count((long)value.TokensPerSecond)} tokens/s{left}";
        if (_bar is not null)
        {
            _bar.MaxValue = value.TotalSteps;
            _bar.Value = value.Step;
            _bar.Description = Markup.Escape($"{place}  {now}");
        }
        else if (value.Score is null && value.Remaining is not null && (!_sinceLine.IsRunning || _sinceLine.Elapsed > BetweenLines))
        {
            _sinceLine.Restart();
            Write($"{place}  {now}");
        }
    }

    /// <summary>Says something while the run goes on, without tearing the bar apart.</summary>
    public void Say(string line)
    {
        if (_bar is null) _terminal.Error.WriteLine(line);
        else _terminal.Console.WriteLine(line);
    }

    private static string Figure(ValidationScore score, double value) =>
        $"{Figures.Name(score)} {Figures.Of(score, value)}";

    private void Write(string line)
    {
        if (_bar is null) _terminal.Out.WriteLine(line);
        else _terminal.Console.WriteLine(line);
    }
}
