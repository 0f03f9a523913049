using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using RnnService.Engine.Kernels;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Onnx.Comparison;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using RnnService.Onnx.Runtime;

namespace RnnService.Onnx.Export;

/// <summary>A model written as ONNX.</summary>
/// <param name="Content">The bytes of the file.</param>
/// <param name="Opset">The version of the operators.</param>
/// <param name="Difference">
/// The largest difference from the answers of the model's weights multiplied as 32-bit floats, as <see cref="Agreement"/> measures it.
/// </param>
/// <param name="Rounding">
/// The largest difference from the answers of a model with 8-bit weights, which rounds what they are multiplied with as well; 0 for any
/// other model, whose own answers are those of floats.
/// </param>
public sealed record ExportedModel(byte[] Content, int Opset, double Difference, double Rounding = 0);

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

    /// <summary>
    /// The model as the content of an ONNX file in 32-bit floats, checked: ONNX Runtime gives the model's own answers from it, or, where the
    /// weights are 8-bit numbers, those of the same weights as floats. A model that ONNX Runtime computes already is the file it came from.
    /// </summary>
    /// <param name="loaded">The model.</param>
    /// <param name="opset">The operator set, <see cref="OldestOpset"/> to <see cref="NewestOpset"/>; null for the usual one.</param>
    /// <exception cref="ArgumentException">
    /// There is no such operator set, or one is asked for though the file is there already; or the model is larger than 2 GB, the most a file
    /// can hold.
    /// </exception>
    /// <exception cref="DisagreementException">The answers differ by more than <see cref="Agreement.Tolerance"/>.</exception>
    /// <exception cref="IOException">The file that it came from cannot be read, or was changed since.</exception>
    public static ExportedModel ToBytes(LoadedModel loaded, int? opset = null)
    {
        TextModel model = loaded.TextModel;
        if (model.Network.Backend == OnnxRuntimeNetwork.Name)
        {
            if (opset is not null) throw new ArgumentException($"opset is {opset}; expected none, since {loaded.Name} is an ONNX file already");
            byte[] content = File.ReadAllBytes(loaded.File);
            if (Convert.ToHexStringLower(SHA256.HashData(content)) != loaded.Sha256) throw new IOException($"{loaded.File}: was changed after it was loaded");
            using var stream = new MemoryStream(content);
            OnnxFile file = OnnxFile.Read(stream, loaded.File);
            return new ExportedModel(content, (int)file.Model.OpsetImport.First(set => set.Domain is "" or "ai.onnx").Version, 0);
        }

        byte[] bytes = Build(model, opset ?? DefaultOpset).ToByteArray();
        using var exported = TextModel.Create(
            model.Config, model.Vocabulary, OnnxRuntimeNetwork.Open(bytes, $"{loaded.Name}.onnx", model.Config, model.Vocabulary));
        string? text = loaded.Golden?.Input;
        bool rounds = Rounds(model);
        double difference = Agreement.Check(rounds ? model.InSinglePrecision() : model, exported, text).Largest;
        return new ExportedModel(bytes, opset ?? DefaultOpset, difference, rounds ? Agreement.Compare(model, exported, text).Largest : 0);
    }

    /// <summary>
    /// Writes what <see cref="ToBytes"/> gives to a file, beside the path first and then renamed, so that whoever reads the path sees the
    /// old file or the new one, whole.
    /// </summary>
    /// <param name="path">The file, in a folder that exists.</param>
    /// <param name="loaded">The model.</param>
    /// <param name="opset">The operator set, <see cref="OldestOpset"/> to <see cref="NewestOpset"/>; null for the usual one.</param>
    /// <exception cref="ArgumentException">As <see cref="ToBytes"/>.</exception>
    /// <exception cref="DisagreementException">As <see cref="ToBytes"/>.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static ExportedModel Write(string path, LoadedModel loaded, int? opset = null)
    {
        ExportedModel exported = ToBytes(loaded, opset);
        WholeFile.Write(path, stream => stream.Write(exported.Content));
        return exported;
    }

    /// <summary>
    /// A hash, in lower-case hexadecimal, of all that the content of <see cref="ToBytes"/> depends on: weights, configuration, vocabulary,
    /// operator set and the build of the exporter. Costs no more than writing the vocabulary.
    /// </summary>
    public static string Fingerprint(LoadedModel loaded, int? opset = null)
    {
        if (loaded.Model.Network.Backend == OnnxRuntimeNetwork.Name) return opset is null ? loaded.Sha256 : $"{loaded.Sha256}-{opset}";
        string all = string.Join(
            '\n', typeof(OnnxExport).Module.ModuleVersionId, opset ?? DefaultOpset, loaded.Sha256, ConfigJson(loaded.Model),
            VocabularyJson(loaded.TextModel));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(all)));
    }

    /// <summary>The model as ONNX's messages.</summary>
    internal static ModelProto Build(TextModel model, int opset)
    {
        if (opset is < OldestOpset or > NewestOpset)
            throw new ArgumentException($"opset is {opset}; expected {OldestOpset} to {NewestOpset}", nameof(opset));
        ModelConfig config = model.Config;
        string configJson = ConfigJson(model), vocabularyJson = VocabularyJson(model);
        const long rest = 1 << 20; // nodes and constants, with room to spare
        long bytes = model.Parameters.Count * sizeof(float) + 3L * (configJson.Length + vocabularyJson.Length) + rest;
        if (bytes > int.MaxValue)
            throw new ArgumentException($"the model takes {bytes} bytes; expected at most {int.MaxValue} in one ONNX file", nameof(model));

        ModelProto proto = Wrap(new TaskExport(model, opset).Write(), opset);
        proto.DocString = config.Description ?? "";
        Say(ConfigKey, configJson);
        Say(VocabularyKey, vocabularyJson);
        Say("task", SnakeCase.Of(config.Task));
        Say("tokenizer", SnakeCase.Of(config.Tokenizer));
        if (config.Labels.Count > 0) Say("labels", JsonSerializer.Serialize(config.Labels));
        if (config.License is not null) Say("license", config.License);
        if (config.Description is not null) Say("description", config.Description);
        return proto;

        void Say(string key, string value) => proto.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value });
    }

    /// <summary>The configuration that goes with the file. Scores of 8-bit weights are not those of the floats in it.</summary>
    private static string ConfigJson(Model model) => JsonSerializer.Serialize(
        Rounds(model) ? model.Config with { Metrics = new Dictionary<string, double>() } : model.Config, ModelJson.Files.ModelConfig);

    private static string VocabularyJson(TextModel model) =>
        JsonSerializer.Serialize(VocabularyContent.Of(model.Vocabulary), ModelJson.Files.VocabularyContent);

    /// <summary>Whether the model rounds what its weights are multiplied with.</summary>
    private static bool Rounds(Model model) => model.Parameters.All.Any(parameter => parameter.Type == ElementType.I8);

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
