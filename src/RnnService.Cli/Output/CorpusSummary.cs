using RnnService.Cli.Arguments;
using RnnService.Engine.Text;
using RnnService.Training.Corpora;

namespace RnnService.Cli.Output;

/// <summary>What was read before a training, in a few lines, and a line for each thing that is odd.</summary>
internal static class CorpusSummary
{
    private const int MostLabels = 10;

    /// <summary>Writes it.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="report">What was read.</param>
    /// <param name="ownFiles">Whether the corpora are given by options, which mend what a note says; else a recipe names them.</param>
    public static void Write(TextWriter output, CorpusReport report, bool ownFiles)
    {
        string split = report.SplitShare is { } share ? $" (split off: data.valid_share {Figures.Percent(share)}, by training.seed)" : "";
        string targets = report.TargetTokens is { } tokens ? $"; targets: {Figures.Count(tokens)} tokens" : "";
        output.WriteLine($"train: {Part(report.Train, report.Unit)}{targets}");
        output.WriteLine($"valid: {Part(report.Valid, report.Unit)}{split}");
        if (report.Vocabulary > 0) output.WriteLine(
            $"       {Figures.Percent(report.UnknownShare)} of the tokens unknown (vocabulary {Figures.Count(report.Vocabulary)}), "
            + $"{Figures.Count(report.Overlap)} of the {report.Unit} in train too");
        if (report.Train.Labels.Count > 0) output.WriteLine($"labels: {Labels(report.Train)}");
        foreach (CorpusNote note in report.Notes) output.WriteLine(Line(note, ownFiles));
    }

    /// <summary>A note as a line.</summary>
    public static string Line(CorpusNote note, bool ownFiles)
    {
        string text = ownFiles ? note.ToString(CorpusOptions.OptionOf) : note.ToString(setting => setting.Name.Contains('.', StringComparison.Ordinal)
            ? CorpusOptions.OptionOf(setting)
            : $"{setting.Name}: {setting.Value}");
        return $"note: {text}".ReplaceLineEndings(" ");
    }

    private static string Part(CorpusPart part, string unit)
    {
        string lengths = part.Lengths is var (median, most, longest)
            ? $"; lengths: half up to {Figures.Count(median)}, 95 % up to {Figures.Count(most)}, longest {Figures.Count(longest)}"
            : "";
        return $"{Figures.Count(part.Texts)} {unit}, {Figures.Count(part.Tokens)} {(unit == "sequences" ? "steps" : "tokens")}{lengths}";
    }

    private static string Labels(CorpusPart part)
    {
        string first = string.Join(", ", part.Labels.Take(MostLabels).Select(label => $"{Shown(label.Key)} {Figures.Count(label.Value)}"));
        return part.Labels.Count > MostLabels ? $"{first} and {Figures.Count(part.Labels.Count - MostLabels)} more" : first;

        // Two numbers side by side would be read as one.
        static string Shown(string label) => label is [.., >= '0' and <= '9'] ? Listing.Quote(label) : label;
    }
}
