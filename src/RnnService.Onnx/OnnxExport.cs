using System.Text.Json;
using Google.Protobuf;
using RnnService.Engine.Tasks;
using RnnService.Onnx.Protos;

namespace RnnService.Onnx;

/// <summary>
/// Writes models as ONNX: standard operators only, batch and time dynamic, lengths honoured, and everything about the model in the
/// metadata, so that the file is whole by itself. Safe for any number of threads.
/// </summary>
/// <remarks>
/// A language model takes input_ids [batch,time], lengths [batch] and the states h_0 [layers,batch,hidden] (c_0 beside it for an LSTM),
/// and gives logits [batch,time,vocabulary] and the states h_n (c_n): a text read in pieces, states carried on, gives what it gives read
/// at once. A classifier takes input_ids and lengths, 1 or more each, and gives logits [batch,labels]. A tagger takes the same, with a
/// character network also character_ids [batch,time,characters] and character_lengths [batch,time], and gives logits [batch,time,labels].
/// What stands past a sequence's length does not matter, and the logits there have no meaning.
/// </remarks>
public static class OnnxExport
{
    /// <summary>The oldest operator set that can be written.</summary>
    public const int OldestOpset = 14;

    /// <summary>The newest operator set that can be written.</summary>
    public const int NewestOpset = 21;

    /// <summary>The operator set written where nothing is said.</summary>
    public const int DefaultOpset = 17;

    /// <summary>Key of the metadata entry that holds config.json, see docs/model-format.md.</summary>
    public const string ConfigKey = "rnn_service.config";

    /// <summary>Key of the metadata entry that holds vocab.json.</summary>
    public const string VocabularyKey = "rnn_service.vocab";

    /// <summary>The model as the content of an ONNX file.</summary>
    /// <param name="model">The model.</param>
    /// <param name="opset">The operator set, <see cref="OldestOpset"/> to <see cref="NewestOpset"/>.</param>
    /// <exception cref="ArgumentException">
    /// There is no such operator set, or the model is larger than 2 GB, the most a file can hold.
    /// </exception>
    public static byte[] ToBytes(TextModel model, int opset = DefaultOpset) => Build(model, opset).ToByteArray();

    /// <summary>
    /// Writes the model to a file, beside the path first and then renamed, so that whoever reads the path sees the old file or the new
    /// one, whole.
    /// </summary>
    /// <param name="path">The file, in a folder that exists.</param>
    /// <param name="model">The model.</param>
    /// <param name="opset">The operator set, <see cref="OldestOpset"/> to <see cref="NewestOpset"/>.</param>
    /// <exception cref="ArgumentException">
    /// There is no such operator set, or the model is larger than 2 GB, the most a file can hold.
    /// </exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, TextModel model, int opset = DefaultOpset)
    {
        ModelProto proto = Build(model, opset);
        string temporary = $"{path}.{Path.GetRandomFileName()}.tmp";
        var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None);
        try
        {
            using (stream)
            {
                proto.WriteTo(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>The model as ONNX's messages.</summary>
    internal static ModelProto Build(TextModel model, int opset)
    {
        if (opset is < OldestOpset or > NewestOpset)
            throw new ArgumentException($"opset is {opset}: {OldestOpset} to {NewestOpset} wanted", nameof(opset));
        ModelConfig config = model.Config;
        string configJson = JsonSerializer.Serialize(config, ModelJson.Files.ModelConfig);
        string vocabularyJson = JsonSerializer.Serialize(VocabularyContent.Of(model.Vocabulary), ModelJson.Files.VocabularyContent);
        const long rest = 1 << 20; // nodes and constants, with room to spare
        long bytes = model.Parameters.Count * sizeof(float) + 3L * (configJson.Length + vocabularyJson.Length) + rest;
        if (bytes > int.MaxValue)
            throw new ArgumentException($"the model takes {bytes} bytes: at most {int.MaxValue} in one ONNX file wanted", nameof(model));

        ModelProto proto = Wrap(new TaskExport(model, opset).Write(), opset);
        proto.DocString = config.Description ?? "";
        Say(ConfigKey, configJson);
        Say(VocabularyKey, vocabularyJson);
        Say("task", JsonNamingPolicy.SnakeCaseLower.ConvertName(config.Task.ToString()));
        Say("tokenizer", JsonNamingPolicy.SnakeCaseLower.ConvertName(config.Tokenizer.ToString()));
        if (config.Labels.Count > 0) Say("labels", JsonSerializer.Serialize(config.Labels));
        if (config.License is not null) Say("license", config.License);
        if (config.Description is not null) Say("description", config.Description);
        return proto;

        void Say(string key, string value) => proto.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value });
    }

    /// <summary>A graph as a model.</summary>
    internal static ModelProto Wrap(GraphProto graph, int opset)
    {
        graph.Name = "rnn_service";
        return new ModelProto
        {
            // The oldest version of the format that knows the operator set.
            IrVersion = opset switch { 14 => 7, <= 18 => 8, <= 20 => 9, _ => 10 },
            ProducerName = "RnnService",
            ProducerVersion = typeof(OnnxExport).Assembly.GetName().Version!.ToString(3),
            OpsetImport = { new OperatorSetIdProto { Domain = "", Version = opset } },
            Graph = graph,
        };
    }
}
