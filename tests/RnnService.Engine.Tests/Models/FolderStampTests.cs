using RnnService.Engine.Models;
using Xunit;

namespace RnnService.Engine.Tests.Models;

/// <summary>What of a model folder is seen to change without reading it.</summary>
public sealed class FolderStampTests : IDisposable
{
    private static readonly string[] Files = ["config.json", "vocab.json", "golden.json", "model.safetensors"];

    private readonly string _folder = Directory.CreateTempSubdirectory("rnn-stamp-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_folder_is_whole_when_every_file_is_there_that_it_needs_or_names()
    {
        Assert.True(FolderStamp.Of(_folder).IsEmpty);
        foreach (string file in Files)
        {
            Assert.False(FolderStamp.Of(_folder).IsWhole);
            Write(file, "1");
        }

        Assert.True(FolderStamp.Of(_folder).IsWhole);
        Write("SHA256SUMS", $"{new string('0', 64)}  model.onnx\n");
        Assert.False(FolderStamp.Of(_folder).IsWhole);
        Write("SHA256SUMS", "no sums");
        Assert.True(FolderStamp.Of(_folder).IsWhole, "whoever loads it says what is wrong");
    }

    [Fact]
    public void Every_file_of_a_model_counts_and_nothing_else()
    {
        foreach (string file in Files) Write(file, "1");
        FolderStamp before = FolderStamp.Of(_folder);
        Write("README.md", "about it");
        Directory.CreateDirectory(Path.Combine(_folder, ".staged"));
        Assert.Equal(before, FolderStamp.Of(_folder));
        foreach (string file in Files)
        {
            Write(file, "12");
            Assert.NotEqual(before, before = FolderStamp.Of(_folder));
        }
    }

    [Fact]
    public void A_link_that_leads_round_in_circles_is_a_file_like_another_until_somebody_reads_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows asks for rights to make links.");
        foreach (string file in Files) Write(file, "1");
        FolderStamp before = FolderStamp.Of(_folder);
        File.Delete(Path.Combine(_folder, "vocab.json"));
        File.CreateSymbolicLink(Path.Combine(_folder, "vocab.json"), "vocab.json");
        FolderStamp after = FolderStamp.Of(_folder);
        Assert.NotEqual(before, after);
        Assert.True(after.IsWhole);
        Assert.Equal(after, FolderStamp.Of(_folder));
        Assert.Throws<ModelFolderException>(() => ModelFolder.Load(_folder));
    }

    private void Write(string file, string content) => File.WriteAllText(Path.Combine(_folder, file), content);
}
