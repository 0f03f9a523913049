using RnnService.Benchmarks.Load;

namespace RnnService.Benchmarks.Trials;

/// <summary>How large trials run.</summary>
internal enum TrialSize
{
    /// <summary>At toy size: to see that they work, not for their figures.</summary>
    Quick,

    /// <summary>All of them within a quarter of an hour or so.</summary>
    Usual,

    /// <summary>Those that look for what grows slowly run for minutes and half-hours.</summary>
    Long,
}

/// <summary>One trial while it runs: which build it tries, how large it is, and what it has found so far.</summary>
/// <param name="name">Its name on the command line.</param>
/// <param name="attack">What is done to the service, for the table.</param>
/// <param name="server">Path of RnnService.Server.dll.</param>
/// <param name="size">How large it runs.</param>
internal sealed class Trial(string name, string attack, string server, TrialSize size)
{
    /// <summary>The address of the light client; attackers have others.</summary>
    public const string Here = "127.0.0.1";

    public const double Megabyte = 1e6;

    private const double MemoryGoal = 1_000;

    public TrialResult Result { get; } = new(name, attack, []);

    public string Server => server;

    /// <summary>A number of connections, requests or texts.</summary>
    public int Count(int full) => size == TrialSize.Quick ? Math.Clamp(full / 50, 2, full) : full;

    /// <summary>A time to attack or measure.</summary>
    /// <param name="full">As a rule.</param>
    /// <param name="whole">Where hours do not matter; null for the same.</param>
    public double Seconds(double full, double? whole = null) => size switch
    {
        TrialSize.Quick => Math.Min(full, 0.5),
        TrialSize.Long => whole ?? full,
        _ => full,
    };

    public void Tell(string what, FormattableString found) => Add(new Figure(what, FormattableString.Invariant(found)));

    /// <summary>A figure that should not be larger; null: it never came.</summary>
    public void AtMost(string what, double? value, double goal, string unit) =>
        Add(new Figure(what, Show(value, unit), $"≤ {Show(goal, unit)}", value <= goal));

    /// <summary>A figure that should not be smaller.</summary>
    public void AtLeast(string what, double value, double goal, string unit) =>
        Add(new Figure(what, Show(value, unit), $"≥ {Show(goal, unit)}", value >= goal));

    /// <summary>Something that should be so.</summary>
    public void Wanted(string what, string found, string goal) => Add(new Figure(what, found, goal, found == goal));

    /// <summary>The waits of a light client beside an attack and without one.</summary>
    public void Light(string client, Waits alone, Waits beside, double most = 3)
    {
        (double quiet, double disturbed) = (Quantiles.Of(alone.Seconds, 0.99), Quantiles.Of(beside.Seconds, 0.99));
        Add(new Figure($"light {client}: answered", FormattableString.Invariant($"{beside.Answered} of {beside.Asked}"), "all",
            beside.Answered == beside.Asked));
        Add(new Figure(
            $"light {client}: p50 / p99 ms alone → beside",
            $"{Quantiles.Milliseconds(alone.Seconds)} → {(beside.Seconds.Count == 0 ? "none" : Quantiles.Milliseconds(beside.Seconds))}"));
        bool any = beside.Answered > 0 && alone.Answered > 0;
        Add(new Figure(
            $"light {client}: p99 beside / alone", any ? Show(disturbed / quiet, "") : "never", FormattableString.Invariant($"≤ {most}"), any && disturbed <= most * quiet));
    }

    /// <summary>What the attack cost the service, and whether it answers still.</summary>
    public async Task CostAsync(TrialServer service)
    {
        Answer ready = await service.AskAsync("/health/ready", 3);
        Tell("/health/ready", $"{ready.StatusText}");
        Tell("processor", $"{service.ProcessorTime:F1} s");
        AtMost("peak memory", service.PeakMemory / Megabyte, MemoryGoal, "MB");
    }

    private static string Show(double? value, string unit)
    {
        if (value is not { } number) return "never";
        string text = FormattableString.Invariant($"{(Math.Abs(number) < 10 ? Math.Round(number, 2) : Math.Round(number))}");
        return unit.Length == 0 ? text : $"{text} {unit}";
    }

    private void Add(Figure figure)
    {
        Result.Figures.Add(figure);
        string met = figure.Met is { } isMet ? Report.Met(isMet) : "";
        Console.WriteLine($"| {name} | {figure.What} | {figure.Found} | {figure.Goal} | {met} |");
    }
}
