using System.Text.Json;
using RnnService.Cli.Shell;
using RnnService.Engine.Models;

namespace RnnService.Cli.Tests.Verbs;

public sealed class QuantizeTests(TrainedModels models) : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(ModelTask.LanguageModel, "nats a token: ")]
    [InlineData(ModelTask.Classifier, "accuracy: ")]
    [InlineData(ModelTask.Tagger, "span f1: ")]
    public void Every_task_gets_8_bit_weights_that_score_the_same_and_are_exported_as_floats(ModelTask task, string metric)
    {
        (string model, string corpus) = Of(task);
        LoadedModel source = ModelFolder.Load(model);
        string output = _folder["small"];
        CommandRun run = CommandRun.Of("quantize", model, "--dtype", "int8", "--out", output, "--corpus", corpus).Succeeded();
        Assert.Contains(metric, run.Out, StringComparison.Ordinal);
        Assert.Equal(["small"], Directory.GetFileSystemEntries(_folder.Root).Select(Path.GetFileName));

        LoadedModel made = ModelFolder.Load(output);
        Assert.Equal(("small", "int8"), (made.Name, made.Dtype));
        Assert.True(made.Bytes < source.Bytes);
        Assert.Equal(source.Golden!.Input, made.Golden!.Input);
        // Whatever corpus was given: only training knows its part for validation.
        const string trained = "valid_";
        Assert.All(source.Model.Config.Metrics.Keys, name => Assert.StartsWith(trained, name, StringComparison.Ordinal));
        string[] names = [.. source.Model.Config.Metrics.Keys.Where(name => !name.EndsWith("_uncalibrated", StringComparison.Ordinal))]; // training measures that
        Assert.Equal(names.Select(name => name[trained.Length..]), made.Model.Config.Metrics.Keys);
        Assert.Equivalent(source.Model.Config with { Metrics = made.Model.Config.Metrics }, made.Model.Config, strict: true);
        foreach (string name in names) Assert.Equal(source.Model.Config.Metrics[name], made.Model.Config.Metrics[name[trained.Length..]], 0.05);

        string card = File.ReadAllText(Path.Combine(output, "README.md"));
        foreach (string part in (string[])[
            "# small\n", $"made from | {source.Name}, f32 weights, sha256 `{source.Sha256}`", "in 8-bit integers with a scale a row",
            $"| weight file | {source.Bytes:N0} bytes | {made.Bytes:N0} bytes |", "| tokens a second | ",
            $"    rnn quantize {model} --dtype int8 --out {output} --corpus {corpus}\n"])
            Assert.Contains(part, card, StringComparison.Ordinal);

        // The card's own command gives the score that the configuration keeps.
        string evaluate = card.Split('\n').Single(line => line.StartsWith("    rnn evaluate ", StringComparison.Ordinal));
        JsonElement scores = CommandRun.Of([.. evaluate.Trim().Split(' ')[1..], "--json"]).Succeeded().Json();
        double loss = scores.GetProperty(task == ModelTask.LanguageModel ? "nats_a_token" : "loss").GetDouble();
        Assert.Equal(loss, made.Model.Config.Metrics["loss"], 1e-6);

        JsonElement exported = CommandRun.Of("export", output, "--out", _folder["a.onnx"], "--json").Succeeded().Json();
        Assert.InRange(exported.GetProperty("difference").GetDouble(), 0, 1e-5);
        Assert.InRange(exported.GetProperty("rounding").GetDouble(), 1e-5, 1);
        string told = CommandRun.Of("export", output, "--out", _folder["a.onnx"], "--force").Succeeded().Out;
        Assert.Contains("of the same weights' in floats", told, StringComparison.Ordinal);
        Assert.Contains("dtype  ", CommandRun.Of("inspect", output).Succeeded().Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Half_the_bits_are_told_as_JSON_and_may_be_narrowed_once_more()
    {
        string half = _folder["half"], eighth = _folder["eighth"];
        JsonElement json = CommandRun.Of(
            "quantize", models.Classifier, "--dtype", "bf16", "-o", half, "-c", models.LabelledFile, "--label-name", "good=good",
            "--label-name", "bad=bad", "--json").Succeeded().Json();
        JsonElement source = json.GetProperty("made_from");
        Assert.Equal("bf16", json.GetProperty("dtype").GetString());
        Assert.Equal("f32", source.GetProperty("dtype").GetString());
        Assert.Equal(new FileInfo(Path.Combine(half, "model.safetensors")).Length, json.GetProperty("bytes").GetInt64());
        Assert.Equal(
            source.GetProperty("score").GetProperty("value").GetDouble(), json.GetProperty("score").GetProperty("value").GetDouble(), 0.05);
        Assert.True(json.GetProperty("tokens_per_second").GetDouble() > 0);
        Assert.Contains(
            $"    rnn evaluate {half} --corpus {models.LabelledFile} --label-name good=good --label-name bad=bad\n",
            File.ReadAllText(Path.Combine(half, "README.md")), StringComparison.Ordinal);

        // Models of 16 bits come from elsewhere too. Without a corpus nothing is claimed.
        string text = CommandRun.Of("quantize", half, "--dtype", "int8", "--out", eighth).Succeeded().Out;
        Assert.Contains("--corpus measures it", text, StringComparison.Ordinal);
        Assert.Empty(ModelFolder.Load(eighth).Model.Config.Metrics);
        string card = File.ReadAllText(Path.Combine(eighth, "README.md"));
        Assert.Contains("made from | half, bf16 weights", card, StringComparison.Ordinal);
        Assert.Contains("Scores were not measured", card, StringComparison.Ordinal);
        Assert.DoesNotContain("rnn evaluate", card, StringComparison.Ordinal);

        Refused([eighth, "--dtype", "int8"], "has int8 weights already; expected wider ones");
        Refused([eighth, "--dtype", "bf16"], "has int8 weights, which lost what bf16 would keep; expected the model it was made from");
        Refused([half, "--dtype", "bf16"], "has bf16 weights already");
    }

    [Fact]
    public void What_stays_true_of_the_old_card_stands_in_the_new_one_and_a_folder_is_replaced_when_told_so()
    {
        string source = _folder["source"], output = _folder["it's out"];
        Directory.CreateDirectory(source);
        foreach (string file in Directory.GetFiles(models.Classifier)) File.Copy(file, Path.Combine(source, Path.GetFileName(file)));
        string config = File.ReadAllText(Path.Combine(source, "config.json"));
        const string metrics = "\"metrics\"", said = "\"description\": \"Tells moods.\", \"license\": \"CC0-1.0\", ";
        File.WriteAllText(Path.Combine(source, "config.json"), config.Replace(metrics, said + metrics, StringComparison.Ordinal));
        string sums = Path.Combine(source, "SHA256SUMS"), line = $"{Sha256Of(config)}  config.json";
        Assert.Contains(line, File.ReadAllText(sums), StringComparison.Ordinal);
        string edited = $"{Sha256Of(File.ReadAllText(Path.Combine(source, "config.json")))}  config.json";
        File.WriteAllText(sums, File.ReadAllText(sums).Replace(line, edited, StringComparison.Ordinal));
        File.WriteAllText(Path.Combine(source, "LICENSE"), "as you like");
        Quantize();
        Assert.Contains("\nTells moods.\n", Card(), StringComparison.Ordinal);
        Assert.Contains($@" --out '{_folder.Root}/it'\''s out'" + "\n", Card(), StringComparison.Ordinal);
        Assert.Contains("| licence | CC0-1.0 |", Card(), StringComparison.Ordinal);
        Assert.Equal("as you like", File.ReadAllText(Path.Combine(output, "LICENSE")));

        Refused([source, "--dtype", "int8", "--out", output], "exists; expected a new folder, or --force to replace it");
        File.WriteAllText(
            Path.Combine(source, "README.md"),
            "# mood\n\n| | |\n|---|---|\n| data | our own |\n| licence | CC0 |\n| dev accuracy | 99 % |\n\n**Not good for** long\ntexts.\n\nMore.\n");
        Quantize("--force");
        Assert.Contains("| data | our own |\n| licence | CC0 |\n", Card(), StringComparison.Ordinal);
        Assert.Contains("\n**Not good for** long\ntexts.\n\n<!-- generated", Card(), StringComparison.Ordinal);
        foreach (string gone in (string[])["dev accuracy", "99 %", "CC0-1.0", "More."])
            Assert.DoesNotContain(gone, Card(), StringComparison.Ordinal);
        Refused([source, "--dtype", "int8", "--out", source, "--force"], "holds files that the new one is made from; expected another folder");

        string Card() => File.ReadAllText(Path.Combine(output, "README.md"));

        void Quantize(params string[] more) =>
            CommandRun.Of(["quantize", source, "--dtype", "int8", "--out", output, .. more]).Succeeded();
    }

    [Fact]
    public void What_cannot_be_narrowed_is_said_and_nothing_is_written()
    {
        string onnx = _folder["onnx"], file = _folder["a.onnx"];
        CommandRun.Of("export", models.Classifier, "--out", file).Succeeded();
        CommandRun.Of("import", "--onnx", file, "--as-is", "--out", onnx).Succeeded();
        File.Delete(file);
        Refused([onnx, "--dtype", "int8"], "is computed by onnxruntime", "expected a model with weights of this engine's own");
        Refused([models.Tagger, "--dtype", "int8", "--corpus", models.TextFile], "none of the labels of the corpus is one of the model's: \"clock\"");
        Refused([models.Classifier, "--dtype", "int8", "--corpus", models.SpansFile, "--format", "conll"], "holds no labelled text");
        Refused([models.Classifier, "--dtype", "int8", "--corpus", _folder["none.txt"]], "none.txt");
        Refused(["nobody", "--dtype", "int8"], "no model folder nobody");
        CommandRun.Of("quantize", models.Tagger, "--out", _folder["m"], "--dtype", "int4")
            .FailedWith(ExitCode.Misused, "int4", "int8", "bf16");
        CommandRun.Of("quantize", models.Tagger, "--out", _folder["m"]).FailedWith(ExitCode.Misused, "'--dtype' is required");
        CommandRun.Of("quantize", models.Tagger, "--out", _folder["m"], "--dtype", "int8", "--format", "conll")
            .FailedWith(ExitCode.Misused, "--format says how a corpus is read; expected --corpus beside it.");
        CommandRun stopped = CommandRun.With(null, ["quantize", models.Tagger, "--out", _folder["m"], "--dtype", "int8"], stopped: true);
        Assert.Equal(ExitCode.Interrupted, stopped.Code);
        Assert.Equal(["onnx"], Directory.GetFileSystemEntries(_folder.Root).Select(Path.GetFileName));
    }

    private (string Model, string Corpus) Of(ModelTask task) => task switch
    {
        ModelTask.LanguageModel => (models.LanguageModel, models.TextFile),
        ModelTask.Classifier => (models.Classifier, models.LabelledFile),
        _ => (models.Tagger, models.SpansFile),
    };

    private static string Sha256Of(string text) =>
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)));

    private void Refused(string[] arguments, params string[] sentence)
    {
        if (!arguments.Contains("--out")) arguments = [.. arguments, "--out", _folder["refused"]];
        CommandRun.Of(["quantize", .. arguments]).FailedWith(ExitCode.Failed, sentence);
        Assert.False(Directory.Exists(_folder["refused"]));
    }
}
