using System.Text.RegularExpressions;

namespace RnnService.Playground.Tests;

/// <summary>The page's files, without a browser.</summary>
public sealed partial class PageFileTests
{
    private static string Folder { get; } = Path.Combine(Repository.Root, "src", "RnnService.Server", "wwwroot");

    private static IEnumerable<string> Files => Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories);

    [Fact]
    public void The_whole_page_is_below_250_kilobytes() => Assert.InRange(Files.Sum(file => new FileInfo(file).Length), 1, 250_000);

    /// <summary>What only a browser finds at run time: an import or a link to a file that is not there.</summary>
    [Fact]
    public void Every_file_that_is_referred_to_is_there()
    {
        int references = 0;
        foreach (string file in Files.Where(file => file.EndsWith(".js", StringComparison.Ordinal)))
        {
            foreach (Match import in Import().Matches(File.ReadAllText(file)))
            {
                references++;
                Assert.True(File.Exists(Path.Combine(Path.GetDirectoryName(file)!, import.Groups[1].Value)), $"{file} imports {import.Groups[1].Value}");
            }
        }

        Assert.True(references > 20);
    }

    [GeneratedRegex(@"^\s*(?:import|\}) .*from '(\.[^']+)';", RegexOptions.Multiline)]
    private static partial Regex Import();
}
