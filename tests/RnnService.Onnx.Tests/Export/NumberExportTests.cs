using Google.Protobuf;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Tests;
using RnnService.Engine.Weights;
using RnnService.Onnx.Comparison;
using RnnService.Onnx.Export;
using RnnService.Onnx.Runtime;
using Xunit;

namespace RnnService.Onnx.Tests.Export;

/// <summary>Models of every task that reads numbers in ONNX Runtime, beside the engine.</summary>
public sealed class NumberExportTests
{
    public static TheoryData<int> Opsets => [14, 15, 16, 17, 18, 19, 20, 21];

    public static MatrixTheoryData<CellKind, bool> Forms => new(Enum.GetValues<CellKind>(), [false, true]);

    [Theory]
    [MemberData(nameof(Forms))]
    public void Answers_are_the_engines_in_their_own_units_and_states_are_carried(CellKind cell, bool both)
    {
        foreach (NumberModel model in TinyNumbers.All(cell, both))
        {
            NumberModel exported = Exported(model, OnnxExport.DefaultOpset);
            Assert.Equal((model.IsCausal, model.Outputs), (exported.IsCausal, exported.Outputs));
            Agreement.Check(model, exported, "[[1, -2, 3], [0.5, 0, 4]]");
        }
    }

    [Theory]
    [MemberData(nameof(Opsets))]
    public void Every_set_of_operators_will_do(int opset)
    {
        foreach (NumberModel model in TinyNumbers.All(CellKind.Gru)) Agreement.Check(model, Exported(model, opset));
    }

    [Theory]
    [InlineData("input.mean")]
    [InlineData("input.std")]
    [InlineData("output.mean")]
    [InlineData("output.std")]
    [InlineData("rnn.weight_hh_l1")]
    [InlineData("head.bias")]
    public void Another_weight_is_found_out(string name)
    {
        NumberModel model = TinyNumbers.Model(ModelTask.Regressor), other = NumberModel.Create(model.Config, Parameters.From((one, _) =>
        {
            float[] values = model.Parameters.All.Single(parameter => parameter.Name == one).Values.ToArray();
            if (one == name) values[0] += 0.25f;
            return values;
        }));
        Assert.Throws<DisagreementException>(() => Agreement.Check(model, Exported(other, OnnxExport.DefaultOpset)));
    }

    [Fact]
    public void Sequences_of_many_lengths_are_what_they_are_alone_and_an_empty_one_gives_nothing()
    {
        NumberModel model = Exported(TinyNumbers.Model(ModelTask.Tagger, CellKind.Gru), OnnxExport.DefaultOpset);
        NumberSequence[] rows = TinyNumbers.Draw(3, 1, 9, 4, 4, 30, 2);
        float[][] together = model.Logits([.. rows, new NumberSequence(default, TinyNumbers.Features)]);
        Assert.Empty(together[^1]);
        for (int row = 0; row < rows.Length; row++)
        {
            Assert.Equal(rows[row].Steps * model.Outputs, together[row].Length);
            Expect.Near(Draw.ToDouble(model.Logits([rows[row]])[0]), together[row], 1e-5, $"row {row}");
        }
    }

    [Fact]
    public void The_file_says_what_the_model_reads_and_has_no_vocabulary()
    {
        NumberModel model = TinyNumbers.Model(ModelTask.Forecaster);
        string folder = Directory.CreateTempSubdirectory("rnn-export-").FullName, path = Path.Combine(folder, "model.onnx");
        try
        {
            ModelFolder.Save(Path.Combine(folder, "model"), model, "[[1, 2, 3], [4, 5, 6]]");
            ExportedModel exported = OnnxExport.Write(path, ModelFolder.Load(Path.Combine(folder, "model")));
            Assert.InRange(exported.Difference, 0, Agreement.Tolerance);
            Dictionary<string, string> said = OnnxExport.Build(model, OnnxExport.DefaultOpset).MetadataProps.ToDictionary(entry => entry.Key, entry => entry.Value);
            Assert.Equal("forecaster", said["task"]);
            Assert.Contains("\"horizon\"", said[OnnxExport.ConfigKey], StringComparison.Ordinal);
            Assert.False(said.ContainsKey(OnnxExport.VocabularyKey) || said.ContainsKey("tokenizer"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static NumberModel Exported(NumberModel model, int opset) => (NumberModel)Model.OfChecked(
        model.Config, null, OnnxRuntimeNetwork.Open(OnnxExport.Build(model, opset).ToByteArray(), "test", model.Config, null));
}
