using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Tests;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Onnx.Comparison;
using RnnService.Onnx.Export;
using RnnService.Onnx.Import;
using RnnService.Onnx.Import.Files;
using RnnService.Onnx.Tests.Support;
using Xunit;

namespace RnnService.Onnx.Tests.Import;

/// <summary>ONNX files that become model folders: read into weights, or kept.</summary>
public sealed class OnnxFolderTests
{
    public static TheoryData<string> Names => [.. ImportCase.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_graph_gives_the_weights_of_the_state_dict_and_the_configuration_nobody_wrote(string name)
    {
        using var files = new ImportCase(name);
        ImportedModel stateDict = files.Import();
        ImportedModel graph = ModelImport.FromOnnx(ImportCase.Fixture(name + ".onnx"), new ImportDescription(null, files.Vocabulary));
        Assert.Equivalent(stateDict.Model.Config, graph.Model.Config, strict: true);
        foreach (Parameter parameter in stateDict.Model.Parameters.All)
            Assert.Equal(parameter.Values.ToArray(), graph.Model.Parameters.All.Single(other => other.Name == parameter.Name).Values.ToArray());
        Assert.Contains("of the graph's in ONNX Runtime", graph.Notes[^1], StringComparison.Ordinal);

        LoadedModel written = ModelImport.Write(graph, files["out"], stop: TestContext.Current.CancellationToken);
        Assert.Equal(("native", files["out/model.safetensors"]), (written.Model.Network.Backend, written.File));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_graph_that_is_kept_answers_as_the_weights_do(string name)
    {
        using var files = new ImportCase(name);
        string file = ImportCase.Fixture(name + ".onnx");
        ImportedModel kept = ModelImport.AsIs(file, new ImportDescription(files.Config, files.Vocabulary));
        LoadedModel written = ModelImport.Write(kept, files["out"], stop: TestContext.Current.CancellationToken);
        Assert.Equal("onnxruntime", written.Model.Network.Backend);
        Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(files["out/model.onnx"]));
        Assert.Equal(
            ["SHA256SUMS", "config.json", "golden.json", "model.onnx", "vocab.json"],
            Directory.GetFiles(files["out"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Agreement.Check(files.Import().Model, written.TextModel, written.Golden!.Input, seed: 4);
        kept.Model.Dispose();
        written.Model.Dispose();
    }

    [Fact]
    public void What_was_exported_comes_back_with_everything_it_said()
    {
        using var files = new ImportCase("tagger-rnn");
        foreach (TextModel model in (TextModel[])[Tiny.Language(CellKind.Lstm, tied: true), Tiny.Tagger(CellKind.Sum), Tiny.Classifier(CellKind.Gru)])
        {
            TextModel started = DrawnWeights.Restart(model);
            string source = files["source"], file = files["model.onnx"];
            ModelFolder.Save(source, started, "the cat sat");
            OnnxExport.Write(file, ModelFolder.Load(source));
            ImportedModel back = ModelImport.FromOnnx(file, new ImportDescription(null, null));
            Assert.Equivalent(started.Config, back.Model.Config, strict: true);
            Assert.Equal(started.Vocabulary.Tokens.Tokens, back.TextModel.Vocabulary.Tokens.Tokens);
            Assert.Equal(started.Vocabulary.Characters?.Tokens, back.TextModel.Vocabulary.Characters?.Tokens);
            Assert.Equal(
                started.Parameters.All.Select(parameter => (parameter.Name, Convert.ToHexString(Bytes(parameter)))).Order(),
                back.Model.Parameters.All.Select(parameter => (parameter.Name, Convert.ToHexString(Bytes(parameter)))).Order());
        }

        static ReadOnlySpan<byte> Bytes(Parameter parameter) => System.Runtime.InteropServices.MemoryMarshal.AsBytes(parameter.Values);
    }

    [Fact]
    public void What_was_exported_with_learnt_pooling_comes_back_as_it_is()
    {
        using var files = new ImportCase("tagger-rnn");
        foreach (bool both in (bool[])[false, true])
        {
            Classifier model = DrawnWeights.Restart(Tiny.Classifier(CellKind.Gru, Pooling.Attention, both));
            string file = files["model.onnx"];
            ModelFolder.Save(files["source"], model, "the cat sat");
            OnnxExport.Write(file, ModelFolder.Load(files["source"]));
            var refusal = Assert.Throws<ImportException>(() => ModelImport.FromOnnx(file, new ImportDescription(null, null)));
            Assert.Equal(ImportWay.AsIs, refusal.OtherWay);
            Assert.Contains("it masks a score of each step, for attention; expected the last states, a mean or a maximum over time", refusal.Message, StringComparison.Ordinal);
            using TextModel kept = ModelImport.AsIs(file, new ImportDescription(null, null)).TextModel;
            Agreement.Check(model, kept);
        }
    }

    [Fact]
    public void A_language_model_that_keeps_its_states_to_itself_is_read_and_proven_all_the_same()
    {
        using var files = new ImportCase("tagger-rnn");
        foreach (bool tied in new[] { false, true })
        {
            // A tagger that reads forward and has as many labels as words has the graph of a language model without states.
            LanguageModel model = DrawnWeights.Restart(Tiny.Language(CellKind.Gru, tied: tied));
            string[] tokens = [.. model.Vocabulary.Tokens.Tokens];
            var values = model.Parameters.All.ToDictionary(parameter => parameter.Name, parameter => parameter.Values.ToArray());
            ModelConfig config = model.Config with
            {
                Task = ModelTask.Tagger,
                Tokenizer = Tokenization.Whitespace,
                TieWeights = false,
                Labels = [.. tokens.Select((_, id) => $"{id}")],
            };
            TextModel tagger = TextModel.Create(
                config, model.Vocabulary,
                Parameters.From((name, _) => values[tied && name == "head.weight" ? "embedding.weight" : name]));
            string file = files["model.onnx"];
            ModelFolder.Save(files["source"], tagger, "a b");
            OnnxExport.Write(file, ModelFolder.Load(files["source"]));
            string given = files.Write("config.json", """{"task": "language_model", "tokenizer": "characters"}""");
            ImportedModel back = ModelImport.FromOnnx(file, new ImportDescription(given, null));
            Assert.Equal((ModelTask.LanguageModel, tied), (back.Model.Config.Task, back.Model.Config.TieWeights));
            Assert.Equal(0, Agreement.Compare(model, back.Model, "the cat").Largest);
        }
    }

    [Fact]
    public void What_a_graph_does_not_say_must_be_given()
    {
        using var files = new ImportCase("classifier-gru");
        string file = ImportCase.Fixture("classifier-gru.onnx");
        Refused(() => ModelImport.FromOnnx(file, new ImportDescription(null, null)), "holds no vocabulary of its own; expected one beside it");
        Refused(() => ModelImport.AsIs(file, new ImportDescription(null, null)), "holds no vocabulary of its own");
        string config = files.Write("c.json", """{"task": "tagger", "hidden_size": 64, "cell": "lstm"}""");
        Refused(
            () => ModelImport.FromOnnx(file, new ImportDescription(config, files.Vocabulary)),
            "3 problems", "task is \"tagger\"; expected classifier, as the graph has it", "hidden_size is 64; expected 32, as the graph has it",
            "cell is \"lstm\"; expected gru, as the graph has it");
        string few = files.Write("few.txt", "<unk>\na\n");
        Refused(() => ModelImport.FromOnnx(file, new ImportDescription(null, few)), "holds 2 tokens; expected 120, as the graph has it");
        Refused(() => ModelImport.FromStateDict(files.Weights, new ImportDescription(null, few)), "expected a configuration");

        static void Refused(Action import, params string[] parts)
        {
            string message = Assert.Throws<ImportException>(import).Message;
            foreach (string part in parts) Assert.Contains(part, message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_damaged_file_is_refused_whichever_way_it_is_taken()
    {
        using var files = new ImportCase("tagger-gru");
        byte[] content = File.ReadAllBytes(ImportCase.Fixture("tagger-gru.onnx"));
        string file = files["cut.onnx"];
        File.WriteAllBytes(file, content[..(content.Length / 3)]);
        foreach (Func<string, ImportDescription, ImportedModel> import in
            new Func<string, ImportDescription, ImportedModel>[] { ModelImport.FromOnnx, ModelImport.AsIs })
        {
            string message = Assert.ThrowsAny<WeightFormatException>(() => import(file, new ImportDescription(null, files.Vocabulary))).Message;
            Assert.StartsWith($"{file}: byte ", message, StringComparison.Ordinal);
            Assert.Contains("truncated", message, StringComparison.Ordinal);
            Assert.ThrowsAny<IOException>(() => import(files["absent.onnx"], new ImportDescription(null, files.Vocabulary)));
        }
    }
}
