using System.Diagnostics;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;

using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Models;

/// <summary>Folders that were damaged, changed, or never were what they say: a sentence, at once, and nothing but a sentence.</summary>
public sealed class DamagedFolderTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("rnn-damaged-");

    private string Place => Path.Combine(_root.FullName, "model");

    public void Dispose() => _root.Delete(recursive: true);

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("vocab.json")]
    [InlineData("golden.json")]
    [InlineData("SHA256SUMS")]
    public void Every_byte_that_changes_is_refused(string file)
    {
        foreach (string? said in AfterEachChange(file, served: loaded => string.Join('\n', loaded.Notes)))
        {
            Assert.True(said is null || file == "SHA256SUMS" && IsVisible(said), $"served: {said}");
        }

        // The hash of the configuration and the mark of binary reading are all that may change in the list.
        static bool IsVisible(string said) => said.Contains("config.json was changed", StringComparison.Ordinal) || said.Length == 0;
    }

    [Fact]
    public void Every_byte_of_the_configuration_that_changes_is_refused_or_told()
    {
        foreach (string? said in AfterEachChange("config.json", served: loaded => string.Join('\n', loaded.Notes)))
        {
            if (said is not null) Assert.Contains("config.json was changed after the model was saved", said, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Weights_that_were_replaced_are_told_with_both_hashes()
    {
        SaveSmall();
        string file = Path.Combine(Place, "model.safetensors"), was = Checksums.Hash(File.ReadAllBytes(file));
        byte[] bytes = File.ReadAllBytes(file);
        bytes[^1] ^= 1;
        File.WriteAllBytes(file, bytes);
        Assert.Equal(
            $"{file}: SHA-256 is {Checksums.Hash(bytes)}; expected {was} (SHA256SUMS): the file is damaged or was replaced. "
            + "If it is the one you want, delete SHA256SUMS",
            Refusal());
    }

    [Fact]
    public void A_folder_without_hashes_is_loaded_and_told()
    {
        SaveSmall();
        Assert.Empty(ModelFolder.Load(Place, cancellationToken: TestContext.Current.CancellationToken).Notes);
        File.Delete(Path.Combine(Place, "SHA256SUMS"));
        Assert.StartsWith(
            "SHA256SUMS is missing", Assert.Single(ModelFolder.Load(Place, cancellationToken: TestContext.Current.CancellationToken).Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Scores_that_are_added_and_a_configuration_edited_by_hand_leave_a_model_that_loads()
    {
        SaveSmall();
        ModelConfig config = ModelFolder.Load(Place, cancellationToken: TestContext.Current.CancellationToken).Model.Config;
        ModelFolder.SaveConfig(Place, config with { Metrics = new Dictionary<string, double> { ["accuracy"] = 0.5 } });
        LoadedModel loaded = ModelFolder.Load(Place, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(0.5, loaded.Model.Config.Metrics["accuracy"]);
        Assert.Empty(loaded.Notes);

        string file = Path.Combine(Place, "config.json");
        File.WriteAllText(file, File.ReadAllText(file).Replace("0.5", "0.25", StringComparison.Ordinal));
        loaded = ModelFolder.Load(Place, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(0.25, loaded.Model.Config.Metrics["accuracy"]);
        Assert.Single(loaded.Notes);
    }

    [Fact]
    public void The_hashes_are_those_of_sha256sum()
    {
        SaveSmall();
        string[] lines = File.ReadAllLines(Path.Combine(Place, "SHA256SUMS"));
        Assert.Equal(
            lines,
            ((string[])["config.json", "vocab.json", "model.safetensors", "golden.json"])
                .Select(name => $"{Checksums.Hash(File.ReadAllBytes(Path.Combine(Place, name)))}  {name}"));
    }

    public static TheoryData<string> Files => ["config.json", "vocab.json", "model.safetensors", "golden.json", "SHA256SUMS"];

    /// <summary>A pipe without a writer would be waited for without end.</summary>
    [Theory]
    [MemberData(nameof(Files))]
    public void What_is_no_regular_file_is_refused_without_opening_it(string file)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "no pipes in folders");
        SaveSmall();
        string place = Path.Combine(Place, file);
        foreach (var (make, kind) in ((Action, string)[])
        [
            (() => Process.Start("mkfifo", [place]).WaitForExit(), "a named pipe"),
            (() => File.CreateSymbolicLink(place, "/dev/zero"), "a device"),
        ])
        {
            File.Delete(place);
            make();
            Assert.EndsWith($"{place} is {kind}; expected a regular file", Refusal(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_pipe_where_an_exchange_lists_what_goes_is_refused()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "no pipes in folders");
        SaveSmall();
        Directory.CreateDirectory(Path.Combine(Place, ".committed"));
        string list = Path.Combine(Place, ".committed", ".removed");
        Process.Start("mkfifo", [list]).WaitForExit();
        Assert.Equal($"{list} is a named pipe; expected a regular file", Refusal());
    }

    [Fact]
    public void An_exchange_removes_nothing_outside_its_folder()
    {
        SaveSmall();
        string other = Path.Combine(_root.FullName, "other.txt");
        File.WriteAllText(other, "not of this model");
        Directory.CreateDirectory(Path.Combine(Place, ".committed"));
        File.WriteAllText(Path.Combine(Place, ".committed", ".removed"), $"../other.txt\n{other}\n..\n.\n");
        ModelFolder.Load(Place, cancellationToken: TestContext.Current.CancellationToken).Model.Dispose();
        Assert.True(File.Exists(other));
    }

    /// <summary>The files have holes: they are as long as they say and take no place.</summary>
    [Theory]
    [InlineData("config.json", 5L << 20)]
    [InlineData("vocab.json", 65L << 20)]
    [InlineData("golden.json", 17L << 20)]
    [InlineData("model.safetensors", 3L << 30)]
    [InlineData("SHA256SUMS", 1L << 20)]
    public void A_file_that_is_absurdly_large_is_refused_by_name(string file, long length)
    {
        SaveSmall();
        using (FileStream stream = File.OpenWrite(Path.Combine(Place, file))) stream.SetLength(length);
        Assert.Contains($"{Path.Combine(Place, file)} is {length} bytes long; expected at most ", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_golden_text_that_is_absurdly_long_is_not_computed()
    {
        SaveSmall();
        string file = Path.Combine(Place, "golden.json");
        File.WriteAllText(file, $$"""{"input": "{{new string('a', 5_000_000)}}", "labels": [], "scores": []}""");
        Assert.Equal(
            $"{file}: the golden text has 5000000 characters; expected at most 20000, since its answer is computed at every load", Refusal());
        var unwritten = Assert.Throws<ModelFolderException>(() => ModelFolder.Save(Place, Tiny.Classifier(), new string('a', 20_001)));
        Assert.Contains("the golden text has 20001 characters", unwritten.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Loading_ends_when_it_is_told_to()
    {
        SaveSmall();
        Assert.Throws<OperationCanceledException>(() => ModelFolder.Load(Place, cancellationToken: new CancellationToken(canceled: true)));

        // While a graph is opened, too.
        ModelFolder.Save(Place, Tiny.Classifier(), "the cat");
        File.Move(Path.Combine(Place, "model.safetensors"), Path.Combine(Place, "model.onnx"));
        File.Delete(Path.Combine(Place, "SHA256SUMS"));
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => ModelFolder.Load(
            Place,
            (_, _, _, token) =>
            {
                stop.Cancel();
                token.ThrowIfCancellationRequested();
                throw new InvalidOperationException("not told");
            },
            stop.Token));
    }

    /// <summary>What loading says after each change of one byte: null where it refuses.</summary>
    private IEnumerable<string?> AfterEachChange(string file, Func<LoadedModel, string> served)
    {
        SaveSmall();
        string place = Path.Combine(Place, file);
        byte[] bytes = File.ReadAllBytes(place);
        for (int i = 0; i < bytes.Length; i++)
        {
            byte was = bytes[i];
            bytes[i] ^= (byte)(1 << (i % 7));
            File.WriteAllBytes(place, bytes);
            bytes[i] = was;
            string? said = null;
            try
            {
                LoadedModel loaded = ModelFolder.Load(Place);
                said = served(loaded);
                loaded.Model.Dispose();
            }
            catch (ModelFolderException)
            {
            }

            yield return said;
        }
    }

    private string Refusal() =>
        Assert.Throws<ModelFolderException>(() => ModelFolder.Load(Place, cancellationToken: TestContext.Current.CancellationToken)).Message;

    private void SaveSmall() => ModelFolder.Save(
        Place,
        TextModel.Create(
            new ModelConfig
            {
                Task = ModelTask.Classifier,
                Cell = CellKind.Tanh,
                Tokenizer = Tokenization.Whitespace,
                EmbeddingSize = 2,
                HiddenSize = 2,
                Labels = ["no", "yes"],
            },
            new ModelVocabulary(new Vocabulary([Vocabulary.Unknown, "a", "b"])),
            Parameters.Random(1)),
        "a b");
}
