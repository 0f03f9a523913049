using System.Text.RegularExpressions;

namespace RnnService.Playground.Tests;

/// <summary>The page's files, without a browser.</summary>
public sealed partial class PageFileTests
{
    private static string Folder { get; } = Path.Combine(Repository.Root, "src", "RnnService.Server", "wwwroot");

    private static IEnumerable<string> Files => Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories);

    private static string Vendored { get; } = Path.Combine(Folder, "vendor");

    private static IEnumerable<string> Own => Files.Where(file => !file.StartsWith(Vendored, StringComparison.Ordinal));

    /// <summary>Other people's work is there as it was published, with its licence, and named among the notices.</summary>
    [Fact]
    public void What_is_vendored_has_its_licence_beside_it()
    {
        string abcjs = Path.Combine(Vendored, "abcjs-basic-min");
        string version = Assert.Single(Version().Matches(File.ReadLines(abcjs + ".js").First())).Groups[1].Value;
        Assert.StartsWith("/**!\nCopyright", File.ReadAllText(abcjs + ".LICENSE.txt"), StringComparison.Ordinal);
        Assert.Contains($"abcjs {version} (MIT", File.ReadAllText(Path.Combine(Repository.Root, "THIRD-PARTY-NOTICES.md")), StringComparison.Ordinal);
        Assert.Equal(2, Directory.GetFiles(Vendored).Length);
    }

    /// <summary>What only a browser finds at run time: an import or a link to a file that is not there.</summary>
    [Fact]
    public void Every_file_that_is_referred_to_is_there()
    {
        int references = 0;
        foreach (string file in Own.Where(file => file.EndsWith(".js", StringComparison.Ordinal)))
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

    [GeneratedRegex(@"abcjs_basic v([\d.]+)")]
    private static partial Regex Version();
}
