using RnnService.Cli.Output;
using RnnService.Cli.Shell;
using RnnService.Training.Recipes;

namespace RnnService.Cli.Tests.Verbs;

public sealed class HelpTests
{
    public static readonly TheoryData<string> Verbs =
        ["train", "tune", "evaluate", "generate", "classify", "tag", "inspect", "tokenize", "import", "export", "quantize", "key new", "key list", "key revoke"];

    [Theory]
    [MemberData(nameof(Verbs))]
    public void Every_verb_has_a_description_and_examples_that_its_own_options_allow(string verb)
    {
        string help = CommandRun.Of([.. verb.Split(' '), "--help"]).Succeeded().Out;
        Assert.Contains("Usage:", help, StringComparison.Ordinal);
        string[] examples = help[help.IndexOf("Examples:", StringComparison.Ordinal)..].Split('\n', StringSplitOptions.TrimEntries)[1..];
        Assert.StartsWith($"rnn {verb}", examples[0], StringComparison.Ordinal);
        foreach (string option in examples.SelectMany(example => example.Split(' ')).Where(word => word.StartsWith("--", StringComparison.Ordinal)))
            Assert.Contains($"  {option}", help.Replace(", --", "    --", StringComparison.Ordinal), StringComparison.Ordinal);

        Assert.Contains($"  {verb.Split(' ')[0]} ", CommandRun.Of("--help").Succeeded().Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Help_names_defaults() => Assert.Contains("[default: 60]", CommandRun.Of("train", "-h").Succeeded().Out, StringComparison.Ordinal);

    [Fact]
    public void Help_of_training_lists_every_setting_in_lines_that_fit_a_terminal()
    {
        string help = CommandRun.Of("train", "--help").Succeeded().Out;
        string[] settings = help[help.IndexOf("Settings, in a RECIPE", StringComparison.Ordinal)..].Split('\n');
        foreach (Setting setting in RecipeSettings.All)
            Assert.Contains(settings, line => line.StartsWith($"  {setting.Path[(setting.Path.LastIndexOf('.') + 1)..]} ", StringComparison.Ordinal));
        Assert.Contains(settings, line => line.StartsWith("  batch_size         32         Texts", StringComparison.Ordinal));
        Assert.All(settings, line => Assert.InRange(line.Length, 0, 105));
    }

    [Theory]
    [InlineData("/usr/bin/dotnet", false, "  alias rnn='dotnet \"/c/bin/rnn.dll\"'")]
    [InlineData("/c/bin/rnn", false, "  alias rnn='dotnet \"/c/bin/rnn.dll\"'")]
    [InlineData("/c/bin/rnn", true, "  function rnn { dotnet \"/c/bin/rnn.dll\" @args }")]
    [InlineData("/c/bin/testhost", false, null)]
    public void The_short_name_is_defined_where_the_shell_does_not_know_it(string process, bool windows, string? line)
    {
        Assert.Equal(line, OwnCommand.Definition(process, "/c/bin/rnn.dll", ["/usr/bin"], windows).ElementAtOrDefault(1));
        if (Path.GetFileName(process) == "rnn") Assert.Empty(OwnCommand.Definition(process, "/c/bin/rnn.dll", ["/c/bin"], windows));
    }

    [Fact]
    public void No_verb_gives_the_help() => Assert.Equal(CommandRun.Of("--help").Out, CommandRun.Of().Succeeded().Out);

    [Fact]
    public void A_wrong_command_line_is_told_in_a_sentence()
    {
        CommandRun.Of("clasify").FailedWith(ExitCode.Misused, "clasify", "rnn --help says more.");
        CommandRun.Of("classify", "m", "--jsn").FailedWith(ExitCode.Misused, "Unknown option --jsn", "rnn classify --help says more.");
        CommandRun.Of("train", "r.json", "--output", "m", "--epohs", "3").FailedWith(ExitCode.Misused, "'--epohs'");
        CommandRun.Of("evaluate", "m").FailedWith(ExitCode.Misused, "'--corpus' is required");
        CommandRun.Of("generate", "m", "t", "--top-k", "1.5").FailedWith(ExitCode.Misused, "--top-k is 1.5; expected a whole number.");
        CommandRun.Of("generate", "m", "t", "--top-k").FailedWith(ExitCode.Misused, "'--top-k'");
        CommandRun.Of("evaluate", "m", "--corpus", "c", "--where", "x").FailedWith(ExitCode.Misused, "--where is x; expected COLUMN=VALUE");
        CommandRun.Of("evaluate", "m", "--corpus", "c", "--label-name", "x").FailedWith(ExitCode.Misused, "--label-name is x; expected RAW=NAME");
    }
}
