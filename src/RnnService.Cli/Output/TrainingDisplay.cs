using System.Diagnostics;
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
            .Columns(new ProgressBarColumn(), new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .Start(context => run(new TrainingDisplay(terminal, context.AddTask("first step", maxValue: double.PositiveInfinity))));

    /// <inheritdoc/>
    public void Report(TrainingProgress value)
    {
        if (value.Score is { } score)
        {
            string figure = Figure(score, score.Value);
            _validation = $"  valid {figure}";
            Best = Figure(score, value.Best ?? score.Value);
            string rank = score.Value == value.Best ? "  best so far" : "";
            Write($"epoch {value.Epoch:F2}  valid {figure}  valid loss {Figures.Real(score.Loss)}{rank}");
        }

        string now = $"loss {Figures.Real(value.Loss)}{_validation}  {Figures.Count((long)value.TokensPerSecond)} tokens/s  "
            + $"{Figures.Time(value.Remaining)} left";
        if (_bar is not null)
        {
            _bar.MaxValue = value.TotalSteps;
            _bar.Value = value.Step;
            _bar.Description = Markup.Escape(now);
        }
        else if (!_sinceLine.IsRunning || _sinceLine.Elapsed > BetweenLines)
        {
            _sinceLine.Restart();
            Write($"step {value.Step}/{value.TotalSteps}  epoch {value.Epoch:F2}  {now}");
        }
    }

    private static string Figure(ValidationScore score, double value) =>
        $"{Figures.Name(score)} {Figures.Of(score, value)}";

    private void Write(string line)
    {
        if (_bar is null) _terminal.Out.WriteLine(line);
        else _terminal.Console.WriteLine(line);
    }
}
