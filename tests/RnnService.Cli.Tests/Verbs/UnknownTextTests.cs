using RnnService.Cli.Shell;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;

namespace RnnService.Cli.Tests.Verbs;

/// <summary>Text that a model does not have: said on standard error, never dropped in silence.</summary>
public sealed class UnknownTextTests(TrainedModels models) : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Without_a_prompt_a_text_begins_with_some_letter()
    {
        string letters = Letters("A", "B", "C");
        foreach (CommandRun run in (CommandRun[])[
            CommandRun.With("", ["generate", letters, "-n", "10", "--seed", "1"]), CommandRun.Of("generate", letters, "-n", "10", "--seed", "1")])
        {
            Assert.Matches("^[ABC]{10}\n$", run.Succeeded().Out);
            Assert.Empty(run.Error);
        }

        string[] first = [.. Enumerable.Range(0, 20).Select(seed => CommandRun.Of("generate", letters, "-n", "1", "--seed", $"{seed}").Succeeded().Out)];
        Assert.Equal(3, first.Distinct().Count());
        var json = CommandRun.Of("generate", letters, "-n", "10", "--seed", "1", "--json").Succeeded().Json();
        Assert.Equal(10, json.GetProperty("generated_text").GetString()!.Length);
        Assert.Equal(10, json.GetProperty("generated_tokens").GetInt32());
        CommandRun.Of("generate", models.LanguageModel, "-n", "4").Succeeded();
    }

    [Fact]
    public void Letters_that_the_model_does_not_have_are_named()
    {
        string letters = Letters("A", "B", "C");
        CommandRun run = CommandRun.Of("generate", letters, "AxByx\u200BCA", "-n", "10", "--seed", "1").Succeeded();
        Assert.Equal(
            "rnn: warning: prompt: 3 characters are not in the model's vocabulary and left out: \"x\", \"y\", U+200B\n", run.Error);
        Assert.Equal(
            CommandRun.Of("generate", letters, "ABCA", "-n", "10", "--seed", "1", "--json").Succeeded().Out,
            CommandRun.Of("generate", letters, "AxByx\u200BCA", "-n", "10", "--seed", "1", "--json").Succeeded().Out);

        run = CommandRun.Of("generate", models.LanguageModel, "tick Ä", "-n", "3").Succeeded();
        Assert.Equal("rnn: warning: prompt: 1 character is not in the model's vocabulary and read as unknown: \"Ä\"\n", run.Error);
        run = CommandRun.Of("evaluate", letters, "--corpus", _folder.Write("text.txt", "ABC0123456789abcCBA")).Succeeded();
        Assert.Equal(
            "rnn: warning: corpus: 13 characters are not in the model's vocabulary and left out: "
            + "\"0\", \"1\", \"2\", \"3\", \"4\", \"5\", \"6\", \"7\", \"8\", \"9\" and 3 more\n", run.Error);
    }

    [Fact]
    public void A_prompt_of_none_of_the_models_letters_is_refused_where_no_token_stands_for_them()
    {
        CommandRun.Of("generate", Letters("A", "B", "C"), "xyz").FailedWith(
            ExitCode.Failed, "the prompt holds none of the 3 characters that the model knows; expected one or more, or no prompt");
        Assert.Contains(
            "2 characters are not in the model's vocabulary and read as unknown", CommandRun.Of("generate", models.LanguageModel, "ÄÖ").Succeeded().Error,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Texts_of_no_known_word_are_answered_with_a_warning()
    {
        CommandRun run = CommandRun.With("A fine day.\n\nxyzzy plugh\n我爱北京\n", ["classify", models.Classifier]).Succeeded();
        Assert.Equal(4, run.Lines.Length);
        Assert.Equal(
            """
            rnn: warning: text 2: holds no word, so the answer says nothing about it
            rnn: warning: text 3: holds no word that the model knows, so the answer says nothing about it
            rnn: warning: text 4: holds no word that the model knows, so the answer says nothing about it; Chinese or Japanese is written without spaces and needs a model whose tokenizer is characters

            """.ReplaceLineEndings("\n"), run.Error);
        Assert.Equal(
            "rnn: warning: text 1: Thai is written without spaces and needs a model whose tokenizer is characters\n",
            CommandRun.Of("tag", models.Tagger, "Ada ไปกรุงเทพ").Succeeded().Error);
    }

    private string Letters(params string[] letters)
    {
        var config = new ModelConfig
        {
            Task = ModelTask.LanguageModel,
            Cell = CellKind.Gru,
            Tokenizer = Tokenization.Characters,
            EmbeddingSize = 4,
            HiddenSize = 5,
        };
        ModelFolder.Save(
            _folder["letters"], TextModel.Create(config, new ModelVocabulary(new Vocabulary(letters)), Parameters.Random(1)), string.Concat(letters));
        return _folder["letters"];
    }
}
