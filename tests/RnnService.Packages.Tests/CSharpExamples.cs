using System.Text;
using System.Text.RegularExpressions;

namespace RnnService.Packages.Tests;

/// <summary>One block of C# in a page.</summary>
/// <param name="Page">The page.</param>
/// <param name="Index">Which block of the page, from 0.</param>
/// <param name="Code">Its text.</param>
public sealed record CSharpExample(string Page, int Index, string Code)
{
    /// <summary>Whether it makes a web host; all others are a console program's.</summary>
    public bool IsWeb => Code.Contains("WebApplication", StringComparison.Ordinal);

    /// <summary>A name that is one in C# too.</summary>
    public string Name => Regex.Replace(Page, "[^A-Za-z]", "_") + Index;

    public override string ToString() => $"{Page} {Index}";
}

/// <summary>The C# of README, of the library's page and of the packages' own pages, as programs that a compiler takes.</summary>
public static partial class CSharpExamples
{
    /// <summary>All blocks, in the pages' order.</summary>
    public static IReadOnlyList<CSharpExample> All { get; } =
    [
        .. ((string[])["README.md", "docs/library.md", .. PackedFeed.Names.Select(name => $"src/{name}/README.md")])
            .SelectMany(page => Block().Matches(File.ReadAllText(Path.Combine(Repository.Root, page)))
                .Select((block, index) => new CSharpExample(page, index, block.Groups["code"].Value))),
    ];

    /// <summary>
    /// A file that holds a block as a method: what a page shows as the whole of Program.cs is one of many programs here.
    /// </summary>
    public static string AsMethod(CSharpExample example)
    {
        var usings = new StringBuilder();
        var body = new StringBuilder();
        foreach (string line in example.Code.Split('\n'))
            (Using().IsMatch(line) ? usings : body).AppendLine(line);
        // A type can stand in no method: whatever begins with its declaration stands beside.
        Match type = TypeDeclaration().Match(body.ToString());
        string statements = type.Success ? body.ToString()[..type.Index] : body.ToString(), types = type.Success ? body.ToString()[type.Index..] : "";
        return $$"""
            {{usings}}
            #pragma warning disable CS1998 // a block need not wait for anything
            namespace {{example.Name}}
            {
                internal static class Example
                {
                    public static async Task RunAsync(string[] args)
                    {
            {{statements}}
                    }
                }

            {{types}}
            }
            """;
    }

    /// <summary>A program whose first argument chooses the block to run.</summary>
    public static string MainOf(IEnumerable<CSharpExample> examples) => $$"""
        switch (args[0])
        {
        {{string.Concat(examples.Select(example => $"    case \"{example.Name}\": await {example.Name}.Example.RunAsync(args[1..]); break;\n"))}}
            default: throw new ArgumentException(args[0]);
        }
        """;

    [GeneratedRegex(@"^```csharp\n(?<code>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"^using [\w.]+;\s*$")]
    private static partial Regex Using();

    [GeneratedRegex(@"^(public |internal )?(sealed |static )*(class|record) ", RegexOptions.Multiline)]
    private static partial Regex TypeDeclaration();
}
