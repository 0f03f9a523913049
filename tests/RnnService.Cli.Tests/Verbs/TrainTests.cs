using System.Diagnostics;
using System.Text.Json;
using RnnService.Cli.Shell;

namespace RnnService.Cli.Tests.Verbs;

public sealed class TrainTests(TrainedModels models) : IDisposable
{
    private const string Recipe = """
        {
          "model": { "task": "classifier", "cell": "gru", "tokenizer": "english", "embedding_size": 6, "hidden_size": 6 },
          "data": {
            "train": [{ "path": "labelled.tsv", "format": "labelled" }],
            "valid": [{ "path": "labelled.tsv", "format": "labelled" }]
          },
          "training": { "epochs": 2, "batch_size": 8, "learning_rate": 0.01 },
          "golden_input": "A lovely film."
        }
        """;

    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_recipe_trains_a_model_and_says_how_it_went()
    {
        CommandRun run = Train().Succeeded();
        Assert.StartsWith($"{Output}: classifier, gru 1 x 6, ", run.Lines[0], StringComparison.Ordinal);
        string[] lines = [.. run.Lines.SkipWhile(line => !line.StartsWith("epoch ", StringComparison.Ordinal))];
        Assert.Matches("^epoch 1/2  step 2/12  loss [0-9.]+  rate 0\\.01  [0-9,]+ tokens/s  0:00:[0-9]{2} left$", lines[0]);
        Assert.Matches("^epoch 1/2  step 6/12  valid accuracy [0-9.]+ %  valid loss [0-9.]+  best so far$", lines[1]);
        Assert.Matches("^epoch 2/2  step 12/12  valid accuracy [0-9.]+ %  valid loss [0-9.]+", lines[2]);
        Assert.Matches("^Finished after step 12\\. Best: valid accuracy [0-9.]+ %\\. The model is in ", lines[3]);
        Assert.Equal(lines[2].EndsWith("best so far", StringComparison.Ordinal), lines[4].EndsWith("(--epochs 4 --restart).", StringComparison.Ordinal));
        Assert.Equal(
            [
                $"Try it: rnn classify {Output} \"a text\"", $"Measure it: rnn evaluate {Output} --corpus FILE", $"Serve it: rnn serve {Path.GetDirectoryName(Output)}",
                $"Call it: curl localhost:8080/classify -H 'content-type: application/json' -d '{{\"inputs\":\"a text\",\"model\":\"{Path.GetFileName(Output)}\"}}'",
            ],
            run.Lines[^4..]);
        foreach (string file in (string[])["config.json", "golden.json", "training/recipe.json", "training/log.jsonl", "training/curve.svg"])
            Assert.True(File.Exists(Path.Combine(Output, file)), file);
    }

    [Fact]
    public void Overrides_and_shorthands_reach_the_recipe_that_is_kept()
    {
        Train("--set", "training.dropout.output=0.25", "--epochs", "1", "--cell", "tanh", "--seed", "18446744073709551615").Succeeded();
        JsonElement kept = JsonDocument.Parse(File.ReadAllText(Path.Combine(Output, "training", "recipe.json"))).RootElement;
        Assert.Equal(0.25, kept.GetProperty("training").GetProperty("dropout").GetProperty("output").GetDouble(), 1e-6);
        Assert.Equal(1, kept.GetProperty("training").GetProperty("epochs").GetInt32());
        Assert.Equal(ulong.MaxValue, kept.GetProperty("training").GetProperty("seed").GetUInt64());
        Assert.Equal("tanh", kept.GetProperty("model").GetProperty("cell").GetString());
    }

