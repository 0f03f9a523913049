using Google.Protobuf;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Tests;
using RnnService.Engine.Weights;
using RnnService.Onnx.Comparison;
using RnnService.Onnx.Export;
using RnnService.Onnx.Format.Protos;
using RnnService.Onnx.Runtime;
using RnnService.Onnx.Tests.Support;
using Xunit;

namespace RnnService.Onnx.Tests.Export;

/// <summary>Translators as two graphs in ONNX Runtime, beside the engine.</summary>
public sealed class TranslatorExportTests
{
    public static TheoryData<int> Opsets => [14, 15, 16, 17, 18, 19, 20, 21];

    public static MatrixTheoryData<CellKind, AttentionKind, bool> Forms => new(
        [CellKind.Tanh, CellKind.Relu, CellKind.Gru, CellKind.GruBefore, CellKind.Lstm], Enum.GetValues<AttentionKind>(), [false, true]);

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_greedy_translation_is_the_engines(CellKind cell, AttentionKind attention, bool feeds)
    {
        (int Layers, int Decoder, bool Both, bool Tied, bool Shared, int? Hidden)[] forms =
            [(1, 1, true, false, true, null), (2, 1, true, true, false, 5), (1, 2, false, true, true, 9), (2, 2, false, false, false, null)];
        // Every form with every cell and with every attention, though not every one with all of them.
        foreach (var form in forms.Where((_, i) => (i + (int)cell + (int)attention) % 2 == (feeds ? 1 : 0)))
        {
            var decoder = new DecoderConfig(attention, feeds, form.Hidden, form.Decoder, form.Shared);
            Translator model = DrawnWeights.Restart(Tiny.Translator(cell, decoder, form.Tied, form.Layers, form.Both));
            Difference difference = Agreement.Check(model, Exported(model, OnnxExport.DefaultOpset), "a cat sat");
            Assert.InRange(difference.Largest, 0, Agreement.Tolerance);
        }
    }

    [Theory]
    [MemberData(nameof(Opsets))]
    public void Every_set_of_operators_will_do(int opset)
    {
        Translator model = DrawnWeights.Restart(Tiny.Translator(CellKind.Lstm));
        Agreement.Check(model, Exported(model, opset), "a cat sat");
    }

    [Theory]
    [InlineData("attention.score.weight")]
    [InlineData("attention.combine.bias")]
    [InlineData("decoder.feed.weight")]
    [InlineData("bridge.c_l0.bias")]
    [InlineData("decoder.embedding.weight")]
    public void Another_weight_is_found_out(string name)
    {
        var decoder = new DecoderConfig(sharedVocabulary: false);
        Translator model = DrawnWeights.Restart(Tiny.Translator(CellKind.Lstm, decoder));
        var other = (Translator)TextModel.Create(model.Config, model.Vocabulary, Parameters.From((one, _) =>
        {
            float[] values = model.Parameters.All.Single(parameter => parameter.Name == one).Values.ToArray();
            if (one == name) values.AsSpan().Reverse();
            return values;
        }));
        Assert.Throws<DisagreementException>(() => Agreement.Check(model, Exported(other, OnnxExport.DefaultOpset)));
    }

    [Fact]
    public void The_encoders_outputs_are_the_decoders_inputs_and_what_stands_past_a_sources_end_does_not_matter()
    {
        Translator model = DrawnWeights.Restart(Tiny.Translator(CellKind.Lstm));
        using var encoder = new Ort(OnnxExport.Build(model, OnnxExport.DefaultOpset, GraphPart.Encoder));
        using var decoder = new Ort(OnnxExport.Build(model, OnnxExport.DefaultOpset, GraphPart.Decoder));
        Dictionary<string, float[]> alone = Read([3, 4, 5, 2], 1), padded = Read([3, 4, 5, 2, 9, 9], 1);
        Assert.Equal(alone["logits"], padded["logits"]);
        Assert.Equal(alone["attention"], padded["attention"][..4]);
        Assert.Equal([0f, 0f], padded["attention"][4..]);
        Assert.Equal(1, alone["attention"].Sum(), 1e-6);

        Dictionary<string, float[]> Read(long[] ids, int batch)
        {
            (string, Array, int[]) lengths = ("lengths", new long[] { 4 }, [1]);
            Dictionary<string, float[]> read = encoder.Run(("input_ids", ids, [batch, ids.Length]), lengths);
            Assert.Equal(read.Keys.Concat(["input_ids", "lengths"]).Order(), decoder.Inputs.Order());
            return decoder.Run(
                ("input_ids", new long[] { 2 }, [1]), lengths, ("h_0", read["h_0"], [1, 1, 7]), ("c_0", read["c_0"], [1, 1, 7]),
                ("fed_0", read["fed_0"], [1, 7]), ("keys", read["keys"], [1, ids.Length, 7]), ("values", read["values"], [1, ids.Length, 14]));
        }
    }

