using RnnService.Cli.Shell;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;

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

    [Fact]
    public void The_tokens_of_a_model_of_subwords_have_ids_and_are_exported_for_others()
    {
        using var folder = new ScratchFolder();
        using TextModel model = TextModel.Create(
            new ModelConfig { Task = ModelTask.LanguageModel, Cell = CellKind.Gru, Tokenizer = Tokenization.Subwords, EmbeddingSize = 4, HiddenSize = 4 },
            new ModelVocabulary(SubwordTrainer.Train(["the cat, the hat, the mat"], 264)), Parameters.Random(1));
        ModelFolder.Save(folder["cats"], model, "the cat");
        int the = model.Tokenizer.IdOf(" the");
        Assert.Equal($"0\t1\tx\t{model.Tokenizer.IdOf("x")}\n1\t5\t the\t{the}\n\n", CommandRun.Of("tokenize", "--model", folder["cats"], "x the").Succeeded().Out);
        Assert.Equal(the, CommandRun.Of("tokenize", "--json", "--model", folder["cats"], "x the").Succeeded().Json().GetProperty("ids")[1].GetInt32());

        CommandRun.Of("export", folder["cats"], "--format", "tokenizer", "--out", folder["files"]).Succeeded();
        Assert.Equal(["merges.txt", "tokenizer.json", "vocab.json"], Directory.GetFiles(folder["files"]).Select(Path.GetFileName).Order());
        CommandRun.Of("export", folder["cats"], "--format", "tokenizer", "--out", folder["files"]).FailedWith(ExitCode.Failed, "expected a new folder");
    }
}
