using System.Text.Json;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Onnx.Format;
using RnnService.Onnx.Import;
using RnnService.Onnx.Import.Files;
using Xunit;

namespace RnnService.Onnx.Tests.Import.Graph;

/// <summary>
/// Graphs as PyTorch's exporter writes them, brought in with a few lines of configuration, against the probabilities that PyTorch gave.
/// </summary>
public sealed class PyTorchGraphTests
{
    private const double Tolerance = 1e-6;
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "TestData", "graphs");

    [Theory]
    [InlineData("time-first", false)]
    [InlineData("time-first", true)]
    [InlineData("two-outputs", false)]
    [InlineData("two-outputs", true)]
    [InlineData("no-dynamic-axes", false)]
    [InlineData("mask", true)]
    [InlineData("one-logit", false)]
    [InlineData("one-logit", true)]
    public void It_gives_the_probabilities_that_PyTorch_gave(string name, bool asIs)
    {
        using TextModel model = Import(name, asIs).TextModel;
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, name + ".expected.json")));
        foreach (JsonProperty text in expected.RootElement.EnumerateObject())
        {
            string[] tokens = text.Name.Split(' ');
            float[][] found = model switch
            {
                Classifier classifier => [.. classifier.Classify([Ids(model, tokens)])],
                Tagger tagger => Tagged(tagger, tokens),
                _ => throw new InvalidOperationException($"{model.Config.Task}"),
            };
            JsonElement[] answers = text.Value[0].ValueKind == JsonValueKind.Array ? [.. text.Value.EnumerateArray()] : [text.Value];
            double[][] values = [.. answers.Select(answer => answer.EnumerateArray().Select(value => value.GetDouble()).ToArray())];
            // One number is the probability of the second of two labels.
            if (values[0].Length == 1) values = [[1 - values[0][0], values[0][0]]];
            Assert.Equal(values.Length, found.Length);
            foreach ((double[] wanted, float[] answer) in values.Zip(found))
            {
                Assert.Equal(wanted.Length, answer.Length);
                for (int i = 0; i < wanted.Length; i++) Assert.InRange(answer[i], wanted[i] - Tolerance, wanted[i] + Tolerance);
            }
        }
    }

    [Theory]
    [InlineData("sigmoid-end", "several labels a text", ExportAdvice.OneLabel)]
    [InlineData("second-input", "input \"domain\"", ExportAdvice.Inputs)]
    [InlineData("traced-loop", "only rows of 4 or more tokens can be computed, and the first 4 read", ExportAdvice.NoLoop)]
    public void What_cannot_be_served_is_refused_either_way_with_what_to_change(string name, string reason, string advice)
    {
        foreach (bool asIs in (bool[])[false, true])
        {
            string message = Assert.Throws<ImportException>(() => Import(name, asIs)).Message;
            Assert.Contains(reason, message, StringComparison.Ordinal);
            Assert.EndsWith(advice, message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_graph_that_is_kept_says_nothing_of_a_pooling_that_it_computes_itself()
    {
        ImportedModel imported = Import("mask", asIs: true);
        imported.Model.Dispose();
        Assert.DoesNotContain(imported.Notes, note => note.Contains("pooling", StringComparison.OrdinalIgnoreCase));
    }

    private static ImportedModel Import(string name, bool asIs)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("rnn-test-");
        try
        {
            string config = Path.Combine(folder.FullName, "config.json"), vocabulary = Path.Combine(folder.FullName, "vocab.json");
            string task = name == "time-first" ? "token-classification" : "text-classification";
            File.WriteAllText(config, $$"""
                {"task": "{{task}}", "num_labels": {{(name == "one-logit" ? 1 : 3)}}, "cell": "lstm", "embedding_size": 8, "hidden_size": 8}
                """);
            File.WriteAllText(vocabulary, JsonSerializer.Serialize((string[])["<pad>", "<unk>", .. Enumerable.Range(2, 18).Select(id => $"w{id}")]));
            var description = new ImportDescription(config, vocabulary);
            string file = Path.Combine(Folder, name + ".onnx");
            return asIs ? ModelImport.AsIs(file, description) : ModelImport.FromOnnx(file, description);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static int[] Ids(TextModel model, string[] tokens) => [.. tokens.Select(token => model.Vocabulary.Tokens.Tokens.ToList().IndexOf(token))];

    private static float[][] Tagged(Tagger tagger, string[] tokens)
    {
        float[][] found = new float[tokens.Length][];
        tagger.Network.Forward([new TaggerInput(tokens, Ids(tagger, tokens))], (_, step, logits) =>
        {
            double sum = 0;
            foreach (float value in logits) sum += Math.Exp(value);
            found[step] = [.. logits.ToArray().Select(value => (float)(Math.Exp(value) / sum))];
        });
        return found;
    }
}
