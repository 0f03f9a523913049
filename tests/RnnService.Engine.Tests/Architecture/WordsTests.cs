using System.Text.RegularExpressions;
using RnnService.Tests;
using Xunit;

namespace RnnService.Engine.Tests.Architecture;

/// <summary>The field has words for what this code does, and messages have one grammar: neither drifts back.</summary>
public sealed partial class WordsTests
{
    [Fact]
    public void Code_and_pages_use_the_fields_words()
    {
        List<string> found = [];
        foreach (string file in Files())
        {
            string[] lines = File.ReadAllLines(file);
            for (int i = 0; i < lines.Length; i++)
            {
                if (Private().Match(lines[i]) is { Success: true } word)
                    found.Add($"{Path.GetRelativePath(Repository.Root, file)}:{i + 1}: \"{word.Value}\"; expected the field's word");
                else if (file.EndsWith(".cs", StringComparison.Ordinal) && Wanted().IsMatch(lines[i]))
                    found.Add($"{Path.GetRelativePath(Repository.Root, file)}:{i + 1}: a message says what is wanted; expected \"FOUND; expected WANTED\"");
            }
        }

        Assert.True(found.Count == 0, string.Join(Environment.NewLine, found));
    }

    [Theory]
    [InlineData("the way back needs it", true)]
    [InlineData("pass.Crew.Begin()", true)]
    [InlineData("class TextWorkload", true)]
    [InlineData("backward needs the tape", false)]
    public void A_private_word_is_found(string line, bool isOne) => Assert.Equal(isOne, Private().IsMatch(line));

    [Theory]
    [InlineData("throw new X($\"{a} is {b}: 1 to 2 wanted\");", true)]
    [InlineData("throw new X($\"{a} is {b}; expected 1 to 2\");", false)]
    [InlineData("int wanted = 3; // not a message", false)]
    public void A_message_of_the_old_grammar_is_found(string line, bool isOne) => Assert.Equal(isOne, Wanted().IsMatch(line));

    private static IEnumerable<string> Files() =>
        Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(folder => folder is "bin" or "obj"))
            .Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md"))
            .Concat(Directory.EnumerateFiles(Repository.Root, "*.md"));

    [GeneratedRegex(@"\bway (back|forward)\b|\bCrew\b|\b[Qq]uads\b|\bEnvelope\b|Workload\b|GraphWalk|\bBlame\b|\bDemand\(|\bof equal ones\b|\bfrom another on\b")]
    private static partial Regex Private();

    [GeneratedRegex(@"""[^""]*\b(wanted|Wanted)\b[^""]*""")]
    private static partial Regex Wanted();
}
