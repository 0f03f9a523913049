using RnnService.Cli.Shell;
using RnnService.Training.Evaluation;

namespace RnnService.Cli.Output;

/// <summary>How well a model of numbers does, in a few lines.</summary>
internal static class NumberFigures
{
    public static void Write(Terminal terminal, NumberReport report, bool json)
    {
        if (json)
        {
            terminal.Out.WriteJson(new
            {
                report.Loss,
                report.Confusion?.Accuracy,
                report.Confusion?.MacroF1,
                report.Errors,
                report.Naive,
                report.Symbols,
                SymbolErrorRate = report.Symbols?.Rate,
            });
            return;
        }

        if (report.Symbols is { } symbols)
        {
            terminal.Out.WriteLine($"errors {Figures.Percent(symbols.Rate)} of the symbols ({Figures.Count(symbols.Errors)} of {Figures.Count(symbols.Symbols)})");
            terminal.Out.WriteLine($"right  {Figures.Percent((double)symbols.Right / Math.Max(1, symbols.Sequences))} of {Figures.Count(symbols.Sequences)} sequences");
        }

        if (report.Confusion is { } confusion)
        {
            terminal.Out.WriteLine(confusion.ToTable(terminal.Console.Profile.Width));
            terminal.Out.WriteLine($"macro F1 {Figures.Percent(confusion.MacroF1)}");
        }

        if (report.Errors is { } errors)
        {
            terminal.Out.WriteLine($"rmse {Figures.Real(errors.RootMeanSquare)}, mae {Figures.Real(errors.MeanAbsolute)} over {Figures.Count(errors.Count)} values");
            if (report.Naive is { } naive)
                terminal.Out.WriteLine($"as it was: rmse {Figures.Real(naive.RootMeanSquare)}, mae {Figures.Real(naive.MeanAbsolute)}");
        }
        else
        {
            terminal.Out.WriteLine($"loss {Figures.Real(report.Loss)} nats");
        }
    }
}
