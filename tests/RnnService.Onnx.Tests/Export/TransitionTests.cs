using Google.Protobuf;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Tests;
using RnnService.Engine.Weights;
using RnnService.Onnx.Export;
using RnnService.Onnx.Format.Protos;
using RnnService.Onnx.Import;
using RnnService.Onnx.Runtime;
using RnnService.Onnx.Tests.Import;
using RnnService.Onnx.Tests.Support;
using Xunit;

namespace RnnService.Onnx.Tests.Export;

/// <summary>Conditional random fields in graphs and state dicts: the scores of transitions go out beside the logits, and come back in.</summary>
public sealed class TransitionTests : IDisposable
{
    private static readonly string[] Bio = ["B-A", "B-C", "I-A", "I-C", "O"];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rnn-crf-");

    public static TheoryData<SpanTags?> Tags => [.. (SpanTags?[])[null, SpanTags.Bio, SpanTags.Bioes]];

    private string Graph => Path.Combine(_folder.FullName, "model.onnx");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Tags))]
    public void A_graph_tags_as_the_engine_and_comes_back_as_it_went(SpanTags? tags)
    {
        Tagger model = Tiny.Tagger(crf: true, labels: Bio, tags: tags);
        ModelFolder.Save(Path.Combine(_folder.FullName, "model"), model, "the cat sat");
        ExportedModel exported = OnnxExport.Write(Graph, ModelFolder.Load(Path.Combine(_folder.FullName, "model")));

        using var graph = (Tagger)TextModel.Create(
            model.Config, model.Vocabulary, OnnxRuntimeNetwork.Open(exported.Files[0].Content, "model.onnx", model.Config, model.Vocabulary));
        SameTags(model, graph);

        ImportedModel weights = ModelImport.FromOnnx(Graph, new ImportDescription(null, null));
        Assert.Equivalent(model.Config, weights.Model.Config, strict: true);
        Assert.DoesNotContain(weights.Notes, note => note.Contains("transitions", StringComparison.Ordinal));
        foreach (Parameter parameter in model.Parameters.All)
            Expect.SameBits(parameter.Values, weights.Model.Parameters.All.Single(other => other.Name == parameter.Name).Values);

        ImportedModel kept = ModelImport.AsIs(Graph, new ImportDescription(null, null));
        SameTags(model, (Tagger)kept.Model);
        kept.Model.Dispose();
    }

    [Fact]
    public void The_outputs_beside_the_logits_are_the_scores()
    {
        Tagger model = Tiny.Tagger(crf: true, characters: false);
        using var ort = new Ort(OnnxExport.Build(model, OnnxExport.DefaultOpset));
        Dictionary<string, float[]> found = ort.Run(("input_ids", new long[] { 2, 3, 4 }, [1, 3]), ("lengths", new long[] { 3 }, [1]));
        LabelTransitions transitions = model.Network.Transitions!;
        Assert.Equal(transitions.Start.ToArray(), found["start_transitions"]);
        Assert.Equal(transitions.Between.ToArray(), found["transitions"]);
        Assert.Equal(transitions.End.ToArray(), found["end_transitions"]);
        Assert.DoesNotContain("transitions", OnnxExport.Build(Tiny.Tagger(), OnnxExport.DefaultOpset).Graph.Output.Select(output => output.Name));
    }

    [Fact]
    public void A_graph_without_the_scores_is_refused()
    {
        Tagger model = Tiny.Tagger(crf: true);
        ModelProto proto = OnnxExport.Build(model, OnnxExport.DefaultOpset);
        TensorProto between = proto.Graph.Initializer.Single(tensor => tensor.Name == "crf.transitions");
        between.Name = "other";
        proto.Graph.Node.Single(node => node.Name == "transitions").Input[0] = "other";
        Assert.Equal(
            "model.onnx: graph: no tensor crf.transitions found; expected one, since crf is true", Refusal());
        between.Name = "crf.transitions";
        proto.Graph.Node.Single(node => node.Name == "transitions").Input[0] = "crf.transitions";
        between.Dims[0] = 9;
        between.Dims[1] = 1;
        Assert.Equal("model.onnx: tensor \"crf.transitions\": [9, 1] found; expected [3, 3], as labels has it", Refusal());

        string Refusal() => Assert.ThrowsAny<WeightFormatException>(
            () => OnnxRuntimeNetwork.Open(proto.ToByteArray(), "model.onnx", model.Config, model.Vocabulary)).Message;
    }

    [Fact]
    public void A_state_dict_of_pytorch_crf_is_read()
    {
        using var files = new ImportCase("tagger-lstm");
        float[] start = Draw.Normal(1, 5), between = Draw.Normal(2, 25), end = Draw.Normal(3, 5);
        files.Replace(tensors =>
        [
            .. tensors, new TensorData("model.crf.start_transitions", [5], start), new TensorData("model.crf.end_transitions", [5], end),
            new TensorData("model.crf.transitions", [5, 5], between),
        ]);
        files.Refused("mapped to \"crf.transitions\"", "of a conditional random field, which has no place here without \"crf\": true in the configuration");
        File.WriteAllText(files.Config, File.ReadAllText(files.Config).Replace("{", "{\"crf\": true, ", StringComparison.Ordinal));
        LabelTransitions found = ((Tagger)files.Import().Model).Network.Transitions!;
        Assert.Equal([start, between, end], (float[][])[found.Start.ToArray(), found.Between.ToArray(), found.End.ToArray()]);
    }

    private static void SameTags(Tagger expected, Tagger found)
    {
        var random = new RandomSource(8);
        for (int i = 0; i < 20; i++)
        {
            string[] words = Tiny.Sentence(ref random, 1 + random.Below(9));
            TagScore[] one = expected.Tag([expected.Encode(words)])[0], other = found.Tag([found.Encode(words)])[0];
            Assert.Equal(one.Select(tag => tag.Label), other.Select(tag => tag.Label));
            for (int word = 0; word < words.Length; word++) Assert.Equal(one[word].Score, other[word].Score, 1e-5f);
        }
    }
}
