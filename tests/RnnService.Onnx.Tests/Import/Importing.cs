using Google.Protobuf;
using RnnService.Engine.Layers;
using RnnService.Engine.Tasks;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Onnx.Import;
using RnnService.Onnx.Protos;

namespace RnnService.Onnx.Tests.Import;

/// <summary>Reads graphs, and makes native models of what was read.</summary>
internal static class Importing
{
    public static OnnxImport Read(ModelProto model) => Read(model.ToByteArray());

    public static OnnxImport Read(byte[] content) => OnnxImport.Read(OnnxFile.Read(new MemoryStream(content), "model.onnx"));

    /// <summary>The model of which the graph says everything but the task, where it does not, and the names.</summary>
    public static TextModel Model(OnnxImport import, ModelTask? task = null)
    {
        NetworkFacts facts = import.Facts;
        var config = new ModelConfig
        {
            Task = facts.Task ?? task ?? throw new ArgumentNullException(nameof(task)),
            Cell = facts.Cells!.Single(),
            Tokenizer = Tokenization.Whitespace,
            EmbeddingSize = facts.EmbeddingSize!.Value,
            HiddenSize = facts.HiddenSize!.Value,
            Layers = facts.Layers!.Value,
            Bidirectional = facts.Direction == Direction.Bidirectional,
            Reverse = facts.Direction == Direction.Reverse,
            TieWeights = facts.TieWeights!.Value,
            Pooling = facts.Pooling ?? Pooling.Last,
            Labels = (facts.Task ?? task) == ModelTask.LanguageModel ? [] : [.. Enumerable.Range(0, facts.Outputs!.Value).Select(label => $"{label}")],
        };
        var tokens = new Vocabulary([Vocabulary.Unknown, .. Enumerable.Range(1, facts.Tokens!.Value - 1).Select(id => $"{id}")]);
        var vocabulary = new ModelVocabulary(tokens);
        return TextModel.Create(config, vocabulary, import.Tensors.Fit(config, vocabulary, []));
    }

    /// <summary>Logits of every row, step after step; the state moves on.</summary>
    public static float[][] Logits(TextModel model, int[][] rows, RecurrentState? state = null)
    {
        List<float>[] result = [.. rows.Select(_ => new List<float>())];
        LogitsReader reader = (row, _, logits) => result[row].AddRange(logits);
        switch (model)
        {
            case LanguageModel language:
                language.Network.Read([.. rows.Select(row => new ReadOnlyMemory<int>(row))], new int[rows.Length], state!, reader);
                break;
            case Classifier classifier:
                classifier.Network.Read(rows, reader);
                break;
            case Tagger tagger:
                tagger.Network.Read([.. rows.Select(row => new TaggerInput([.. row.Select(id => $"{id}")], row))], reader);
                break;
        }

        return [.. result.Select(values => values.ToArray())];
    }

    public static int[][] Rows(ref RandomSource random, int[] lengths, int below)
    {
        int[][] rows = [.. lengths.Select(length => new int[length])];
        foreach (int[] row in rows)
        {
            foreach (ref int id in row.AsSpan()) id = random.Below(below);
        }

        return rows;
    }
}
