using RnnService.Engine.Models;
using RnnService.Onnx.Import;
using RnnService.Onnx.Runtime;
using RnnService.Onnx.Tests.Import.Graph;
using Xunit;

namespace RnnService.Onnx.Tests.Runtime;

/// <summary>Folders of both kinds, opened with one call.</summary>
public sealed class OnnxModelsTests
{
    private static readonly string[] Texts = ["1 2 3", "4", "5 6 7 8 9 10 1 2"];

    [Theory]
    [InlineData(false, "safetensors")]
    [InlineData(true, "onnx")]
    public void A_folder_of_either_kind_is_opened_with_one_call(bool asIs, string file)
    {
        using var kind = new GraphKind(new RecurrentGraph { AnswersText = true, Gemm = true }, _ => { });
        string folder = Write(kind, asIs);
        Assert.True(File.Exists(Path.Combine(folder, $"model.{file}")));

        using var typed = OnnxModels.Load<Classifier>(folder, TestContext.Current.CancellationToken);
        using Model any = OnnxModels.Load(folder, TestContext.Current.CancellationToken);
        Classifier reference = Assert.IsType<Classifier>(kind.Reference);
        foreach (string text in Texts)
        {
            LabelScore expected = reference.Classify(text)[0], found = typed.Classify(text)[0];
            // The reference has no names for its labels but their ids.
            Assert.Equal($"LABEL_{expected.Label}", found.Label);
            Assert.Equal(expected.Score, found.Score, 1e-5f);
            Assert.Equal(typed.Classify(text), Assert.IsType<Classifier>(any).Classify(text));
        }
    }

    [Fact]
    public void A_model_of_another_kind_and_a_folder_without_a_model_are_refused()
    {
        using var kind = new GraphKind(new RecurrentGraph(), _ => { });
        string folder = Write(kind, asIs: true), none = Path.Combine(folder, "none");
        string message = Assert.Throws<ModelFolderException>(() => OnnxModels.Load<Classifier>(folder, TestContext.Current.CancellationToken)).Message;
        Assert.EndsWith("config.json: task is tagger; expected classifier", message, StringComparison.Ordinal);
        Assert.StartsWith(
            none, Assert.Throws<ModelFolderException>(() => OnnxModels.Load(none, TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
    }

    private static string Write(GraphKind kind, bool asIs)
    {
        string folder = Path.Combine(Path.GetDirectoryName(kind.Model)!, "folder");
        ImportedModel imported = kind.Import(asIs);
        ModelImport.Write(imported, folder, stop: TestContext.Current.CancellationToken).Dispose();
        imported.Model.Dispose();
        return folder;
    }
}
