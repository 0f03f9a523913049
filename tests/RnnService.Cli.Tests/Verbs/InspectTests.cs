using System.Globalization;
using System.Security.Cryptography;
using RnnService.Cli.Shell;

namespace RnnService.Cli.Tests.Verbs;

public sealed class InspectTests(TrainedModels models)
{
    [Fact]
    public void A_model_shows_its_task_sizes_labels_hash_and_tensors()
    {
        string text = CommandRun.Of("inspect", models.Tagger).Succeeded().Out;
        byte[] weights = File.ReadAllBytes(Path.Combine(models.Tagger, "model.safetensors"));
        foreach (string fact in (string[])[
            "names", "tagger", "bidirectional lstm 1 x 16", "B-LOC, B-PER, I-PER, O", Convert.ToHexStringLower(SHA256.HashData(weights)),
            weights.Length.ToString("N0", CultureInfo.InvariantCulture), "valid_span_f1", "golden answer  as kept",
            "characters.rnn.weight_hh_l0_reverse", "[32, 8]"])
        {
            Assert.Contains(fact, text, StringComparison.Ordinal);
        }

        var json = CommandRun.Of("inspect", models.Tagger, "--json").Succeeded().Json();
        Assert.Equal("tagger", json.GetProperty("config").GetProperty("task").GetString());
        Assert.Equal("F32", json.GetProperty("tensors")[0].GetProperty("type").GetString());
        long values = json.GetProperty("tensors").EnumerateArray().Sum(
            tensor => tensor.GetProperty("shape").EnumerateArray().Aggregate(1L, (product, size) => product * size.GetInt32()));
        Assert.Equal(json.GetProperty("parameters").GetInt64(), values);
    }

    [Fact]
    public void A_weight_file_shows_its_tensors()
    {
        string file = Path.Combine(models.LanguageModel, "model.safetensors");
        string text = CommandRun.Of("inspect", file).Succeeded().Out;
        Assert.Contains("rnn.weight_ih_l0", text, StringComparison.Ordinal);
        Assert.Contains("[64, 12]", text, StringComparison.Ordinal);
        Assert.Contains("768", text, StringComparison.Ordinal);
        Assert.Equal("pt", CommandRun.Of("inspect", file, "--json").Succeeded().Json().GetProperty("metadata").GetProperty("format").GetString());
    }

    [Fact]
    public void A_model_that_lost_its_golden_answer_is_an_error()
    {
        using var folder = new ScratchFolder();
        foreach (string file in Directory.GetFiles(models.Classifier)) File.Copy(file, folder[Path.GetFileName(file)]);
        string golden = File.ReadAllText(folder["golden.json"]);
        folder.Write("golden.json", golden.Replace("brown", "dull", StringComparison.Ordinal));
        CommandRun.Of("inspect", folder.Root).FailedWith(ExitCode.Failed, "golden.json", "expected");
    }

    [Fact]
    public void A_broken_weight_file_is_an_error()
    {
        using var folder = new ScratchFolder();
        CommandRun.Of("inspect", folder.Write("bad.safetensors", "no")).FailedWith(ExitCode.Failed, "truncated");
        CommandRun.Of("inspect", folder["none.safetensors"]).FailedWith(ExitCode.Failed, "none.safetensors");
    }
}
