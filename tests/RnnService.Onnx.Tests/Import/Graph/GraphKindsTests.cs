using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Tests;
using RnnService.Onnx.Comparison;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using RnnService.Onnx.Import;
using RnnService.Onnx.Import.Files;
using Xunit;
using static RnnService.Onnx.Tests.Import.Graph.GraphChanges;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Tests.Import.Graph;

/// <summary>
/// Forms that exporters and users give their graphs: brought in, either way, with the answers of the plain graph; or refused, with what to
/// change in the export, and with advice only where it works.
/// </summary>
public sealed class GraphKindsTests
{
    private static readonly RecurrentGraph Tagger = new(), Text = new() { AnswersText = true, Gemm = true }, Language = new() { States = true };
    private static readonly RecurrentGraph TimeFirst = new() { TimeFirst = true };

    [Flags]
    private enum Ways
    {
        Native = 1,
        AsIs = 2,
        Both = 3,
    }

    // What is compared: logits where the graph gives them, else probabilities.
    private static readonly (string Name, RecurrentGraph Graph, Ways Ways, AnswerForm Form, Action<ModelProto> Change)[] Read =
    [
        ("time first, without lengths", TimeFirst, Ways.Both, AnswerForm.Logits, _ => { }),
        ("time first, both directions and two layers",
            new RecurrentGraph(CellKind.Gru, Direction.Bidirectional, 2) { TimeFirst = true }, Ways.Both, AnswerForm.Logits, _ => { }),
        ("softmax of a text", Text, Ways.Both, AnswerForm.Softmax, model => GraphKind.Append(model, "Softmax")),
        ("log-softmax of a text", Text, Ways.Both, AnswerForm.LogSoftmax, model => GraphKind.Append(model, "LogSoftmax")),
        ("softmax of tokens", Tagger, Ways.Both, AnswerForm.Softmax, model => GraphKind.Append(model, "Softmax")),
        ("log of softmax", Language, Ways.Both, AnswerForm.LogSoftmax, model =>
        {
            GraphKind.Append(model, "Softmax");
            GraphKind.Append(model, "Log");
        }),
        ("softmax made of Exp", Text, Ways.AsIs, AnswerForm.Softmax, model => GraphKind.Insert(model, model.Graph.Node.Count, graph =>
        {
            (model.Graph.Node[^1].Name, model.Graph.Node[^1].Output[0]) = ("z", "z");
            string powers = graph.Node("Exp", "powers", ["z"]);
            string sum = graph.Node("ReduceSum", "sum", [powers, graph.Integers(-1)]);
            graph.Node("Div", "logits", [powers, sum]);
        })),
        ("answers below each other", Tagger, Ways.Both, AnswerForm.Logits, Flat),
        ("answers below each other, time first", TimeFirst, Ways.Both, AnswerForm.Logits, Flat),
        ("a language model's answers below each other", Language with { TimeFirst = true }, Ways.Both, AnswerForm.LogSoftmax, model =>
        {
            Flat(model);
            GraphKind.Append(model, "LogSoftmax");
        }),
        ("answers the other way than the ids", Tagger, Ways.Both, AnswerForm.Logits, model =>
            GraphKind.Append(model, "Transpose").Attribute.Add(GraphWriter.Attribute("perm", [1, 0, 2]))),
        ("answers the other way, below each other", Tagger, Ways.Both, AnswerForm.Logits, model =>
        {
            GraphKind.Append(model, "Transpose").Attribute.Add(GraphWriter.Attribute("perm", [1, 0, 2]));
            Flat(model);
        }),
        ("labels in the middle", Tagger, Ways.Both, AnswerForm.Logits, model =>
        {
            GraphKind.Append(model, "Transpose").Attribute.Add(GraphWriter.Attribute("perm", [0, 2, 1]));
            Declare(model, null, RecurrentGraph.Outputs, null);
        }),
        ("ids as 32-bit floats", Tagger, Ways.Both, AnswerForm.Logits, model => Narrow(model, DataType.Float)),
        ("ids as 8 bits", Text, Ways.Both, AnswerForm.Logits, model => Narrow(model, DataType.Int8)),
        ("ids as bytes", Text, Ways.Both, AnswerForm.Logits, model => Narrow(model, DataType.Uint8)),
        ("ids as 16 bits", Language, Ways.Both, AnswerForm.Logits, model => Narrow(model, DataType.Int16)),
        ("ids that are called a mask", Text, Ways.Both, AnswerForm.Logits, model =>
        {
            model.Graph.Input[0].Name = "masked_ids";
            foreach (NodeProto node in model.Graph.Node.Where(node => node.Input.Contains("ids"))) node.Input[node.Input.IndexOf("ids")] = "masked_ids";
        }),
        ("numbers of segments", Text, Ways.AsIs, AnswerForm.Logits, model =>
        {
            GraphKind.Input(model, "token_type_ids", DataType.Int64, null, null);
            Cut(model, graph =>
            {
                string rows = graph.Node(
                    "Gather", "types", [graph.Floats("type.table", [2, 1, 1], [0, 5]), graph.Transpose("types.steps", "token_type_ids", 1, 0)]);
                graph.Node("Add", "four", ["x", graph.Node("Reshape", "types.wide", [rows, graph.Integers(0, 0, 1)])]);
            });
        }),
        ("one row of six tokens", Text, Ways.Native, AnswerForm.Logits, model => Fix(model, 1, 6)),
        ("one row of six tokens, tagged", Tagger, Ways.Native, AnswerForm.Logits, model => Fix(model, 1, 6)),
        ("35 tokens of one row, time first", Language with { TimeFirst = true }, Ways.Native, AnswerForm.Logits, model =>
        {
            Fix(model, 35, 1);
            model.Graph.Input[1].Type.TensorType.Shape.Dim[1].DimValue = 1;
            model.Graph.Input[2].Type.TensorType.Shape.Dim[1].DimValue = 1;
        }),
        ("rows of 50 tokens", Text, Ways.Native, AnswerForm.Logits, model => model.Graph.Input[0].Type.TensorType.Shape.Dim[1].DimValue = 50),
        ("gates that are put in order", Tagger, Ways.Both, AnswerForm.Logits, Unfold),
        ("another output beside", Tagger, Ways.Both, AnswerForm.Logits, model =>
            model.Graph.Output.Insert(0, new ValueInfoProto { Name = "y0", Type = new TypeProto { TensorType = new() { ElemType = 1, Shape = new() } } })),
        ("the batch of the example", Text with { Lengths = true }, Ways.Both, AnswerForm.Logits, BakeBatch),
    ];

