using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using RnnService.Engine.Kernels;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Onnx.Comparison;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using RnnService.Onnx.Runtime;

namespace RnnService.Onnx.Export;

/// <summary>
/// Writes models as ONNX: standard operators only, batch and time dynamic, lengths honoured, and everything about the model in the
/// metadata, so that the file is whole by itself. Safe for any number of threads.
/// </summary>
/// <remarks>
/// A language model takes input_ids [batch,time], lengths [batch] and the states h_0 [layers,batch,hidden] (c_0 beside it for an LSTM),
/// and gives logits [batch,time,vocabulary] and the states h_n (c_n): a text read in pieces, states carried on, gives what it gives read
/// at once. A classifier takes input_ids and lengths, 1 or more each, and gives logits [batch,labels]. A tagger takes the same, with a
/// character network also character_ids [batch,time,characters] and character_lengths [batch,time], and gives logits [batch,time,labels]; one of subwords
/// takes word_ends [batch,words], where each word's last token stands, and gives logits [batch,words,labels].
/// A model that reads numbers takes input_values [batch,time,features] and lengths, and gives logits, or values in their own units, [batch,outputs] or
/// [batch,time,outputs]; where it reads forward alone it has states as a language model has them. A translator becomes two graphs, an encoder and one step of a decoder; the encoder's outputs are called what the decoder's inputs are.
/// A tagger with a conditional random field also gives its start_transitions [labels], transitions [labels,labels] and end_transitions [labels]: the likeliest
/// string of labels is the reader's to find.
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
        Model model = loaded.Model;
        if (model.Network.Backend == OnnxRuntimeNetwork.Name)
        {
            if (opset is not null) throw new ArgumentException($"opset is {opset}; expected none, since {loaded.Name} is an ONNX file already");
            byte[] content = File.ReadAllBytes(loaded.File);
            if (Convert.ToHexStringLower(SHA256.HashData(content)) != loaded.Sha256) throw new IOException($"{loaded.File}: was changed after it was loaded");
            using var stream = new MemoryStream(content);
            OnnxFile file = OnnxFile.Read(stream, loaded.File);
            int version = (int)file.Model.OpsetImport.First(set => set.Domain is "" or "ai.onnx").Version;
            return new ExportedModel([new ExportedFile(GraphPart.Whole, content)], version, 0);
        }

        ExportedFile[] files = [.. PartsOf(model).Select(part => new ExportedFile(part, Build(model, opset ?? DefaultOpset, part).ToByteArray()))];
        using Model exported = Model.OfChecked(InGraph(model.Config), VocabularyOf(model), Open(model, loaded.Name, files));
        string? text = loaded.Golden?.Input;
        bool rounds = Rounds(model);
        double difference = Agreement.Check(rounds ? model.InSinglePrecision() : model, exported, text).Largest;
        return new ExportedModel(files, opset ?? DefaultOpset, difference, rounds ? Agreement.Compare(model, exported, text).Largest : 0);
    }

    /// <summary>The parts that a model is written as: one whole, or a translator's encoder and decoder.</summary>
    public static IReadOnlyList<GraphPart> PartsOf(Model model) =>
        model is Translator ? [GraphPart.Encoder, GraphPart.Decoder] : [GraphPart.Whole];

    /// <summary>
    /// Writes what <see cref="ToBytes"/> gives to a file, beside the path first and then renamed, so that whoever reads the path sees the
    /// old file or the new one, whole. Of a translator the path is a folder, made where there is none, with a file of each part.
    /// </summary>
    /// <param name="path">The file, in a folder that exists; or the folder.</param>
    /// <param name="loaded">The model.</param>
    /// <param name="opset">The operator set, <see cref="OldestOpset"/> to <see cref="NewestOpset"/>; null for the usual one.</param>
    /// <exception cref="ArgumentException">As <see cref="ToBytes"/>.</exception>
    /// <exception cref="DisagreementException">As <see cref="ToBytes"/>.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static ExportedModel Write(string path, LoadedModel loaded, int? opset = null)
    {
        ExportedModel exported = ToBytes(loaded, opset);
        IReadOnlyList<string> paths = PathsOf(path, loaded.Model);
        if (paths.Count > 1) Directory.CreateDirectory(path);
        for (int i = 0; i < paths.Count; i++)
        {
            byte[] content = exported.Files[i].Content;
            WholeFile.Write(paths[i], stream => stream.Write(content));
        }

        return exported;
    }

    /// <summary>The files that <see cref="Write"/> writes: the path itself, or those of the parts in it.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="model">The model.</param>
    public static IReadOnlyList<string> PathsOf(string path, Model model) =>
        [.. PartsOf(model).Select(part => part == GraphPart.Whole ? path : Path.Combine(path, ExportedFile.NameOf(part)))];

    /// <summary>
    /// A hash, in lower-case hexadecimal, of all that the content of <see cref="ToBytes"/> depends on: weights, configuration, vocabulary,
    /// operator set and the build of the exporter. Costs no more than writing the vocabulary.
    /// </summary>
    /// <param name="loaded">The model.</param>
    /// <param name="opset">The operator set; null for the usual one.</param>
    public static string Fingerprint(LoadedModel loaded, int? opset = null)
    {
        if (loaded.Model.Network.Backend == OnnxRuntimeNetwork.Name) return opset is null ? loaded.Sha256 : $"{loaded.Sha256}-{opset}";
        string all = string.Join(
            '\n', typeof(OnnxExport).Module.ModuleVersionId, opset ?? DefaultOpset, loaded.Sha256, loaded.Model.Config.Calibration, ConfigJson(loaded.Model), VocabularyJson(loaded.Model));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(all)));
    }

    /// <summary>A part of a model as ONNX's messages.</summary>
    internal static ModelProto Build(Model model, int opset, GraphPart part = GraphPart.Whole)
    {
        if (opset is < OldestOpset or > NewestOpset)
            throw new ArgumentException($"opset is {opset}; expected {OldestOpset} to {NewestOpset}", nameof(opset));
        ModelConfig config = model.Config;
        string configJson = ConfigJson(model);
        string? vocabularyJson = VocabularyJson(model);
        const long rest = 1 << 20; // nodes and constants, with room to spare
        long bytes = model.Parameters.Count * sizeof(float) + 3L * (configJson.Length + (vocabularyJson?.Length ?? 0)) + rest;
        if (bytes > int.MaxValue)
            throw new ArgumentException($"the model takes {bytes} bytes; expected at most {int.MaxValue} in one ONNX file", nameof(model));

        ModelProto proto = Wrap(
            (model, part) switch
            {
                (Translator translator, GraphPart.Encoder) => new TranslatorExport(translator, opset).Encoder(),
                (Translator translator, GraphPart.Decoder) => new TranslatorExport(translator, opset).Decoder(),
                (NumberModel numbers, GraphPart.Whole) => new NumberExport(numbers, opset).Write(),
                (TextModel text and not Translator, GraphPart.Whole) => new TaskExport(text, opset).Write(),
                _ => throw new ArgumentException($"part is {part}; expected {string.Join(" or ", PartsOf(model))}", nameof(part)),
            },
            opset);
        proto.DocString = config.Description ?? "";
        Say(ConfigKey, configJson);
        if (vocabularyJson is not null) Say(VocabularyKey, vocabularyJson);
        Say("task", SnakeCase.Of(config.Task));
        if (part != GraphPart.Whole) Say("part", SnakeCase.Of(part));
        if (config.Numbers is null) Say("tokenizer", SnakeCase.Of(config.Tokenizer));
        if (config.Labels.Count > 0) Say("labels", JsonSerializer.Serialize(config.NetworkLabels));
        if (config.License is not null) Say("license", config.License);
        if (config.Description is not null) Say("description", config.Description);
        return proto;

        void Say(string key, string value) => proto.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value });
    }

    private static INetwork Open(Model model, string name, IReadOnlyList<ExportedFile> files) => model is Translator translator
        ? TranslatorGraphs.Open(files[0].Content, files[1].Content, name, translator)
        : OnnxRuntimeNetwork.Open(files[0].Content, $"{name}.onnx", model.Config, VocabularyOf(model));

    /// <summary>The configuration of a graph: what logits are divided by is in its head's weights.</summary>
    private static ModelConfig InGraph(ModelConfig config) => config with { Calibration = null };

    /// <summary>The configuration that goes with the file. Scores of 8-bit weights are not those of the floats in it.</summary>
    private static string ConfigJson(Model model) => JsonSerializer.Serialize(
        Rounds(model) ? InGraph(model.Config) with { Metrics = new Dictionary<string, double>() } : InGraph(model.Config), ModelJson.Files.ModelConfig);

    private static string? VocabularyJson(Model model) => VocabularyOf(model) is { } vocabulary
        ? JsonSerializer.Serialize(VocabularyContent.Of(vocabulary), ModelJson.Files.VocabularyContent)
        : null;

    private static ModelVocabulary? VocabularyOf(Model model) => (model as TextModel)?.Vocabulary;

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
