using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace RnnService.Server.Tests;

/// <summary>What goes into the container image.</summary>
public sealed class ImageTests
{
    [Fact]
    public void Every_package_of_the_sources_is_in_the_third_party_notices()
    {
        string notices = File.ReadAllText(Path.Combine(Repository.Root, "THIRD-PARTY-NOTICES.md"));
        HashSet<string> named = [.. Regex.Matches(notices, @"^\| ([\w.]+) \| (\S.*?) \|", RegexOptions.Multiline)
            .Where(row => row.Groups[2].Value != "?").Select(row => row.Groups[1].Value)];
        IEnumerable<string> used = Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .SelectMany(project => XDocument.Load(project).Descendants("PackageReference")).Select(package => package.Attribute("Include")!.Value);
        Assert.DoesNotContain(used, package => !named.Contains(package));
        foreach (string licence in new[] { "MIT", "BSD-3-Clause", "Apache-2.0" })
            Assert.Contains($"\n## {licence}\n", notices, StringComparison.Ordinal);
    }

    [Fact]
    public void The_image_is_small_has_the_licences_and_asks_for_health_at_the_port_for_probes()
    {
        string file = File.ReadAllText(Path.Combine(Repository.Root, "Dockerfile"));
        string ignored = File.ReadAllText(Path.Combine(Repository.Root, ".dockerignore"));
        Assert.Matches(@"(?m)^FROM mcr\.microsoft\.com/dotnet/aspnet:\d+\.\d+-\w+-chiseled$", file);
        foreach (string licences in new[] { "LICENSE", "THIRD-PARTY-NOTICES.md" })
        {
            Assert.Matches($@"(?m)^COPY .*{Regex.Escape(licences)}", file);
            Assert.Contains($"!{licences}\n", ignored, StringComparison.Ordinal);
        }

        Assert.Contains("Rnn__Http__ProbePort=8081", file, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^HEALTHCHECK .*""--health""", file);
        Assert.Matches(@"(?m)^USER \$APP_UID$", file);
    }

    /// <summary>Of what a training leaves the service hands out its curve alone.</summary>
    [Fact]
    public void Of_a_training_only_the_curve_is_in_the_image()
    {
        string[] lines = File.ReadAllLines(Path.Combine(Repository.Root, ".dockerignore"));
        int rest = Array.IndexOf(lines, "models/*/training/*"), curve = Array.IndexOf(lines, "!models/*/training/curve.svg");
        Assert.InRange(rest, 0, curve - 1); // the last line that fits counts
    }

    /// <summary>What the image is built from is there, and .dockerignore, which leaves out all but a list, lets it through.</summary>
    [Fact]
    public void What_the_image_copies_reaches_it()
    {
        string[] passed = [.. File.ReadLines(Path.Combine(Repository.Root, ".dockerignore")).Where(line => line.StartsWith('!')).Select(line => line[1..])];
        string[] copied = [.. File.ReadLines(Path.Combine(Repository.Root, "Dockerfile"))
            .Where(line => line.StartsWith("COPY ", StringComparison.Ordinal) && !line.Contains("--from", StringComparison.Ordinal))
            .SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..^1])];
        Assert.Contains("src/Directory.Build.props", copied);
        foreach (string path in copied)
        {
            Assert.True(Path.Exists(Path.Combine(Repository.Root, path)), $"{path} is not there");
            Assert.True(passed.Any(entry => path == entry || path.StartsWith(entry + "/", StringComparison.Ordinal)), $".dockerignore leaves out {path}");
        }
    }
}
