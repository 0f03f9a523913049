using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Xml.Linq;
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
            weights.Length.ToString("N0", CultureInfo.InvariantCulture), "valid_span_f1",
            "characters.rnn.weight_hh_l0_reverse", "[32, 8]"])
        {
            Assert.Contains(fact, text, StringComparison.Ordinal);
        }

        Assert.Matches("golden answer +as kept", text);
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
    public void A_text_is_drawn_with_its_units_scores_and_shares()
    {
        using var folder = new ScratchFolder();
        string[] args = ["inspect", models.Classifier, "--text", "A good\tday", "--units", "5", "--first-unit", "3"];
        CommandRun run = CommandRun.Of([.. args, "--out", folder["mood.svg"]]).Succeeded();
        Assert.Equal("mood: hidden of layer 0, units 3 to 7, 3 tokens", run.Lines[0]);
        XElement picture = XElement.Load(folder["mood.svg"]);
        Assert.Equal(CommandRun.Of([.. args, "--out", "-"]).Succeeded().Out, File.ReadAllText(folder["mood.svg"]));
        string[] texts = [.. picture.Descendants().Where(one => one.Name.LocalName == "text").Select(one => one.Value)];
        foreach (string shown in (string[])["A", "good", "day", "score", "share", "unit 3"]) Assert.Contains(shown, texts);

        JsonElement json = CommandRun.Of([.. args, "--json"]).Succeeded().Json();
        JsonElement last = json.GetProperty("tokens")[2];
        Assert.Equal(5, last.GetProperty("values").GetArrayLength());
        JsonElement answer = CommandRun.Of("classify", models.Classifier, "A good\tday", "--json").Succeeded().Json().GetProperty("labels")[0];
        Assert.Equal(answer.GetProperty("label").GetString(), json.GetProperty("label").GetString());
        Assert.Equal(answer.GetProperty("score").GetSingle(), last.GetProperty("score").GetSingle());
        double shares = json.GetProperty("tokens").EnumerateArray().Sum(token => token.GetProperty("contribution").GetDouble());
        double difference = json.GetProperty("value").GetDouble() - json.GetProperty("baseline").GetDouble();
        Assert.Equal(difference, shares, .01 * Math.Abs(difference));
    }

    [Fact]
    public void What_of_a_text_cannot_be_looked_at_is_said()
    {
        CommandRun.Of("inspect", models.Tagger, "--text", "Anna", "--of", "reset").FailedWith(
            ExitCode.Failed, "--of is reset; expected hidden, cell, input, forget, candidate, output");
        CommandRun.Of("inspect", models.Tagger, "--text", "Anna", "--layer", "1").FailedWith(ExitCode.Failed, "layer is 1; expected 0 to 0");
        CommandRun.Of("inspect", models.Tagger, "--layer", "0").FailedWith(ExitCode.Misused, "--layer is about a text; expected --text");
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
