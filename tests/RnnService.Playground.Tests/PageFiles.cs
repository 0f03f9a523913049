using System.Text.RegularExpressions;

namespace RnnService.Playground.Tests;

/// <summary>The page's files as they stand in the sources, and which of them come with what.</summary>
internal static partial class PageFiles
{
    /// <summary>Where they are, and the part of it that others wrote.</summary>
    public static string Folder { get; } = Path.Combine(Repository.Root, "src", "RnnService.Server", "wwwroot");

    public const string Vendored = "vendor/";

    /// <summary>Paths below the folder, of all and of those written for the page.</summary>
    public static IReadOnlyList<string> All { get; } =
        [.. Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Folder, file).Replace('\\', '/')).Order(StringComparer.Ordinal)];

    public static IReadOnlyList<string> Own { get; } = [.. All.Where(file => !file.StartsWith(Vendored, StringComparison.Ordinal))];

    /// <summary>What every view loads: the page, its style and icon, its script and what that imports.</summary>
    public static IReadOnlySet<string> OfPage { get; } = new HashSet<string>(["index.html", "icon.svg", "app.css", .. WithImports("app.js")]);

    /// <summary>What a tab loads beside that when it is opened.</summary>
    public static IReadOnlySet<string> OfTab(string tab) => new HashSet<string>(WithImports($"tabs/{tab}.js").Append($"tabs/{tab}.css").Except(OfPage));

    /// <summary>Bytes of files together, as they are sent where nothing is compressed.</summary>
    public static long Bytes(IEnumerable<string> files) => files.Sum(file => new FileInfo(Path.Combine(Folder, file)).Length);

    /// <summary>What a script imports, by paths below the folder.</summary>
    public static IEnumerable<string> Imports(string script) => Import().Matches(File.ReadAllText(Path.Combine(Folder, script)))
        .Select(import => Path.GetRelativePath(Folder, Path.GetFullPath(Path.Combine(Folder, Path.GetDirectoryName(script)!, import.Groups[1].Value))).Replace('\\', '/'));

    private static HashSet<string> WithImports(string script)
    {
        var found = new HashSet<string>();
        var open = new Stack<string>([script]);
        while (open.TryPop(out string? next))
        {
            if (!found.Add(next)) continue;
            foreach (string import in Imports(next)) open.Push(import);
        }

        return found;
    }

    [GeneratedRegex(@"^\s*(?:import|\}) .*from '(\.[^']+)';", RegexOptions.Multiline)]
    private static partial Regex Import();
}
