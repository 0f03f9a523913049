using System.Text.Json;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Tests;
using RnnService.Engine.Weights;
using RnnService.Onnx.Export;
using RnnService.Onnx.Import.Config;
using RnnService.Onnx.Import.Graph;
using RnnService.Onnx.Tests.Support;
using Xunit;

namespace RnnService.Onnx.Tests.Import.Graph;

/// <summary>Files of our own exporter read again: the same configuration, vocabulary and weights, bit for bit.</summary>
public sealed class OnnxRoundTripTests
{
    [Theory]
    [InlineData(CellKind.Tanh)]
    [InlineData(CellKind.Relu)]
    [InlineData(CellKind.Gru)]
    [InlineData(CellKind.GruBefore)]
    [InlineData(CellKind.Lstm)]
    [InlineData(CellKind.Sum)]
    public void What_was_exported_is_imported_again(CellKind cell)
    {
        foreach (int opset in new[] { 14, 17, 18, 21 })
        {
            foreach (bool tied in new[] { false, true })
            {
                for (int layers = 1; layers <= 2; layers++) Check(DrawnWeights.Restart(Tiny.Language(cell, layers: layers, tied: tied)), opset);
            }

            foreach (Pooling pooling in Enum.GetValues<Pooling>().Where(pooling => pooling != Pooling.Attention)) // served as it is
            {
                Check(DrawnWeights.Restart(Tiny.Classifier(cell, pooling, both: true)), opset);
                Check(DrawnWeights.Restart(Tiny.Classifier(cell, pooling, both: false)), opset);
                Check(DrawnWeights.Restart(Tiny.Classifier(cell, pooling, both: false, reverse: true)), opset);
            }

            foreach (bool characters in new[] { false, true })
            {
                Check(DrawnWeights.Restart(Tiny.Tagger(cell, characters, both: true)), opset);
                Check(DrawnWeights.Restart(Tiny.Tagger(cell, characters, both: false)), opset);
            }
        }
    }

    private static void Check(TextModel model, int opset)
    {
        OnnxImport import = Importing.Read(OnnxExport.Build(model, opset));
        ModelConfig config = JsonSerializer.Deserialize(import.ConfigJson!, ModelJson.Files.ModelConfig)!;
        ModelVocabulary vocabulary = JsonSerializer.Deserialize(import.VocabularyJson!, ModelJson.Files.VocabularyContent)!.ToVocabulary();
        Assert.Equivalent(model.Config, config, strict: true);
        Assert.Equal(model.Vocabulary.Tokens.Tokens, vocabulary.Tokens.Tokens);

        NetworkFacts facts = import.Facts;
        if (facts.Task is not null) Assert.Equal(config.Task, facts.Task);
        Assert.Equal([config.Cell], facts.Cells!);
        Assert.Equal((config.EmbeddingSize, config.HiddenSize, config.Layers), (facts.EmbeddingSize, facts.HiddenSize, facts.Layers));
        Assert.Equal((config.Direction, config.TieWeights), (facts.Direction, facts.TieWeights));
        if (config.Task == ModelTask.Classifier) Assert.Equal(config.Pooling, facts.Pooling);
        Assert.Equal(config.Characters, import.Characters);
        Assert.True(import.TakesLengths);
        Assert.Equal(config.Task == ModelTask.LanguageModel, import.TakesStates && import.GivesStates);

        TextModel again = TextModel.Create(config, vocabulary, import.Tensors.Fit(config, vocabulary, []));
        foreach ((Parameter wanted, Parameter found) in model.Parameters.All.Zip(again.Parameters.All))
        {
            Assert.Equal(wanted.Name, found.Name);
            Expect.SameBits(wanted.Values, found.Values, found.Name);
        }
    }
}
