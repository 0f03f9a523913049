using RnnService.Cli.Shell;

namespace RnnService.Cli.Tests.Verbs;

public sealed class LanguageModelTests(TrainedModels models)
{
    [Fact]
    public void Evaluate_prints_perplexity_nats_and_bits_that_agree()
    {
        var scores = CommandRun.Of("evaluate", models.LanguageModel, "--corpus", models.TextFile, "--json").Succeeded().Json();
        double nats = scores.GetProperty("nats_a_character").GetDouble();
        Assert.InRange(nats, 0, 0.5); // learnt: a guess among its letters would be above 2
        Assert.Equal(nats / Math.Log(2), scores.GetProperty("bits_a_character").GetDouble(), 1e-9);
        Assert.Equal(Math.Exp(nats), scores.GetProperty("perplexity").GetDouble(), 1e-9);
        Assert.Equal(TinyCorpora.Text(60).Length - 1, scores.GetProperty("tokens").GetInt32());

        string text = CommandRun.Of("evaluate", models.LanguageModel, "--corpus", models.TextFile).Succeeded().Out;
        Assert.Contains(FormattableString.Invariant($"nats {nats:F4} a character"), text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a", 1)]
    [InlineData("", 0)]
    public void Evaluate_refuses_a_text_with_nothing_to_predict(string text, int tokens)
    {
        using var folder = new ScratchFolder();
        string file = folder.Write("short.txt", text);
        CommandRun.Of("evaluate", models.LanguageModel, "--corpus", file).FailedWith(
            ExitCode.Failed, file, tokens == 0 ? "holds no text" : "holds 1 token that the model knows; expected 2 or more");
    }

    [Fact]
    public void Evaluate_refuses_a_text_of_letters_that_the_model_does_not_know()
    {
        using var folder = new ScratchFolder();
        // Without a token for unknown characters, they are left out.
        var model = (Engine.Models.LanguageModel)Engine.Models.TextModel.Create(
            new Engine.Models.ModelConfig
            {
                Task = Engine.Models.ModelTask.LanguageModel,
                Cell = Engine.Layers.CellKind.Gru,
                Tokenizer = Engine.Text.Tokenization.Characters,
                EmbeddingSize = 4,
                HiddenSize = 4,
            },
            new Engine.Models.ModelVocabulary(new Engine.Text.Vocabulary(["A", "B", "C"])),
            Engine.Weights.Parameters.Random(1));
        Engine.Models.ModelFolder.Save(folder["abc"], model, "ABC");
        string file = folder.Write("x.txt", "xyz"), corpus = folder.Write("y.txt", "xAz");
        CommandRun.Of("evaluate", folder["abc"], "--corpus", file).FailedWith(
            ExitCode.Failed, $"{file}: holds 0 tokens that the model knows; expected 2 or more");
        CommandRun.Of("quantize", folder["abc"], "--dtype", "bf16", "--out", folder["narrow"], "--corpus", corpus).FailedWith(
            ExitCode.Failed, $"{corpus}: holds 1 token that the model knows; expected 2 or more");
    }

    [Fact]
    public void Generate_prints_the_prompt_and_goes_on()
    {
        string text = CommandRun.Of("generate", models.LanguageModel, "tick tock goes", "--greedy", "-n", "11").Succeeded().Out;
        Assert.Equal("tick tock goes the clock\n\n", text);
    }

    [Fact]
    public void Generate_ends_at_a_stop_text()
    {
        var answer = CommandRun.Of("generate", models.LanguageModel, "tick tock goes", "--greedy", "--stop", "clo", "--json").Succeeded().Json();
        Assert.Equal(" the clo", answer.GetProperty("generated_text").GetString());
        Assert.Equal("stop_sequence", answer.GetProperty("finish_reason").GetString());
        Assert.Equal(8, answer.GetProperty("generated_tokens").GetInt32());
    }

    [Fact]
    public void A_grammar_or_choices_hold_the_text()
    {
        Assert.Matches("^t( [tc]){3}$", CommandRun.Of("generate", models.LanguageModel, "t", "--grammar", "( [tc]){3}").Succeeded().Out.TrimEnd());
        Assert.Matches("^(tick|tock)$", CommandRun.Of("generate", models.LanguageModel, "t", "--choices", "ick", "ock").Succeeded().Out.TrimEnd());
        CommandRun.Of("generate", models.LanguageModel, "t", "--grammar", "(").FailedWith(ExitCode.Failed, "has no ) at its end");
        CommandRun.Of("generate", models.LanguageModel, "t", "--grammar", "a", "--choices", "b").FailedWith(ExitCode.Misused, "expected either");
    }

    [Fact]
    public void Generate_draws_the_same_text_from_the_same_seed_and_reports_the_seed()
    {
        string[] hot = ["generate", models.LanguageModel, "t", "--temperature", "3", "-n", "60", "--json"];
        var drawn = CommandRun.Of(hot).Succeeded().Json();
        string seed = drawn.GetProperty("seed").GetUInt64().ToString();
        var again = CommandRun.Of([.. hot, "--seed", seed]).Succeeded().Json();
        Assert.Equal(drawn.GetProperty("generated_text").GetString(), again.GetProperty("generated_text").GetString());

        var other = CommandRun.Of([.. hot, "--seed", seed, "--top-k", "1"]).Succeeded().Json();
        Assert.NotEqual(drawn.GetProperty("generated_text").GetString(), other.GetProperty("generated_text").GetString());
    }

    [Fact]
    public void Generate_takes_the_prompt_from_a_pipe_without_its_last_line_break()
    {
        CommandRun piped = CommandRun.With("tick tock goes\n", ["generate", models.LanguageModel, "--greedy", "-n", "4"]).Succeeded();
        Assert.Equal("tick tock goes the\n", piped.Out);
    }

    [Fact]
    public void Generate_without_a_prompt_begins_a_line() =>
        Assert.Equal("tick\n", CommandRun.Of("generate", models.LanguageModel, "--greedy", "-n", "4").Succeeded().Out);

    [Fact]
    public void Generate_stops_when_it_is_told_to() =>
        Assert.Equal(ExitCode.Interrupted, CommandRun.With(null, ["generate", models.LanguageModel, "t"], stopped: true).Code);

    [Theory]
    [InlineData("--temperature", "-1", "temperature is -1; expected 0 or more")]
    [InlineData("--top-p", "0", "top_p is 0; expected above 0, at most 1")]
    [InlineData("--stop", "", "stop holds an empty string")]
    public void Generate_refuses_options_out_of_bounds(string option, string value, string sentence) =>
        CommandRun.Of("generate", models.LanguageModel, "t", option, value).FailedWith(ExitCode.Failed, sentence);

    [Fact]
    public void Words_get_figures_a_word_and_a_character()
    {
        using var folder = new ScratchFolder();
        CommandRun.Of(
            "train", "--task", "language_model", "--train", models.TextFile, "--valid", models.TextFile, "--output", folder["words"],
            "--set", "model.tokenizer=whitespace", "--embedding-size", "8", "--hidden-size", "8", "--layers", "1", "--batch-size", "4",
            "--epochs", "3", "--learning-rate", "0.02").Succeeded();
        var scores = CommandRun.Of("evaluate", folder["words"], "--corpus", models.TextFile, "--json").Succeeded().Json();
        double ratio = scores.GetProperty("nats_a_token").GetDouble() / scores.GetProperty("nats_a_character").GetDouble();
        Assert.Equal(25.0 / 6, ratio, 0.05); // characters and tokens a line
        string text = CommandRun.Of("generate", folder["words"], "tick", "--greedy", "-n", "2").Succeeded().Out;
        Assert.StartsWith("tick ", text, StringComparison.Ordinal);
    }
}
