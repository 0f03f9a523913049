using System.Diagnostics;
using System.Runtime.InteropServices;
using RnnService.Engine.Models;

namespace RnnService.Cli.Output;

/// <summary>How fast models read, measured side by side.</summary>
internal static class ReadingSpeed
{
    /// <summary>Rounds a model.</summary>
    public const int Rounds = 25;

    private static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(200), Round = TimeSpan.FromMilliseconds(20);

    /// <summary>What the speed depends on, as the system tells it.</summary>
    public static string Processor
    {
        get
        {
            const string facts = "/proc/cpuinfo";
            string? line = File.Exists(facts)
                ? File.ReadLines(facts).FirstOrDefault(text => text.StartsWith("model name", StringComparison.Ordinal) && text.Contains(':'))
                : null;
            string name = line?.Split(':', 2)[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
            return $"{name}, {Environment.ProcessorCount} processors";
        }
    }

    /// <summary>
    /// Tokens a second of two models that answer to one text again and again: the fastest of short rounds in turns, since other work on the
    /// machine only ever slows a round.
    /// </summary>
    public static (double Before, double After) InTurns(Model before, Model after, string text)
    {
        Run(before, text, WarmUp);
        Run(after, text, WarmUp);
        double one = 0, other = 0;
        for (int round = 0; round < Rounds; round++)
        {
            one = Math.Max(one, Run(before, text, Round));
            other = Math.Max(other, Run(after, text, Round));
        }

        int tokens = before is Classifier classifier ? classifier.Encode(text).Length : before.Answer(text).Labels.Count;
        return (tokens * one, tokens * other);
    }

    /// <returns>Answers a second.</returns>
    private static double Run(Model model, string text, TimeSpan time)
    {
        long start = Stopwatch.GetTimestamp();
        int answers = 0;
        TimeSpan taken;
        do
        {
            model.Answer(text);
            answers++;
            taken = Stopwatch.GetElapsedTime(start);
        }
        while (taken < time);
        return answers / taken.TotalSeconds;
    }
}
