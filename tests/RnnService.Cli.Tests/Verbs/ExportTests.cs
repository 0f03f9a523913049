using RnnService.Cli.Shell;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Onnx.Comparison;
using RnnService.Onnx.Runtime;

namespace RnnService.Cli.Tests.Verbs;

public sealed class ExportTests(TrainedModels models)
{
    [Fact]
    public void Every_task_is_exported_and_gives_its_own_answers_in_onnx_runtime()
    {
        using var folder = new ScratchFolder();
        foreach (string model in (string[])[models.LanguageModel, models.Classifier, models.Tagger])
        {
            string file = folder["model.onnx"];
            CommandRun run = CommandRun.Of("export", model, "--out", file, "--opset", "15", "--force").Succeeded();
            Assert.Contains("opset 15, answers within", run.Out, StringComparison.Ordinal);
            LoadedModel loaded = ModelFolder.Load(model);
            using var found = Engine.Models.TextModel.Create(
                loaded.Model.Config, loaded.TextModel.Vocabulary, OnnxRuntimeNetwork.Open(file, loaded.Model.Config, loaded.TextModel.Vocabulary));
            Agreement.Check(loaded.TextModel, found, loaded.Golden!.Input, seed: 5);
        }

        Assert.Equal(["model.onnx"], Directory.GetFiles(folder.Root).Select(Path.GetFileName));
    }

    [Fact]
    public void What_was_written_is_told_as_JSON()
    {
        using var folder = new ScratchFolder();
        var json = CommandRun.Of("export", models.Classifier, "-o", folder["a.onnx"], "--json").Succeeded().Json();
        Assert.Equal(17, json.GetProperty("opset").GetInt32());
        Assert.Equal(new FileInfo(folder["a.onnx"]).Length, json.GetProperty("bytes").GetInt64());
        Assert.InRange(json.GetProperty("difference").GetDouble(), 0, Agreement.Tolerance);
    }

    [Fact]
    public void A_file_that_is_there_stays_unless_forced()
    {
        using var folder = new ScratchFolder();
        string file = folder.Write("mine.onnx", "precious");
        CommandRun.Of("export", models.Classifier, "--out", file).FailedWith(ExitCode.Failed, "mine.onnx exists", "--force to replace it");
        Assert.Equal("precious", File.ReadAllText(file));
    }

    [Fact]
    public void A_translator_becomes_two_files_in_a_folder()
    {
        using var folder = new ScratchFolder();
        var vocabulary = new ModelVocabulary(new Vocabulary([Vocabulary.Unknown, Vocabulary.End, "a", "b"]));
        var config = new ModelConfig
        {
            Task = ModelTask.Translator,
            Cell = CellKind.Gru,
            Tokenizer = Tokenization.Characters,
            EmbeddingSize = 4,
            HiddenSize = 5,
            Decoder = new DecoderConfig(),
        };
        ModelFolder.Save(folder["model"], TextModel.Create(config, vocabulary, Parameters.Random(1)), "ab");
        string output = folder["out"];
        var json = CommandRun.Of("export", folder["model"], "--out", output, "--json").Succeeded().Json();
        string[] files = [Path.Combine(output, "encoder.onnx"), Path.Combine(output, "decoder.onnx")];
        Assert.Equal(files.Order(), Directory.GetFiles(output).Order());
        Assert.Equal(files.Sum(file => new FileInfo(file).Length), json.GetProperty("bytes").GetInt64());
        Assert.InRange(json.GetProperty("difference").GetDouble(), 0, Agreement.Tolerance);
        CommandRun.Of("export", folder["model"], "--out", output).FailedWith(ExitCode.Failed, "encoder.onnx exists", "--force to replace it");
        CommandRun.Of("export", folder["model"], "--out", output, "--force").Succeeded();
    }

    [Theory]
    [InlineData("--opset", "13", "opset is 13; expected 14 to 21")]
    [InlineData("--opset", "22", "opset is 22; expected 14 to 21")]
    [InlineData("--out", "nowhere/model.onnx", "nowhere")]
    public void What_cannot_be_written_is_said(string option, string value, string sentence)
    {
        using var folder = new ScratchFolder();
        string[] more = option == "--out" ? [option, folder[value]] : ["--out", folder["a.onnx"], option, value];
        CommandRun.Of(["export", models.Classifier, .. more]).FailedWith(ExitCode.Failed, sentence);
        Assert.Empty(Directory.GetFiles(folder.Root));
    }

    [Fact]
    public void A_format_that_is_not_known_is_a_misuse()
    {
        CommandRun run = CommandRun.Of("export", models.Classifier, "--format", "tflite");
        run.FailedWith(ExitCode.Misused, "tflite", "onnx");
    }
}
