using System.Text.RegularExpressions;
using RnnService.Audio;

namespace RnnService.Training.Corpora;

/// <summary>
/// Sounds with what is said in them: WAV files of a folder, whose names say it, or a list of <c>path TAB text</c>, a line a file, paths from the
/// list's own folder.
/// </summary>
internal static class SoundFolder
{
    private const string LabelGroup = "label", UsualPattern = "(?<label>[^_]+)_.*";

    private static readonly TimeSpan LongestMatch = TimeSpan.FromSeconds(1);

    public static NumberExample[] Read(CorpusSource source) =>
        Directory.Exists(source.Path) ? OfFolder(source) : OfList(source);

    private static NumberExample[] OfFolder(CorpusSource source)
    {
        Regex pattern = Whole(source.NamePattern ?? UsualPattern);
        var where = (source.Where ?? new Dictionary<string, string>()).ToDictionary(pair => pair.Key, pair => Whole(pair.Value));
        string[] groups = pattern.GetGroupNames();
        if (!groups.Contains(LabelGroup)) throw source.Wrong("name_pattern has no group called label; expected (?<label>…) in it");
        if (where.Keys.FirstOrDefault(name => !groups.Contains(name)) is { } unknown)
            throw source.Wrong($"where names {unknown}, which is no group of name_pattern; expected one of {string.Join(", ", groups.Skip(1))}");
        var found = new List<NumberExample>();
        foreach (string file in Directory.EnumerateFiles(source.Path, "*.wav").Order(StringComparer.Ordinal))
        {
            Match match = pattern.Match(Path.GetFileNameWithoutExtension(file));
            if (!match.Success || where.Any(one => !one.Value.IsMatch(match.Groups[one.Key].Value))) continue;
            found.Add(Example(source, file, match.Groups[LabelGroup].Value));
        }

        return [.. found];

        Regex Whole(string text)
        {
            try
            {
                return new Regex($"^(?:{text})$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, LongestMatch);
            }
            catch (ArgumentException error)
            {
                throw source.Wrong($"{text} is no regular expression: {error.Message}");
            }
        }
    }

    private static NumberExample[] OfList(CorpusSource source)
    {
        string folder = Path.GetDirectoryName(source.Path) ?? "";
        return [.. CorpusFile.Open(source.Path, source.Encoding).Lines.Where(line => line.Text.Length > 0).Select(line => line.Text.Split('\t') is [var file, var text]
            ? Example(source, Path.Combine(folder, file), text)
            : throw new InvalidDataException($"{line.Path}, line {line.Number}: has no tab; expected path TAB text"))];
    }

    private static NumberExample Example(CorpusSource source, string file, string text)
    {
        try
        {
            return new NumberExample
            {
                Sound = WavFile.Read(file),
                Labels = [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(label => source.NameOf(label) ?? label)],
                Name = file,
            };
        }
        catch (SoundFormatException error)
        {
            throw new InvalidDataException(error.Message, error);
        }
    }
}
