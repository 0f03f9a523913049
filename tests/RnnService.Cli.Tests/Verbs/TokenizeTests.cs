using RnnService.Cli.Shell;

namespace RnnService.Cli.Tests.Verbs;

public sealed class TokenizeTests
{
    [Fact]
    public void Tokens_come_with_offsets_in_code_points() =>
        Assert.Equal("0\t1\t😀\n2\t4\tdo\n4\t7\tn't\n\n", CommandRun.Of("tokenize", "😀 don't").Succeeded().Out);

    [Fact]
    public void Lines_come_from_a_pipe_as_JSON()
    {
        var lines = CommandRun.With("One two\nthree\n", ["tokenize", "--json"]).Succeeded().JsonLines();
        Assert.Equal(2, lines[0].GetProperty("tokens").GetArrayLength());
        Assert.Equal("three", lines[1].GetProperty("tokens")[0].GetProperty("text").GetString());
    }

    [Fact]
    public void A_treebank_scores_the_tokenizer()
    {
        using var folder = new ScratchFolder();
        string file = folder.Write(
            "tiny.conllu", "# text = Go home.\n1\tGo\t_\tVERB\t_\t_\t_\t_\t_\t_\n2\thome\t_\tADV\t_\t_\t_\t_\t_\tSpaceAfter=No\n3\t.\t_\tPUNCT\t_\t_\t_\t_\t_\t_\n\n");
        Assert.Equal(1, CommandRun.Of("tokenize", "--evaluate", file, "--json").Succeeded().Json().GetProperty("f1").GetDouble());
        Assert.Contains("100.00", CommandRun.Of("tokenize", "--evaluate", file).Succeeded().Out, StringComparison.Ordinal);
        CommandRun.Of("tokenize", "--evaluate", file, "text").FailedWith(ExitCode.Misused, "expected either --evaluate or texts");
    }
}
