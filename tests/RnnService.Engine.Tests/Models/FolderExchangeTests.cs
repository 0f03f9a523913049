using RnnService.Engine.Kernels;
using RnnService.Engine.Models;

using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Models;

/// <summary>A model folder changes as a whole or not at all.</summary>
public sealed class FolderExchangeTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("rnn-exchange-");

    private string Place => Path.Combine(_root.FullName, "model");

    private string Committed => Path.Combine(Place, ".committed");

    public void Dispose() => _root.Delete(recursive: true);

    /// <summary>A process may be killed between any two moves: whatever was moved by then, the new model is read, and nothing else is left.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_committed_save_is_completed_wherever_it_was_cut_off(bool byLoading)
    {
        string[] files = ["config.json", "vocab.json", "model.safetensors", "golden.json", "SHA256SUMS"];
        for (int moved = 0; moved <= 1 << files.Length; moved++)
        {
            string sha = CutOff(files.Where((_, i) => (Math.Min(moved, 31) >> i & 1) == 1));
            if (moved == 1 << files.Length) File.Delete(Path.Combine(Committed, ".removed"));
            File.WriteAllText(Path.Combine(Place, "README.md"), "a card");
            if (!byLoading) FolderExchange.Complete(Place);
            Assert.Equal(sha, ModelFolder.Load(Place).Sha256);
            Assert.Equal(
                ["README.md", "SHA256SUMS", "config.json", "golden.json", "model.safetensors", "training", "vocab.json"],
                Directory.GetFileSystemEntries(Place).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void A_committed_save_that_cannot_be_completed_is_read_where_it_lies()
    {
        string sha = CutOff([]);
        File.Delete(Path.Combine(Place, "golden.json"));
        Directory.CreateDirectory(Path.Combine(Place, "golden.json"));
        LoadedModel loaded = ModelFolder.Load(Place);
        Assert.Equal(sha, loaded.Sha256);
        Assert.IsType<Classifier>(loaded.Model);
    }

    [Fact]
    public void A_save_that_was_killed_before_its_commit_leaves_no_trace_in_the_next()
    {
        ModelFolder.Save(Place, Tiny.Language(), "the cat");
        Directory.CreateDirectory(Path.Combine(Place, ".staged"));
        File.WriteAllText(Path.Combine(Place, ".staged", "model.onnx"), "half a file");
        Assert.IsType<LanguageModel>(ModelFolder.Load(Place).Model);
        ModelFolder.Save(Place, Tiny.Classifier(), "the cat");
        Assert.IsType<Classifier>(ModelFolder.Load(Place).Model);
        Assert.Equal(5, Directory.GetFileSystemEntries(Place).Length);
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("vocab.json")]
    [InlineData("model.safetensors")]
    [InlineData("golden.json")]
    public void A_file_that_cannot_be_written_is_named_and_all_others_stay(string file)
    {
        ModelFolder.Save(Place, Tiny.Language(), "the cat");
        File.Delete(Path.Combine(Place, file));
        Directory.CreateDirectory(Path.Combine(Place, file));
        Dictionary<string, byte[]> before = Contents();
        var error = Assert.Throws<IOException>(() => ModelFolder.Save(Place, Tiny.Classifier(), "the cat"));
        Assert.Equal($"{Path.Combine(Place, file)} cannot be written: it is a folder; expected a file or nothing", error.Message);
        Assert.Equal(before, Contents());
        Assert.Equal([file], Directory.GetDirectories(Place).Select(Path.GetFileName));
    }

    [Fact]
    public void A_write_that_fails_half_way_changes_nothing()
    {
        ModelFolder.Save(Place, Tiny.Language(), "the cat");
        Dictionary<string, byte[]> before = Contents();
        Assert.Throws<IOException>(() => FolderExchange.Fill(Place, ["vocab.json"], staged =>
        {
            File.WriteAllText(Path.Combine(staged, "config.json"), "{");
            throw new IOException("No space left on device");
        }));
        Assert.Equal(before, Contents());
        Assert.Empty(Directory.GetDirectories(Place));

        string none = Path.Combine(_root.FullName, "none");
        Assert.Throws<IOException>(() => FolderExchange.Fill(none, [], _ => throw new IOException("No space left on device")));
        Assert.False(Directory.Exists(none));
    }

    [Fact]
    public void A_place_that_is_a_file_is_named()
    {
        File.WriteAllText(Place, "");
        Assert.StartsWith(
            $"{Place} cannot be written: ", Assert.Throws<IOException>(() => ModelFolder.Save(Place, Tiny.Language(), "a")).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Numbers_that_are_not_finite_are_never_written(float value)
    {
        ModelFolder.Save(Place, Tiny.Language(), "the cat");
        Dictionary<string, byte[]> before = Contents();
        Classifier model = Tiny.Classifier();
        string said = value.ToString(System.Globalization.CultureInfo.InvariantCulture);

        ModelConfig config = ModelFolder.Load(Place).Model.Config;
        var metrics = new Dictionary<string, double> { ["accuracy"] = 1, ["loss"] = value };
        foreach (Action save in (Action[])[
            () => ModelFolder.Save(Place, model, "the cat", metrics: metrics),
            () => ModelFolder.SaveConfig(Place, config with { Metrics = metrics })])
        {
            Assert.Equal(
                $"{Path.Combine(Place, "config.json")}: metrics.loss is {said}; expected a finite number. Nothing was written.",
                Assert.Throws<ModelFolderException>(save).Message);
        }

        // A row of the embedding that the golden text does not need.
        Parameter embedding = model.Parameters.All.Single(parameter => parameter.Name == "embedding.weight");
        embedding.Data[^1] = value;
        foreach (ElementType type in (ElementType[])[ElementType.F32, ElementType.BF16, ElementType.F16])
        {
            Assert.Contains(
                $"embedding.weight is {said}; expected a finite number",
                Assert.Throws<ModelFolderException>(() => ModelFolder.Save(Place, model, "the cat", type)).Message, StringComparison.Ordinal);
        }

        Assert.Equal(before, Contents());
    }

    [Fact]
    public void Weights_too_large_for_their_type_are_refused()
    {
        Classifier model = Tiny.Classifier();
        model.Parameters.All[0].Data[0] = 70_000; // beyond the largest half
        Assert.Contains(
            "is ∞; expected a finite number", Assert.Throws<ModelFolderException>(
                () => ModelFolder.Save(Place, model, "the cat", ElementType.F16)).Message.Replace("Infinity", "∞", StringComparison.Ordinal),
            StringComparison.Ordinal);
        Assert.False(Directory.Exists(Place));
    }

    [Fact]
    public async Task Whoever_loads_while_it_is_saved_gets_one_model_or_the_other()
    {
        ModelFolder.Save(Place, Tiny.Classifier(), "the cat");
        TextModel[] models = [Tiny.Language(), Tiny.Classifier(), Tiny.Tagger()];
        Task saving = Task.Run(
            () =>
            {
                for (int i = 0; i < 60; i++) ModelFolder.Save(Place, models[i % models.Length], "the cat");
            }, TestContext.Current.CancellationToken);
        int loads = 0;
        for (; !saving.IsCompleted; loads++) Assert.NotNull(ModelFolder.Load(Place).Golden);
        await saving;
        Assert.True(loads > 0);
    }

    /// <summary>A folder with a language model in which the save of a classifier was cut off after these files were moved.</summary>
    /// <returns>The hash of the classifier's weights.</returns>
    private string CutOff(IEnumerable<string> moved)
    {
        if (Directory.Exists(Place)) Directory.Delete(Place, recursive: true);
        Directory.CreateDirectory(Path.Combine(Place, "training"));
        ModelFolder.Save(Place, Tiny.Language(), "the cat");
        ModelFolder.Save(Committed, Tiny.Classifier(), "the cat");
        string sha = ModelFolder.Load(Committed).Sha256;
        File.WriteAllText(Path.Combine(Committed, ".removed"), "model.onnx\n");
        File.WriteAllText(Path.Combine(Place, "model.onnx"), "of a model that was there before");
        foreach (string file in moved)
        {
            File.Delete(Path.Combine(Place, "model.onnx"));
            File.Move(Path.Combine(Committed, file), Path.Combine(Place, file), overwrite: true);
        }

        return sha;
    }

    private Dictionary<string, byte[]> Contents() =>
        Directory.GetFiles(Place).ToDictionary(file => file, File.ReadAllBytes);
}
