using System.Text;
using RnnService.Engine.Kernels;
using RnnService.Engine.Models;
using RnnService.Training.Cards;
using RnnService.Training.Evaluation;
using static System.FormattableString;

namespace RnnService.Cli.Output;

/// <summary>The card of a model whose weights were made narrower: what it was made from, what that gave and what it cost.</summary>
internal sealed class QuantizedCard
{
    private const string LicenseFile = "LICENSE", DataRow = "| data |", LicenseRow = "| licence |";

    public required LoadedModel Source { get; init; }

    public required LoadedModel Result { get; init; }

    /// <summary>The source's score; null without a corpus, and then there is no other.</summary>
    public required ValidationScore? Before { get; init; }

    public required ValidationScore? After { get; init; }

    public required (double Before, double After) TokensPerSecond { get; init; }

    /// <summary>The command that made the model.</summary>
    public required string Command { get; init; }

    /// <summary>The command that scores it again; null without a corpus.</summary>
    public required string? EvaluateCommand { get; init; }

    /// <summary>What was measured of both models: what, before, after, and the change.</summary>
    public IEnumerable<(string What, string Before, string After, string Change)> Rows()
    {
        yield return (
            "weight file", $"{Figures.Count(Source.Bytes)} bytes", $"{Figures.Count(Result.Bytes)} bytes",
            Figures.Percent((double)Result.Bytes / Source.Bytes));
        if (Before is { } before && After is { } after)
        {
            double change = after.Value - before.Value;
            yield return (
                Figures.Name(after), Figures.Of(before, before.Value), Figures.Of(after, after.Value),
                after.HigherIsBetter
                    ? Invariant($"{100 * change:+0.00;-0.00;0.00} points")
                    : Invariant($"{change:+0.0000;-0.0000;0.0000}"));
            if (after.Value != after.Loss)
            {
                yield return (
                    "nats a prediction", Figures.Real(before.Loss), Figures.Real(after.Loss),
                    Invariant($"{after.Loss - before.Loss:+0.0000;-0.0000;0.0000}"));
            }
        }

        yield return (
            "tokens a second", Figures.Count((long)TokensPerSecond.Before), Figures.Count((long)TokensPerSecond.After),
            Invariant($"{TokensPerSecond.After / TokensPerSecond.Before:F2} times"));
    }

    /// <summary>Writes the card of a folder, and the licence where the source has one as a file.</summary>
    /// <param name="folder">Where to write.</param>
    /// <param name="name">The model's name.</param>
    public void Write(string folder, string name)
    {
        ModelConfig config = Source.Model.Config;
        string sourceFolder = Path.GetDirectoryName(Source.File)!, oldCard = Path.Combine(sourceFolder, CardFile.Name);
        string oldText = File.Exists(oldCard) ? File.ReadAllText(oldCard) : "";
        string[] old = oldText.ReplaceLineEndings("\n").Split('\n');
        // Of the old card what the width of the weights does not touch: corpus, licence and limits. A licence that somebody wrote there counts
        // before that of the configuration; a generated card only repeats what was configured when the model was trained.
        bool keepsLicense = config.License is null || !CardFile.IsGenerated(oldText);
        string[] origin = [.. old.Where(line => Begins(line, DataRow) || (keepsLicense && Begins(line, LicenseRow)))];
        string[] limits = [.. old.SkipWhile(line => !Begins(line, "**Not good for**")).TakeWhile(line => line.Length > 0)];

        var card = new StringBuilder();
        Line($"# {name}");
        Line();
        if (config.Description is { } description)
        {
            Line(description);
            Line();
        }

        Line("| | |");
        Line("|---|---|");
        Line($"| made from | {Source.Name}, {Source.Dtype} weights, sha256 `{Source.Sha256}` |");
        Line($"| network | {Descriptions.Of(Result.Model)} |");
        Line($"| weights | {Scheme} |");
        foreach (string line in origin) Line(line);
        if (config.License is { } license && !origin.Any(line => Begins(line, LicenseRow))) Line($"{LicenseRow} {license} |");
        Line();
        Line($"| | {Source.Name}, {Source.Dtype} | {name}, {Result.Dtype} | change |");
        Line("|---|---|---|---|");
        foreach (var (what, before, after, change) in Rows()) Line($"| {what} | {before} | {after} | {change} |");
        Line();
        Line("Tokens a second: the golden text read over and over, alone, by both models in turns; the fastest of "
            + $"{ReadingSpeed.Rounds} rounds. {ReadingSpeed.Processor}.");
        if (EvaluateCommand is null) Line("Scores were not measured: no corpus was given.");
        Line();
        Line($"    {Command}");
        if (EvaluateCommand is not null) Line($"    {EvaluateCommand}");
        if (limits.Length > 0) Line();
        foreach (string line in limits) Line(line);
        CardFile.Write(folder, card.ToString());
        string licenseFile = Path.Combine(sourceFolder, LicenseFile);
        if (File.Exists(licenseFile)) File.Copy(licenseFile, Path.Combine(folder, LicenseFile));

        void Line(string text = "") => card.Append(text).Append('\n');

        static bool Begins(string line, string start) => line.StartsWith(start, StringComparison.Ordinal);
    }

    private string Scheme => Result.Dtype == ElementType.I8.Dtype()
        ? "every matrix, embeddings too, in 8-bit integers with a scale a row; biases in 32-bit floats; inputs of products rounded to 7 bits"
        : "every value in 16 bits, the upper half of a 32-bit float; nothing else is rounded";
}
