using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Onnx.Import;
using RnnService.Onnx.Import.Checks;
using RnnService.Onnx.Import.Files;
using Xunit;

namespace RnnService.Onnx.Tests.Import;

public sealed class WriteTests
{
    [Fact]
    public void A_folder_that_exists_stays_unless_it_is_to_be_replaced()
    {
        using var files = new ImportCase("tagger-rnn");
        files.ImportAndWrite("w3 w4");
        Refused("exists; expected a new folder", files, replace: false);
        Directory.CreateDirectory(Path.Combine(files["out"], "training"));
        File.WriteAllText(Path.Combine(files["out"], "README.md"), "of the old one");
        files.ImportAndWrite("w5", replace: true);
        Assert.Equal(
            ["SHA256SUMS", "config.json", "golden.json", "model.safetensors", "vocab.json"],
            Directory.GetFileSystemEntries(files["out"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Contains("\"w5\"", File.ReadAllText(Path.Combine(files["out"], "golden.json")), StringComparison.Ordinal);
        NothingIsLeft(files);
    }

    [Fact]
    public void Only_a_model_folder_is_replaced()
    {
        using var files = new ImportCase("tagger-rnn");
        Directory.CreateDirectory(files["out"]);
        files.ImportAndWrite(replace: true);
        File.WriteAllText(Path.Combine(files["out"], "diary.txt"), "dear");
        Refused("holds diary.txt beside a model, and is not replaced", files);
        File.Delete(Path.Combine(files["out"], "config.json"));
        Refused("is no model folder, and is not replaced", files);
        Assert.Equal("dear", File.ReadAllText(Path.Combine(files["out"], "diary.txt")));

        Directory.Delete(files["out"], recursive: true);
        File.WriteAllText(files["out"], "");
        Refused("is no folder; expected the path of one", files);
        NothingIsLeft(files);
    }

    [Fact]
    public void A_folder_with_the_files_that_are_imported_is_not_replaced()
    {
        using var files = new ImportCase("tagger-rnn");
        files.ImportAndWrite();
        files.Weights = Path.Combine(files["out"], "model.safetensors");
        Refused("holds files that the new one is made from; expected another folder", files);
    }

    [Fact]
    public void What_is_stopped_or_fails_leaves_what_was_there()
    {
        using var files = new ImportCase("tagger-rnn");
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => ModelImport.Write(files.Import(), files["out"], stop: new CancellationToken(canceled: true)));
        Assert.False(Directory.Exists(files["out"]));

        files.ImportAndWrite();
        var folder = new NewFolder(files["out"], replace: true, []);
        Assert.Throws<IOException>(() => folder.Fill(path =>
        {
            File.WriteAllText(Path.Combine(path, "config.json"), "{");
            throw new IOException("the disk is full");
        }, stop: TestContext.Current.CancellationToken));
        // Stopped while it was written.
        Assert.Throws<OperationCanceledException>(() => folder.Fill(_ => stop.Cancel(), stop: stop.Token));
        Assert.Equal("out", ModelFolder.Load(files["out"]).Name);
        NothingIsLeft(files);
    }

    [Theory]
    [InlineData("char-lm-gru")]
    [InlineData("classifier-gru")]
    [InlineData("tagger-gru")]
    public void A_golden_text_is_made_of_tokens_the_model_knows(string name)
    {
        using var files = new ImportCase(name);
        using TextModel model = files.Import().TextModel;
        string text = GoldenInput.For(model);
        List<Token> tokens = [.. model.Tokenizer.Split(text)];
        Assert.Equal(24, tokens.Count);
        Assert.All(tokens, token => Assert.True(model.Vocabulary.Tokens.Contains(token.Text)));
    }

    [Theory]
    [InlineData("char-lm-gru", "é")]
    [InlineData("char-lm-gru", "")]
    [InlineData("tagger-gru", " ")]
    public void A_golden_text_without_a_token_is_refused(string name, string text)
    {
        using var files = new ImportCase(name);
        var refused = Assert.Throws<ImportException>(() => files.ImportAndWrite(text));
        Assert.Equal("golden input: holds no token of the vocabulary; expected one or more", refused.Message);
    }

    [Fact]
    public void A_network_without_a_finite_answer_is_refused()
    {
        using var files = new ImportCase("tagger-rnn");
        files.Change(tensor => tensor.Name == "head.weight" ? tensor with { Values = Enumerable.Repeat(3e38f, 320).ToArray() } : tensor);
        var refused = Assert.Throws<ImportException>(() => files.ImportAndWrite());
        Assert.Contains("model.safetensors: the network's answer to the golden input is not finite", refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(files["out"]));
    }

    private static void Refused(string expected, ImportCase files, bool replace = true)
    {
        var refused = Assert.Throws<ModelFolderException>(() => files.ImportAndWrite(replace: replace));
        Assert.Contains("out: " + expected, refused.Message, StringComparison.Ordinal);
    }

    private static void NothingIsLeft(ImportCase files) =>
        Assert.DoesNotContain(Directory.GetDirectories(files.Root), folder => Path.GetFileName(folder) != "out");
}
