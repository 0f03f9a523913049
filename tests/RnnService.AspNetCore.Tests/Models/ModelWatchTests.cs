using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RnnService.AspNetCore.Models;

namespace RnnService.AspNetCore.Tests.Models;

/// <summary>Models that follow their folders, look by look.</summary>
public sealed class ModelWatchTests : IAsyncLifetime
{
    private static readonly string[] Files = ["SHA256SUMS", "config.json", "golden.json", "model.safetensors", "vocab.json"];

    private readonly TinyModels _models = new();
    private TestHost _host = null!;

    private ModelRegistry Registry => _host.Services.GetRequiredService<ModelRegistry>();

    public async ValueTask InitializeAsync() => _host = await TestHost.StartAsync(_models);

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _models.Dispose();
    }

    [Fact]
    public async Task A_folder_is_loaded_once_two_looks_agree_and_never_again_until_it_changes()
    {
        await LookAsync(3);
        string? old = Sha256("sentiment");
        ServedModel untouched = Registry.Entry("pos").Served!;
        _models.Save("sentiment", 33);
        await LookAsync(1);
        Assert.Equal(old, Sha256("sentiment"));
        await LookAsync(1);
        Assert.NotEqual(old, Sha256("sentiment"));
        ServedModel served = Registry.Entry("sentiment").Served!;
        await LookAsync(3);
        Assert.Same(served, Registry.Entry("sentiment").Served);
        Assert.Same(untouched, Registry.Entry("pos").Served);
    }

    [Fact]
    public async Task A_folder_that_is_copied_file_by_file_is_loaded_when_it_is_whole()
    {
        string made = Directory.CreateDirectory(Path.Combine(_models.Path, "copied")).FullName;
        foreach (string file in Files)
        {
            await LookAsync(3);
            Assert.Null(Registry.Models.Find("copied"));
            File.Copy(Path.Combine(_models.Path, "sentiment", file), Path.Combine(made, file));
        }

        await LookAsync(2);
        Assert.Equal(ModelState.Ready, Registry.Entry("copied").State);
    }

    [Fact]
    public async Task A_folder_that_stays_without_a_file_is_told_as_broken_in_the_end()
    {
        string made = Directory.CreateDirectory(Path.Combine(_models.Path, "half")).FullName;
        File.Copy(Path.Combine(_models.Path, "sentiment", "config.json"), Path.Combine(made, "config.json"));
        _host.Services.GetRequiredService<Options.RnnModelsOptions>().Loading.MaxSeconds = 1;
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (Registry.Entries.All(entry => entry.Name != "half" || entry.Reason is null))
        {
            limit.Token.ThrowIfCancellationRequested();
            await LookAsync(1);
        }

        Assert.Equal("half/vocab.json: missing", Registry.Entry("half").Reason);
    }

    [Fact]
    public async Task A_folder_that_is_damaged_leaves_its_model_serving_and_one_that_is_gone_takes_it_out()
    {
        ServedModel served = Registry.Entry("sentiment").Served!;
        string weights = Path.Combine(_models.Path, "sentiment", "model.safetensors");
        byte[] bytes = File.ReadAllBytes(weights);
        bytes[^1] ^= 1;
        File.WriteAllBytes(weights, bytes);
        await LookAsync(2);
        Assert.Same(served, Registry.Entry("sentiment").Served);
        Assert.Contains("SHA-256 is ", Registry.Entry("sentiment").Reason, StringComparison.Ordinal);
        Directory.Delete(Path.Combine(_models.Path, "sentiment"), recursive: true);
        await LookAsync(1);
        Assert.Same(served, Registry.Entry("sentiment").Served);
        await LookAsync(1);
        Assert.Null(Registry.Models.Find("sentiment"));
    }

    [Fact]
    public async Task Links_that_lead_elsewhere_from_now_on_are_seen_as_Kubernetes_changes_them()
    {
        // A volume: the folder's files are links into ..data, which is itself a link to what holds now.
        string volume = Path.Combine(_models.Path, "mounted");
        foreach ((string version, ulong seed) in new[] { ("..2026_1", 21UL), ("..2026_2", 22UL) })
        {
            _models.Save("sentiment", seed, Path.Combine("mounted", version));
            // Neither sizes nor times tell them apart, as where an image is mounted.
            foreach (string file in Files) File.SetLastWriteTimeUtc(Path.Combine(volume, version, file), DateTime.UnixEpoch);
        }

        Link("..data", "..2026_1");
        foreach (string file in Files) Link(file, Path.Combine("..data", file));
        await LookAsync(2);
        Assert.Equal(WeightsHash("..2026_1"), Sha256("mounted"));
        File.Delete(Path.Combine(volume, "..data"));
        Link("..data", "..2026_2");
        Directory.Delete(Path.Combine(volume, "..2026_1"), recursive: true);
        await LookAsync(2);
        Assert.Equal(WeightsHash("..2026_2"), Sha256("mounted"));

        void Link(string name, string target) => File.CreateSymbolicLink(Path.Combine(volume, name), target);
        string WeightsHash(string version) =>
            Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(volume, version, "model.safetensors"))));
    }

    [Fact]
    public async Task A_volume_that_is_not_mounted_takes_nothing_out_and_what_was_unloaded_stays_out_until_it_changes()
    {
        string aside = _models.Path + "-aside";
        Directory.Move(_models.Path, aside);
        await LookAsync(3);
        Directory.CreateDirectory(_models.Path);
        await LookAsync(3);
        Assert.NotNull(Registry.Entry("sentiment").Served);
        Directory.Delete(_models.Path);
        Directory.Move(aside, _models.Path);
        await await _host.Services.GetRequiredService<ModelChanges>().UnloadAsync("sentiment");
        await LookAsync(3);
        Assert.Equal(ModelState.Unloaded, Registry.Entry("sentiment").State);
        _models.Save("sentiment", 33);
        await LookAsync(2);
        Assert.Equal(ModelState.Ready, Registry.Entry("sentiment").State);
    }

    [Fact]
    public async Task A_host_that_is_told_to_looks_by_itself()
    {
        await using TestHost host = await TestHost.StartAsync(_models, options => options.Loading.WatchSeconds = 1);
        var registry = host.Services.GetRequiredService<ModelRegistry>();
        string? old = registry.Entry("sentiment").Loaded!.Sha256;
        _models.Save("sentiment", 33);
        while (registry.Entry("sentiment").Loaded!.Sha256 == old) await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.Null(registry.Entry("sentiment").Reason);
    }

    private string? Sha256(string name) => Registry.Entry(name).Loaded?.Sha256;

    private async Task LookAsync(int times)
    {
        ModelWatch watch = _host.Services.GetServices<IHostedService>().OfType<ModelWatch>().Single();
        for (int look = 0; look < times; look++) await watch.LookAsync();
    }
}
