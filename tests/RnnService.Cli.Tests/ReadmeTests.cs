using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace RnnService.Cli.Tests;

/// <summary>The shell examples of the command in README and its own page, run by a shell in a folder of their own with the shipped models in it.</summary>
public sealed partial class ReadmeTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public static TheoryData<string, string> Examples
    {
        get
        {
            var examples = new TheoryData<string, string>();
            foreach (string page in new[] { "README.md", "docs/command-line.md" })
            {
                foreach (Match example in Example().Matches(File.ReadAllText(Path.Combine(Repository.Root, page))))
                    examples.Add(example.Groups["script"].Value, example.Groups["output"].Value);
            }

            return examples;
        }
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void There_are_examples() => Assert.Equal(2, Examples.Count);

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task An_example_prints_what_README_shows(string script, string wanted)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the examples are for a Unix shell");
        ShippedModels.LinkInto(_folder["models"]);
        Directory.CreateSymbolicLink(_folder["docs"], Path.Combine(Repository.Root, "docs"));
        var start = new ProcessStartInfo("bash", ["-euo", "pipefail"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _folder["."],
        };
        start.Environment["RNN"] = typeof(RnnCommand).Assembly.Location;
        CancellationToken cancel = TestContext.Current.CancellationToken;
        using Process shell = Process.Start(start)!;
        // The alias of README, as a function, since a script expands no aliases. The command itself must not read the script.
        await shell.StandardInput.WriteAsync($"rnn() {{ dotnet \"$RNN\" \"$@\" </dev/null; }}\n{script}\n".AsMemory(), cancel);
        shell.StandardInput.Close();
        Task<string> output = shell.StandardOutput.ReadToEndAsync(cancel), errors = shell.StandardError.ReadToEndAsync(cancel);
        await shell.WaitForExitAsync(cancel);
        Assert.True(shell.ExitCode == 0, $"exit code {shell.ExitCode}: {await errors}");

        string found = (await output).Trim();
        Assert.EndsWith(Number().Replace(wanted, "#"), Number().Replace(found, "#"), StringComparison.Ordinal);
        double[] numbers = Numbers(wanted);
        foreach (var (one, other) in numbers.Zip(Numbers(found).TakeLast(numbers.Length))) Assert.Equal(one, other, 0.5);
    }

    private static double[] Numbers(string text) =>
        [.. Number().Matches(text).Select(number => double.Parse(number.Value, CultureInfo.InvariantCulture))];

    [GeneratedRegex(@"```sh\n(?<script>(?:(?!```).)*?^rnn .+?)\n```\s+```text\n(?<output>.+?)\n```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Example();

    // Last digits differ with a processor's vector width.
    [GeneratedRegex(@"\d+\.\d+")]
    private static partial Regex Number();
}
