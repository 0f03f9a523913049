using System.Text.RegularExpressions;

namespace RnnService.Playground.Tests;

/// <summary>The page's files, without a browser.</summary>
public sealed partial class PageFileTests
{
    /// <summary>Bytes before compression: of the page with its first tab, of each tab that is opened then, of what others wrote, which one tab alone loads.</summary>
    private const int MostOfFirstView = 110_000, MostOfTab = 65_000, MostVendored = 550_000;

    public static TheoryData<string> Tabs => [.. TabView.All.Select(view => view.Id)];

    [Theory]
    [MemberData(nameof(Tabs))]
    public void A_view_is_small(string tab)
    {
        long page = PageFiles.Bytes(PageFiles.OfPage), own = PageFiles.Bytes(PageFiles.OfTab(tab));
        if (tab == TabView.All[0].Id) Assert.InRange(page + own, 1, MostOfFirstView);
        Assert.InRange(own, 1, MostOfTab);
    }

    [Fact]
    public void No_file_belongs_to_nothing()
    {
        string[] known = [.. PageFiles.OfPage, .. TabView.All.SelectMany(view => PageFiles.OfTab(view.Id)), "tabs/numbers-worklet.js", "results.html"];
        Assert.Equal(PageFiles.Own, known.Distinct().Order(StringComparer.Ordinal));
    }

    /// <summary>Other people's work is there as it was published, with its licence, and named among the notices.</summary>
    [Fact]
    public void What_is_vendored_has_its_licence_beside_it()
    {
        string[] vendored = [.. PageFiles.All.Except(PageFiles.Own)];
        Assert.Equal(2, vendored.Length);
        Assert.InRange(PageFiles.Bytes(vendored), 1, MostVendored);
        string abcjs = Path.Combine(PageFiles.Folder, PageFiles.Vendored, "abcjs-basic-min");
        string version = Assert.Single(Version().Matches(File.ReadLines(abcjs + ".js").First())).Groups[1].Value;
        Assert.StartsWith("/**!\nCopyright", File.ReadAllText(abcjs + ".LICENSE.txt"), StringComparison.Ordinal);
        Assert.Contains($"abcjs {version} (MIT", File.ReadAllText(Path.Combine(Repository.Root, "THIRD-PARTY-NOTICES.md")), StringComparison.Ordinal);
    }

    /// <summary>What only a browser finds at run time: an import of a file that is not there.</summary>
    [Fact]
    public void Every_file_that_is_imported_is_there()
    {
        (string Script, string Import)[] imports =
            [.. PageFiles.Own.Where(file => file.EndsWith(".js", StringComparison.Ordinal)).SelectMany(file => PageFiles.Imports(file).Select(import => (file, import)))];
        Assert.True(imports.Length > 20);
        Assert.All(imports, pair => Assert.Contains(pair.Import, PageFiles.Own));
    }

    [GeneratedRegex(@"abcjs_basic v([\d.]+)")]
    private static partial Regex Version();
}