    [Fact]
    public void A_stopped_run_says_how_to_go_on_and_comes_out_as_if_never_stopped()
    {
        CommandRun stopped = CommandRun.With(null, Arguments(), stopped: true);
        Assert.Equal(ExitCode.Interrupted, stopped.Code);
        Assert.Contains("Stopped and saved after step 1; the same command goes on from there.", stopped.Out, StringComparison.Ordinal);

        CommandRun resumed = Train().Succeeded();
        Assert.Contains("Going on after step 1, where the last run stopped.", resumed.Out, StringComparison.Ordinal);
        byte[] weights = Weights();

        Train("--restart").Succeeded();
        Assert.Equal(weights, Weights());
        Assert.Contains(
            "the same command without --restart goes on", CommandRun.With(null, Arguments("--restart"), stopped: true).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Termination_saves_and_says_so()
    {
        if (!OperatingSystem.IsLinux() && !OperatingSystem.IsMacOS()) return;
        using var process = Process.Start(new ProcessStartInfo("dotnet", [typeof(RnnCommand).Assembly.Location, .. Arguments("--epochs", "1000000")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line
            && !line.StartsWith("epoch ", StringComparison.Ordinal))
        {
        }

        using (Process kill = Process.Start("kill", ["-TERM", $"{process.Id}"])) await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        string rest = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(ExitCode.Terminated, process.ExitCode);
        Assert.Contains("Stopped and saved after step", rest, StringComparison.Ordinal);
        Assert.Contains("once more ends at once", await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public void Who_watches_gets_a_bar()
    {
        CommandRun run = CommandRun.With(null, Arguments(), live: true).Succeeded();
        Assert.Contains("━", run.Out, StringComparison.Ordinal);
        Assert.Contains("tokens/s", run.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("step 2/12  loss [0-9.]+  rate 0.01  [0-9,]+ tokens/s  0:00:00 left\n", run.Out, StringComparison.Ordinal);
        Assert.Single(run.Lines, line => line.Contains("Finished after step 12.", StringComparison.Ordinal));
    }

    [Fact]
    public void A_finished_model_is_not_overwritten_unasked()
    {
        Train().Succeeded();
        Train().FailedWith(ExitCode.Failed, "holds a finished model; expected another folder; --restart starts anew");
    }

    [Fact]
    public void Another_recipe_does_not_take_up_the_run()
    {
        CommandRun.With(null, Arguments(), stopped: true);
        Train("--epochs", "5").FailedWith(ExitCode.Failed, "was written by another recipe", "\"epochs\": 2 then, \"epochs\": 5 now", "--restart");
    }

    [Fact]
    public void A_loss_that_is_not_finite_is_told_in_a_sentence() =>
        Train("--set", "training.optimizer=sgd", "--set", "training.clip_norm=0", "--learning-rate", "1e38", "--epochs", "50")
            .FailedWith(ExitCode.Failed, "the training diverged at step", "expected finite numbers", "--learning-rate", "--restart");

    [Fact]
    public void A_run_that_diverges_says_so_and_leaves_no_number_that_is_none()
    {
        string corpus = _folder.Write(
            "train.tsv", "spam\tcheap pills now\nham\tsee you at noon\nspam\twin a prize\nham\tdinner at six\n");
        OwnFiles("classifier", corpus, corpus, "--epochs", "2", "--batch-size", "4", "--learning-rate", "1e38",
            "--set", "training.clip_norm=0", "--set", "training.average_decay=0").FailedWith(ExitCode.Failed, "diverged at step", "finite");
        foreach (string file in Directory.GetFiles(Output, "*.safetensors", SearchOption.AllDirectories))
        {
            var weights = Engine.Weights.SafeTensorsFile.Open(file);
            Assert.All(weights.Names, name => Assert.All(weights.Floats(name), value => Assert.True(float.IsFinite(value))));
        }

        // What was saved before is a whole model.
        if (File.Exists(Path.Combine(Output, "config.json"))) CommandRun.Of("classify", Output, "cheap pills").Succeeded();
        Assert.DoesNotContain("null", File.ReadAllText(Path.Combine(Output, "training", "log.jsonl")), StringComparison.Ordinal);
    }

    [Fact]
    public void Best_so_far_stands_where_the_log_says_so()
    {
        string corpus = _folder.Write("train.tsv", string.Concat(Enumerable.Repeat("spam\tcheap pills now\nham\tsee you at noon\n", 2)));
        CommandRun run = OwnFiles("classifier", corpus, corpus, "--epochs", "5", "--batch-size", "4", "--learning-rate", "10", "--set",
            "training.clip_norm=0", "--set", "training.average_decay=0").Succeeded();
        bool[] shown = [.. run.Lines.Where(line => line.Contains("valid loss", StringComparison.Ordinal)).Select(line => line.EndsWith("  best so far", StringComparison.Ordinal))];
        bool[] logged =
        [
            .. File.ReadLines(Path.Combine(Output, "training", "log.jsonl")).Select(line => JsonDocument.Parse(line).RootElement)
                .Where(record => record.GetProperty("kind").GetString() == "eval").Select(record => record.GetProperty("best").GetBoolean()),
        ];
        Assert.Equal(logged, shown);
        Assert.Contains(false, shown);
    }

    [Theory]
    [InlineData("o", "valid.txt: holds 1 token that the model knows; expected 2 or more")]
    [InlineData("\n", "valid.txt: holds 1 token that the model knows; expected 2 or more")]
    [InlineData("", "valid.txt holds no text")]
    public void A_validation_text_with_nothing_to_predict_is_refused_before_anything_is_written(string text, string sentence)
    {
        string train = _folder.Write("train.txt", string.Concat(Enumerable.Repeat("one line of text\nand one more\n", 20))), valid = _folder.Write("valid.txt", text);
        string[] small = ["--epochs", "1", "--hidden-size", "8", "--embedding-size", "8", "--layers", "1", "--batch-size", "4"];
        OwnFiles("language_model", train, valid, small).FailedWith(ExitCode.Failed, sentence);
        Assert.False(Directory.Exists(Output));
        _folder.Write("valid.txt", "one more line\none more line\n");
        OwnFiles("language_model", train, valid, small).Succeeded();
    }

    [Fact]
    public void A_run_is_gone_on_with_over_the_same_text_alone()
    {
        string text = string.Concat(Enumerable.Repeat("one line of text\nand one more\n", 40));
        string train = _folder.Write("t.txt", text), valid = _folder.Write("v.txt", text);
        CommandRun.With(null, OwnArguments("language_model", train, valid), stopped: true);
        _folder.Write("t.txt", text.Replace("text", "taxi", StringComparison.Ordinal));
        OwnFiles("language_model", train, valid).FailedWith(
            ExitCode.Failed, "checkpoint.safetensors was written with another training corpus (as long as then", "--restart starts anew");
        string moved = _folder.Write("u.txt", text);
        Assert.Contains("Going on after step 1,", CommandRun.With(null, OwnArguments("language_model", moved, valid), stopped: true).Out, StringComparison.Ordinal);
        _folder.Write("t.txt", text + text);
        OwnFiles("language_model", train, valid).FailedWith(ExitCode.Failed, "another training corpus (1,200 characters then, 2,400 characters now)");
        Assert.Equal(
            ExitCode.Interrupted, CommandRun.With(null, OwnArguments("language_model", train, valid, "--restart"), stopped: true).Code);
    }

    [Theory]
    [InlineData("training=null", "training")]
    [InlineData("data=null", "data")]
    [InlineData("model=null", "model")]
    [InlineData("data.train=null", "data.train")]
    [InlineData("data.train=[null]", "data.train")]
    [InlineData("training.dropout=null", "training.dropout")]
    [InlineData("training.epsilon=1e999", "training.epsilon")]
    [InlineData("training.weight_decay=1e999", "training.weight_decay")]
    [InlineData("training.batch_size=2147483647", "training.batch_size")]
    [InlineData("golden_input=null", "golden_input")]
    [InlineData("training.learning_rate=1e999", "training.learning_rate")]
    [InlineData("training.learning_rate=NaN", "training.learning_rate")]
    [InlineData("training.epochs=-1", "training.epochs")]
    [InlineData("training.shards=2147483647", "training.shards")]
    [InlineData("data.max_tokens=-1", "data.max_tokens")]
    public void An_absurd_setting_is_told_in_a_sentence(string setting, string named) =>
        CommandRun.With(null, Arguments("--set", setting), stopped: true).FailedWith(ExitCode.Failed, named);

    [Theory]
    [InlineData("training.epochs=many", "training.epochs is \"many\"; expected a whole number, 1 to 1000000")]
    [InlineData("training.epoch=3", "training.epoch is unknown; did you mean training.epochs?")]
    [InlineData("training.epochs=0", "training.epochs is 0; expected a whole number, 1 to 1000000")]
    [InlineData("epochs", "setting \"epochs\": expected path=value")]
    [InlineData("model.cell=lsdm", "did you mean lstm?")]
    [InlineData("model.hidden_size=0", "model.hidden_size is 0; expected a whole number, 1 to 8192")]
    [InlineData("data.train=[{\"path\": \"x\"}]", "data.train[0] lacks format")]
    public void A_bad_override_is_told_in_a_sentence(string setting, string sentence) =>
        Train("--set", setting).FailedWith(ExitCode.Failed, sentence);

    [Theory]
    [InlineData("{", "is not JSON; expected a recipe")]
    [InlineData("null", "the recipe is null; expected an object")]
    [InlineData("[]", "recipe.json: ")]
    [InlineData("{}", "the recipe lacks model, data, golden_input")]
    public void A_bad_recipe_is_told_in_a_sentence(string text, string sentence)
    {
        string recipe = _folder.Write("recipe.json", text);
        CommandRun.Of("train", recipe, "--output", Output).FailedWith(ExitCode.Failed, recipe, sentence);
    }

    [Fact]
    public void Missing_files_are_named()
    {
        CommandRun.Of("train", _folder["none.json"], "--output", Output).FailedWith(ExitCode.Failed, "none.json");
        CommandRun.Of("train", _folder.Write("recipe.json", Recipe), "--data", _folder.Root, "--output", Output)
            .FailedWith(ExitCode.Failed, "labelled.tsv");
    }

    [Fact]
    public void A_corpus_that_is_not_what_its_format_says_is_told_by_file_and_line()
    {
        string bad = _folder.Write("bad.tsv", "good\tA film.\njust text\n");
        CommandRun.Of("train", "--task", "classifier", "--train", bad, "--valid", bad, "--output", Output)
            .FailedWith(ExitCode.Failed, "bad.tsv", "2", "(label, text)");
    }

    [Fact]
    public void Files_of_ones_own_take_no_recipe_and_the_format_from_task_and_name()
    {
        string conllu = _folder.Write(
            "tags.conllu", string.Concat(Enumerable.Repeat("1\tGo\t_\tVERB\t_\t_\t_\t_\t_\t_\n2\thome\t_\tADV\t_\t_\t_\t_\t_\t_\n\n", 8)));
        CommandRun.Of("train", "--task", "tagger", "--train", conllu, "--valid", conllu, "--output", Output, "--epochs", "1",
            "--hidden-size", "8").Succeeded();
        Assert.Contains("ADV, VERB", CommandRun.Of("inspect", Output).Succeeded().Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_of_ones_own_want_task_and_corpus_and_no_recipe()
    {
        string file = models.LabelledFile;
        CommandRun.Of("train", "--output", "m").FailedWith(ExitCode.Misused, "expected a recipe, or --task and --train");
        CommandRun.Of("train", "--train", file, "--output", "m").FailedWith(ExitCode.Misused, "--task is missing");
        CommandRun.Of("train", "--task", "classifier", "--output", "m").FailedWith(ExitCode.Misused, "--train is missing");
        CommandRun.Of("train", "r.json", "--task", "tagger", "--output", "m").FailedWith(ExitCode.Misused, "A recipe names its own task");
        CommandRun.Of("train", "r.json", "--format", "text", "--output", "m").FailedWith(ExitCode.Misused, "A recipe names its own task");
        CommandRun.Of("train", "--task", "summarizer", "--train", file, "--valid", file, "--output", "m").FailedWith(ExitCode.Misused, "summarizer");
        CommandRun.Of("train", "--task", "classifier", "--train", file, "--valid", file).FailedWith(ExitCode.Misused, "'--output' is required");
    }

    private string Output => _folder["model"];

    private CommandRun OwnFiles(string task, string train, string valid, params string[] more) => CommandRun.Of(OwnArguments(task, train, valid, more));

    private string[] OwnArguments(string task, string train, string valid, params string[] more) =>
        ["train", "--task", task, "--train", train, "--valid", valid, "--output", Output, "--set", "model.hidden_size=8", .. more];

    private CommandRun Train(params string[] more) => CommandRun.Of(Arguments(more));

    private string[] Arguments(params string[] more) =>
        ["train", _folder.Write("recipe.json", Recipe), "--data", models.Folder, "--output", Output, .. more];

    private byte[] Weights() => File.ReadAllBytes(Path.Combine(Output, "model.safetensors"));
}
