using System.IO.Compression;
using System.Net.Http.Json;
using System.Text.Json;
using System.Xml.Linq;

namespace RnnService.Packages.Tests;

/// <summary>What a stranger gets who knows the packages alone: their pages, their programs, their command.</summary>
public sealed class PackageTests(PackedFeed feed) : IClassFixture<PackedFeed>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Every_package_says_what_it_is_and_brings_its_page_licence_picture_and_symbols()
    {
        foreach (string name in PackedFeed.Names)
        {
            string file = Path.Combine(feed.Feed, $"{name}.{feed.Version}.nupkg");
            using ZipArchive package = ZipFile.OpenRead(file);
            XElement about = Nuspec(package);
            Assert.Equal("MIT", Value(about, "license"));
            Assert.Equal("icon.png", Value(about, "icon"));
            Assert.True(Value(about, "description")!.Length > 60);
            Assert.Contains("rnn", Value(about, "tags")!, StringComparison.Ordinal);
            Assert.NotNull(about.Descendants().Single(element => element.Name.LocalName == "repository").Attribute("commit"));
            Assert.All((string[])[Value(about, "readme")!, "icon.png"], part => Assert.NotNull(package.GetEntry(part)));
            Assert.Contains(name, Read(package, "README.md"), StringComparison.Ordinal);
            if (name == "RnnService.Cli") continue;
            Assert.NotNull(package.GetEntry($"lib/net10.0/{name}.xml"));
            Assert.True(File.Exists(Path.ChangeExtension(file, "snupkg")), $"{name} has no symbols");
        }
    }

    [Fact]
    public void The_engine_drags_in_nothing_but_tensors()
    {
        using ZipArchive package = ZipFile.OpenRead(Path.Combine(feed.Feed, $"RnnService.Engine.{feed.Version}.nupkg"));
        Assert.Equal(
            ["System.Numerics.Tensors"],
            Nuspec(package).Descendants().Where(element => element.Name.LocalName == "dependency").Select(element => element.Attribute("id")!.Value));
    }

    [Fact]
    public async Task The_pages_C_sharp_compiles_in_a_new_console_project_and_does_what_it_says()
    {
        CSharpExample[] examples = [.. CSharpExamples.All.Where(example => !example.IsWeb)];
        Assert.True(examples.Length >= 6, $"{examples.Length} examples");
        string program = await feed.BuildAsync(
            "Reader", "Microsoft.NET.Sdk", ["RnnService.Engine", "RnnService.Audio", "RnnService.Training", "RnnService.Onnx"], Files(examples), Cancel);
        foreach (CSharpExample example in examples)
        {
            string said = await Command.RunAsync(Folder(example), Cancel, "dotnet", program, example.Name);
            Assert.False(string.IsNullOrWhiteSpace(said), $"{example} prints nothing");
            // "// positive 85 %" behind a statement is what it prints.
            foreach (string line in example.Code.Split('\n'))
            {
                int at = line.IndexOf("// prints ", StringComparison.Ordinal);
                if (at >= 0) Assert.Contains(line[(at + "// prints ".Length)..].Trim(), said, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task The_pages_C_sharp_serves_in_a_new_web_project()
    {
        CSharpExample[] examples = [.. CSharpExamples.All.Where(example => example.IsWeb)];
        Assert.NotEmpty(examples);
        string program = await feed.BuildAsync("Site", "Microsoft.NET.Sdk.Web", ["RnnService.AspNetCore"], Files(examples), Cancel);
        foreach (CSharpExample example in examples)
        {
            var (process, address) = await Command.ServeAsync(
                Folder(example), Cancel, "dotnet", program, example.Name, "--urls", "http://127.0.0.1:0");
            try
            {
                using var client = new HttpClient { BaseAddress = address };
                using HttpResponseMessage answer = await client.GetAsync("/judge?text=A+lovely+film.", Cancel);
                Assert.True(answer.IsSuccessStatusCode, $"{example}: {answer.StatusCode}");
                Assert.Contains("positive", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
            }
            finally
            {
                process.Kill(entireProcessTree: true);
                process.Dispose();
            }
        }
    }

    [Fact]
    public async Task The_command_installs_into_an_empty_folder_trains_classifies_and_serves()
    {
        string rnn = await feed.InstallToolAsync(Cancel), folder = feed.NewFolder("work");
        Assert.StartsWith(feed.Version, await Command.RunAsync(folder, Cancel, rnn, "--version"), StringComparison.Ordinal);
        string[] colours = ["red", "green", "blue"];
        await File.WriteAllLinesAsync(Path.Combine(folder, "colours.csv"),
            ["text,label", .. Enumerable.Range(0, 90).Select(i => $"the {colours[i % 3]} one number {i},{colours[i % 3]}")], Cancel);
        await Command.RunAsync(folder, Cancel, rnn, "train", "--task", "classifier", "--train", "colours.csv", "--output", "models/colours");
        string said = await Command.RunAsync(folder, Cancel, rnn, "classify", "models/colours", "a green one");
        Assert.StartsWith("green", said, StringComparison.Ordinal);

        var (process, address) = await Command.ServeAsync(folder, Cancel, rnn, "serve", "models", "--urls", "http://127.0.0.1:0");
        try
        {
            using var client = new HttpClient { BaseAddress = address };
            using HttpResponseMessage answer = await client.PostAsJsonAsync("/classify", new { inputs = "a blue one", model = "colours" }, Cancel);
            JsonElement labels = await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
            Assert.Equal("blue", labels[0][0].GetProperty("label").GetString());
        }
        finally
        {
            process.Kill(entireProcessTree: true);
            process.Dispose();
        }
    }

    /// <summary>Examples read the shipped models, and write what they write into a folder of their own.</summary>
    private string Folder(CSharpExample example)
    {
        string folder = feed.NewFolder("run-" + example.Name);
        if (!Directory.Exists(Path.Combine(folder, "models"))) ShippedModels.LinkInto(Path.Combine(folder, "models"));
        string docs = Path.Combine(folder, "docs");
        if (!Directory.Exists(docs)) Directory.CreateSymbolicLink(docs, Path.Combine(Repository.Root, "docs"));
        return folder;
    }

    private static Dictionary<string, string> Files(CSharpExample[] examples)
    {
        var files = examples.ToDictionary(example => example.Name + ".cs", CSharpExamples.AsMethod);
        files.Add("Program.cs", CSharpExamples.MainOf(examples));
        return files;
    }

    private static XElement Nuspec(ZipArchive package)
    {
        using Stream stream = package.Entries.Single(entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
        return XElement.Load(stream);
    }

    private static string? Value(XElement about, string name) =>
        about.Descendants().FirstOrDefault(element => element.Name.LocalName == name)?.Value;

    private static string Read(ZipArchive package, string file)
    {
        using var reader = new StreamReader(package.GetEntry(file)!.Open());
        return reader.ReadToEnd();
    }
}
