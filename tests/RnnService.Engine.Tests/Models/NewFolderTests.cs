using RnnService.Engine.Models;

using Xunit;

namespace RnnService.Engine.Tests.Models;

public sealed class NewFolderTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("rnn-folder-");

    private string Place => Path.Combine(_root.FullName, "mine");

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public void While_it_is_written_the_folder_has_a_name_that_the_service_leaves_alone()
    {
        LoadedModel loaded = new NewFolder(Place, replace: false, []).Fill(path =>
        {
            Assert.Equal('.', Path.GetFileName(path)[0]);
            Assert.Equal(_root.FullName, Path.GetDirectoryName(path));
            Assert.False(Directory.Exists(Place));
            ModelFolder.Save(path, Tiny.Classifier(), "the cat sat");
        }, stop: TestContext.Current.CancellationToken);
        Assert.Equal(("mine", Path.Combine(Place, "model.safetensors")), (loaded.Name, loaded.File));
        Assert.Equal(loaded.Sha256, ModelFolder.Load(Place).Sha256);
    }

    [Fact]
    public void What_is_no_model_does_not_take_the_place_of_one()
    {
        ModelFolder.Save(Place, Tiny.Classifier(), "the cat sat");
        var refused = Assert.Throws<ModelFolderException>(() => new NewFolder(Place, replace: true, []).Fill(path =>
        {
            ModelFolder.Save(path, Tiny.Language(), "the cat");
            File.WriteAllText(Path.Combine(path, "golden.json"), """{"input": "a", "labels": [], "scores": []}""");
        }, stop: TestContext.Current.CancellationToken));
        Assert.Contains("golden.json: ", refused.Message, StringComparison.Ordinal);
        Assert.IsType<Engine.Models.Classifier>(ModelFolder.Load(Place).Model);
        Assert.Equal(["mine"], Directory.GetFileSystemEntries(_root.FullName).Select(Path.GetFileName));
    }

    [Fact]
    public void What_takes_the_place_of_a_model_leaves_nothing_of_it()
    {
        ModelFolder.Save(Place, Tiny.Classifier(), "the cat sat");
        foreach (string file in (string[])["README.md", "LICENSE"]) File.WriteAllText(Path.Combine(Place, file), "old");
        Directory.CreateDirectory(Path.Combine(Place, "training"));
        Directory.CreateDirectory(Path.Combine(_root.FullName, ".mine.new")); // of a process that was killed
        new NewFolder(Place, replace: true, []).Fill(path =>
        {
            Assert.IsType<Engine.Models.Classifier>(ModelFolder.Load(Place).Model);
            ModelFolder.Save(path, Tiny.Language(), "the cat");
            File.WriteAllText(Path.Combine(path, "README.md"), "new");
        }, stop: TestContext.Current.CancellationToken);
        Assert.IsType<Engine.Models.LanguageModel>(ModelFolder.Load(Place).Model);
        Assert.Equal("new", File.ReadAllText(Path.Combine(Place, "README.md")));
        Assert.Equal(
            ["README.md", "SHA256SUMS", "config.json", "golden.json", "model.safetensors", "vocab.json"],
            Directory.GetFileSystemEntries(Place).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }
}