    public static TheoryData<string> Forms => [.. Read.Select(form => form.Name)];

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_form_gives_the_answers_of_the_plain_graph(string name)
    {
        (_, RecurrentGraph graph, Ways ways, AnswerForm form, Action<ModelProto> change) = Read.Single(form => form.Name == name);
        using var kind = new GraphKind(graph, change);
        foreach (bool asIs in (bool[])[false, true])
        {
            if (!ways.HasFlag(asIs ? Ways.AsIs : Ways.Native))
            {
                Assert.Equal(ways == Ways.AsIs ? ImportWay.AsIs : ImportWay.Weights, kind.OtherWay(asIs));
                continue;
            }

            using TextModel found = kind.Import(asIs).TextModel;
            Agreement.Check(kind.Reference, found, new ComparisonScope { Form = form });
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void One_output_is_the_second_of_two_labels(bool isSigmoid)
    {
        foreach (bool isSqueezed in (bool[])[false, true])
        {
            using var kind = new GraphKind(Text, model =>
            {
                GraphKind.Tensor(model, "head", [1, RecurrentGraph.Hidden], [1, -2, 3, 0.5f]);
                GraphKind.Tensor(model, "head.bias", [1], [0.25f]);
                if (isSigmoid) GraphKind.Append(model, "Sigmoid");
                if (isSqueezed) GraphKind.Insert(model, model.Graph.Node.Count, graph => GraphKind.Append(model, "Squeeze", "logits", graph.Integers(-1)));
                Declare(model, isSqueezed ? [null] : [null, 1]);
            }, labels: 1);
            Classifier native = (Classifier)kind.Import(asIs: false).Model, kept = (Classifier)kind.Import(asIs: true).Model;
            Assert.Equal(2, native.Config.Labels.Count);
            int[][] texts = [[1, 2, 3], [4], [5, 5, 5, 5, 9]];
            foreach ((float[] one, float[] other) in native.Classify(texts).Zip(kept.Classify(texts)))
                Expect.Near(Draw.ToDouble(one), other, 1e-5, "label");
            // softmax([0, z]) is the sigmoid of z, and z is what the head gives.
            float[] head = native.Parameters.All.Single(parameter => parameter.Name == "head.weight").Values.ToArray();
            Assert.Equal([0, 0, 0, 0, 1, -2, 3, 0.5f], head);
            Assert.Equal([0, 0.25f], native.Parameters.All.Single(parameter => parameter.Name == "head.bias").Values.ToArray());
            kept.Dispose();
        }
    }

    [Theory]
    [InlineData(DataType.Int64, "attention_mask", false)]
    [InlineData(DataType.Float, "mask", false)]
    [InlineData(DataType.Bool, "input_mask", false)]
    [InlineData(DataType.Int64, "real", false)]
    [InlineData(DataType.Float, "m", false)]
    [InlineData(DataType.Bool, "input_2", false)]
    [InlineData(DataType.Bool, "src_key_padding_mask", true)]
    internal void A_mask_of_the_tokens_is_filled(DataType type, string name, bool marksPadding)
    {
        using var plain = new GraphKind(Text with { Gemm = true, Transposed = false }, model => GraphKind.Pool(model, graph => graph.Reduce("ReduceMean", "mean", "y0", 0)));
        using var kind = new GraphKind(Text with { Gemm = true, Transposed = false }, model =>
        {
            GraphKind.Input(model, name, type, null, null);
            GraphKind.Pool(model, graph =>
            {
                string mask = graph.Cast("mask.floats", name, DataType.Float);
                if (marksPadding) mask = graph.Node("Sub", "mask.turned", [graph.Float(1), mask]);
                mask = graph.Unsqueeze("mask.wide", graph.Transpose("mask.steps", mask, 1, 0), 2);
                string sum = graph.Reduce("ReduceSum", "sum", graph.Node("Mul", "kept", ["y0", mask]), 0);
                return graph.Node("Div", "mean", [sum, graph.Reduce("ReduceSum", "count", mask, 0)]);
            });
        });
        using TextModel kept = kind.Import(asIs: true).TextModel, native = kind.Import(asIs: false).TextModel, expected = plain.Import(asIs: false).TextModel;
        Agreement.Check(expected, kept);
        Agreement.Check(expected, native);
        Assert.Equal(Pooling.Mean, native.Config.Pooling);
    }

    private static readonly (string Name, RecurrentGraph Graph, string[] Parts, Action<ModelProto> Change)[] Refused =
    [
        ("several labels a text", Text, ["several labels a text", ExportAdvice.OneLabel], model => GraphKind.Append(model, "Sigmoid")),
        ("log-softmax over the tokens", Tagger, ["a LogSoftmax over another dimension than the labels'", ExportAdvice.LabelsAxis("LogSoftmax")], model =>
            GraphKind.Append(model, "LogSoftmax").Attribute.Add(GraphWriter.Attribute("axis", 1))),
        ("softmax over the rows", TimeFirst, ["a Softmax over another dimension than the labels'", ExportAdvice.LabelsAxis("Softmax")], model =>
            GraphKind.Append(model, "Softmax").Attribute.Add(GraphWriter.Attribute("axis", 0))),
        ("a number a text beside a mask", Text, ["input \"domain\": int64 [any]", ExportAdvice.Inputs], model =>
        {
            GraphKind.Input(model, "attention_mask", DataType.Int64, null, null);
            Domain(model, "domain");
        }),
        ("a column of numbers", Text, ["input \"domain\": int64 [any,1]", ExportAdvice.Inputs], model =>
            GraphKind.Input(model, "domain", DataType.Int64, null, 1)),
        ("a loop of ten that was written out", Text, ["only rows of 10 or more tokens", "the first 10 read", ExportAdvice.NoLoop], model =>
            Cut(model, graph => graph.Concat("four", [.. Enumerable.Range(0, 10).Select(
                step => graph.Node("Gather", $"step{step}", ["x", graph.Integers(step)], GraphWriter.Attribute("axis", 0)))], 0))),
        ("the first token alone, for all", Tagger, ["the answer to the last token does not move with that token"], model =>
            Cut(model, graph =>
            {
                string ones = graph.Node("Add", "ones", [graph.Node("Mul", "zeros", ["x", graph.Float(0)]), graph.Float(1)]);
                graph.Node("Mul", "four", [ones, graph.Node("Gather", "first", ["x", graph.Integers(0)], GraphWriter.Attribute("axis", 0))]);
            })),
        ("a second input", Text, ["input \"domain\": int64 [any]", ExportAdvice.Inputs], model => Domain(model, "domain")),
        ("a second input that is called as lengths are", Text, ["input \"len_bucket\": int64 [any]", ExportAdvice.Inputs], model =>
            Domain(model, "len_bucket")),
        ("a loop that was written out", Text, ["only rows of 4 or more tokens", "the first 4 read", ExportAdvice.NoLoop], model =>
            Cut(model, graph => graph.Concat("four", [.. Enumerable.Range(0, 4).Select(
                step => graph.Node("Gather", $"step{step}", ["x", graph.Integers(step)], GraphWriter.Attribute("axis", 0)))], 0))),
        ("a text that is cut", Text, ["only the first 5 tokens of a text move the answer", ExportAdvice.NoLoop], model =>
            Cut(model, graph => graph.Node("Slice", "four", ["x", graph.Integers(0), graph.Integers(5), graph.Integers(0)]))),
        ("a length that stands in the graph", Text,
            ["only rows of 4 tokens can be computed, and one token as its repetition", "dynamic_axes={\"ids\": {0: \"batch\", 1: \"time\"}}"], model =>
            Cut(model, graph => graph.Node("Mul", "four", ["x", graph.Floats("ones", [4, 1, 1], [1, 1, 1, 1])]))),
        ("a length of twenty that stands in the graph", Tagger, ["rows of 20 tokens alone can be computed", "dynamic_axes"], model =>
            Cut(model, graph => graph.Node("Mul", "four", ["x", graph.Floats("ones", [20, 1, 1], [.. Enumerable.Repeat(1f, 20)])]))),
        ("layout 1", Text, ["layout", ExportAdvice.TimeFirst], model =>
        {
            NodeProto layer = model.Graph.Node.Single(node => node.OpType == "LSTM");
            layer.Attribute.Add(GraphWriter.Attribute("layout", 1));
        }),
        ("tokens by themselves", Tagger, ["each token's answer depends on that token alone"], model =>
        {
            int layer = model.Graph.Node.ToList().FindIndex(node => node.OpType == "LSTM");
            model.Graph.Node.RemoveAt(layer);
            model.Graph.Node.RemoveAt(layer);
            GraphKind.Insert(model, layer, graph =>
                graph.Node("MatMul", "y0", ["x", graph.Floats("wide", [RecurrentGraph.Embedding, RecurrentGraph.Hidden], Draw.Normal(3, 12, 0.5))]));
        }),
    ];

    public static TheoryData<string> RefusedForms => [.. Refused.Select(form => form.Name)];

    [Theory]
    [MemberData(nameof(RefusedForms))]
    public void A_form_is_refused_with_all_reasons_and_what_to_change(string name)
    {
        (_, RecurrentGraph graph, string[] parts, Action<ModelProto> change) = Refused.Single(form => form.Name == name);
        using var kind = new GraphKind(graph, change);
        foreach (bool asIs in (bool[])[false, true])
        {
            string message = kind.Refusal(asIs);
            foreach (string part in parts) Assert.Contains(part, message, StringComparison.Ordinal);
            Assert.StartsWith("model.onnx: ", message, StringComparison.Ordinal);
            foreach (string never in (string[])["onnxruntime_src", ".cc", ".h:", "Status Message", "can be served as it is"])
                Assert.DoesNotContain(never, message, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public void One_of_two_outputs_is_chosen_by_its_name_and_the_other_is_named()
    {
        static void Second(ModelProto model)
        {
            NodeProto head = model.Graph.Node.Single(node => node.OpType == "Gemm").Clone();
            GraphKind.Tensor(model, "other", [RecurrentGraph.Outputs, RecurrentGraph.Hidden], Draw.Normal(8, 44, 0.5));
            (head.Name, head.Input[1], head.Output[0]) = ("aux", "other", "aux");
            model.Graph.Node.Add(head);
            model.Graph.Output.Insert(0, new ValueInfoProto { Name = "aux" });
            Declare(model, 0, null, RecurrentGraph.Outputs);
            Declare(model, 1, null, RecurrentGraph.Outputs);
            model.Graph.Node.Single(node => node.Output[0] == "logits").Output[0] = "class_logits";
            model.Graph.Output[1].Name = "class_logits";
        }

        using var kind = new GraphKind(Text, Second);
        using var given = new GraphKind(Text, Second, more: new { output_name = "aux" });
        foreach (bool asIs in (bool[])[false, true])
        {
            ImportedModel usual = kind.Import(asIs), chosen = kind.Import(asIs, "aux"), configured = given.Import(asIs);
            Agreement.Check(kind.Reference, usual.Model);
            Assert.Contains(usual.Notes, note => note.Contains("\"class_logits\" is taken for the logits", StringComparison.Ordinal)
                && note.Contains("\"aux\"", StringComparison.Ordinal) && note.Contains("output_name", StringComparison.Ordinal));
            Assert.InRange(Agreement.Compare(kind.Reference, chosen.Model).Largest, 0.01, 10);
            Agreement.Check(chosen.Model, configured.Model);
            Assert.Equal(asIs ? "aux" : null, chosen.Model.Config.OutputName);
            foreach (ImportedModel imported in (ImportedModel[])[usual, chosen, configured]) imported.Model.Dispose();
        }

        Assert.Contains("no output \"none\"", Assert.Throws<ImportException>(() => kind.Import(asIs: false, "none")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_reset_before_the_product_is_said_where_the_configuration_does_not_say_it()
    {
        using var kind = new GraphKind(Text with { Cell = CellKind.GruBefore }, _ => { }, more: new { cell = "gru" });
        using var said = new GraphKind(Text with { Cell = CellKind.GruBefore }, _ => { });
        using var after = new GraphKind(Text with { Cell = CellKind.Gru }, _ => { });
        foreach (bool asIs in (bool[])[false, true])
        {
            Assert.Contains(Notes(kind), note => note.Contains("gru_before", StringComparison.Ordinal)
                && note.Contains("\"cell\": \"gru\" in the configuration contradicts it", StringComparison.Ordinal));
            Assert.DoesNotContain(Notes(said), note => note.Contains("gru_before", StringComparison.Ordinal));
            Assert.DoesNotContain(Notes(after), note => note.Contains("gru_before", StringComparison.Ordinal));

            IReadOnlyList<string> Notes(GraphKind of)
            {
                ImportedModel imported = of.Import(asIs);
                imported.Model.Dispose();
                return imported.Notes;
            }
        }
    }

    [Fact]
    public void Answers_that_are_not_finite_are_said_with_a_text()
    {
        using var kind = new GraphKind(Text with { Cell = CellKind.Relu }, model =>
        {
            float[] head = Draw.Normal(5, RecurrentGraph.Outputs * RecurrentGraph.Hidden, 0.4), table = Draw.Normal(4, 33, 0.3);
            Array.Fill(head, 1e25f, 0, RecurrentGraph.Hidden);
            Array.Fill(table, 1e20f, 7 * RecurrentGraph.Embedding, RecurrentGraph.Embedding);
            Array.Fill(table, -1e20f, 8 * RecurrentGraph.Embedding, RecurrentGraph.Embedding);
            GraphKind.Tensor(model, "head", [RecurrentGraph.Outputs, RecurrentGraph.Hidden], head);
            GraphKind.Tensor(model, "table", [RecurrentGraph.Tokens, RecurrentGraph.Embedding], table);
        });
        foreach (bool asIs in (bool[])[false, true])
        {
            ImportedModel imported = kind.Import(asIs);
            Assert.Contains(imported.Notes, note => note.StartsWith("The answer to some texts is not finite, such as to \"", StringComparison.Ordinal));
            using var written = ModelImport.Write(imported, Path.Combine(Path.GetDirectoryName(kind.Model)!, $"out{asIs}"), stop: TestContext.Current.CancellationToken).Model;
            imported.Model.Dispose();
        }
    }
}