    [Theory]
    [InlineData(AttentionKind.Additive, true)]
    [InlineData(AttentionKind.None, false)]
    public void The_documents_example_translates_as_the_engine_does(AttentionKind attention, bool feeds)
    {
        Translator model = DrawnWeights.Restart(Tiny.Translator(CellKind.Lstm, new DecoderConfig(attention, feeds, sharedVocabulary: false), layers: 2));
        string folder = Directory.CreateTempSubdirectory("rnn-export-").FullName;
        try
        {
            foreach (GraphPart part in OnnxExport.PartsOf(model))
                File.WriteAllBytes(Path.Combine(folder, ExportedFile.NameOf(part)), OnnxExport.Build(model, OnnxExport.DefaultOpset, part).ToByteArray());
            using var example = new TranslateText(folder);
            foreach (string text in (string[])["a", "the cat sat on the mat.", "zzz?"])
            {
                int[] source = model.ReadSource(text);
                IReadOnlyList<string> expected = model.Answer(text).Labels;
                Assert.True(expected.Count > 1);
                IEnumerable<long> found = example.Greedy([.. source[..^1].Select(id => (long)id)], expected.Count);
                Assert.Equal(expected.Where(token => token != Tiny.Capitals.Tokens[Tiny.Capitals.EndId]), found.Select(id => Tiny.Capitals[(int)id]));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Each_file_says_what_it_is_and_everything_about_the_model()
    {
        string folder = Directory.CreateTempSubdirectory("rnn-export-").FullName, onnx = Path.Combine(folder, "onnx");
        try
        {
            Translator model = Tiny.Translator(decoder: new DecoderConfig(sharedVocabulary: false));
            ModelFolder.Save(Path.Combine(folder, "model"), model, "a cat");
            LoadedModel loaded = ModelFolder.Load(Path.Combine(folder, "model"));
            ExportedModel exported = OnnxExport.Write(onnx, loaded, 18);
            Assert.Equal(["decoder.onnx", "encoder.onnx"], Directory.GetFiles(onnx).Select(Path.GetFileName).Order());
            foreach (ExportedFile file in exported.Files)
            {
                Assert.Equal(file.Content, File.ReadAllBytes(Path.Combine(onnx, file.Name)));
                Dictionary<string, string> said = ModelProto.Parser.ParseFrom(file.Content).MetadataProps.ToDictionary(entry => entry.Key, entry => entry.Value);
                Assert.Equal(Path.GetFileNameWithoutExtension(file.Name), said["part"]);
                Assert.Equal("translator", said["task"]);
                Assert.Contains("\"targets\"", said[OnnxExport.VocabularyKey], StringComparison.Ordinal);
                Assert.Contains("\"decoder\"", said[OnnxExport.ConfigKey], StringComparison.Ordinal);
            }

            Assert.Throws<ArgumentException>(() => exported[GraphPart.Whole]);
            Assert.Throws<ArgumentException>(() => OnnxExport.Build(model, 17));
            Assert.Throws<ArgumentException>(() => OnnxExport.Build(Tiny.Language(), 17, GraphPart.Encoder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Translator Exported(Translator model, int opset)
    {
        byte[][] files = [.. OnnxExport.PartsOf(model).Select(part => OnnxExport.Build(model, opset, part).ToByteArray())];
        return (Translator)TextModel.Create(model.Config, model.Vocabulary, TranslatorGraphs.Open(files[0], files[1], "test", model));
    }
}
