using RnnService.Engine.Kernels;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Onnx.Comparison;
using RnnService.Onnx.Export;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using RnnService.Onnx.Import.Checks;
using RnnService.Onnx.Import.Config;
using RnnService.Onnx.Import.Files;
using RnnService.Onnx.Import.Graph;
using RnnService.Onnx.Runtime;
using RnnService.Onnx.Runtime.Signatures;
using static RnnService.Engine.Weights.WeightFormatException;

namespace RnnService.Onnx.Import;

/// <summary>
/// Brings an ONNX graph in, either way. Where one way is closed the other is tried, so that a refusal says all reasons and advises only
/// what works. Not thread-safe.
/// </summary>
internal sealed class GraphImport
{
    private readonly string _path;
    private readonly ImportDescription _description;
    private readonly OnnxFile _file;
    private readonly TextSource _config;

    /// <summary>Reads the ONNX file.</summary>
    public GraphImport(string path, ImportDescription description)
    {
        (_path, _description, _file) = (path, description, OnnxFile.Open(path));
        _config = description.Config is { } given ? new TextSource(given)
            : _file.Metadata(OnnxExport.ConfigKey) is { } text ? new TextSource($"{path}: {OnnxExport.ConfigKey}", text)
            : new TextSource(path, "{}");
    }

    /// <summary>Into this engine's weights.</summary>
    public ImportedModel Native()
    {
        if (NumberSignature.ReadsNumbers(_file)) return NumberImport.Native(_file, _config, _description, OutputName());
        try
        {
            return ReadWeights();
        }
        catch (Exception refusal) when (refusal is WeightFormatException or DisagreementException)
        {
            throw Refuse(refusal, ImportWay.Weights, Try(KeepGraph));
        }
    }

    /// <summary>As it is.</summary>
    public ImportedModel AsIs()
    {
        if (NumberSignature.ReadsNumbers(_file)) return NumberImport.AsIs(_file, _config, _description, OutputName());
        try
        {
            return KeepGraph();
        }
        catch (WeightFormatException refusal)
        {
            throw Refuse(refusal, ImportWay.AsIs, Try(ReadWeights));
        }
    }

    private ImportedModel ReadWeights()
    {
        OnnxImport import = OnnxImport.Read(_file, OutputName());
        ImportedModel imported = ModelImport.Build(import.Tensors, import.Facts, _config, Vocabulary(), _description.UnknownToken, [_path], [], _description.Labels);
        string proof = Prove(imported.TextModel, import);
        return imported with { Notes = [.. imported.Notes, .. NotesOf(import), .. CommonNotes(imported.TextModel), proof] };
    }

    private ImportedModel KeepGraph()
    {
        var notes = new List<string>();
        VocabularyFile tokens = VocabularyFile.Read(Vocabulary());
        var (config, ids) = ConfigFile.Read(_config, tokens, Facts() with { IsKept = true }, notes, labels: _description.Labels);
        config = config with { OutputName = _description.OutputName ?? config.OutputName };
        ModelVocabulary vocabulary = tokens.ToVocabulary(config.Task, _description.UnknownToken, ids, notes);
        INetwork network = OnnxRuntimeNetwork.Open(_path, config, vocabulary);
        var model = TextModel.Create(config, vocabulary, network);
        IReadOnlyList<string> found = (network as GraphNetwork)?.Graph.Notes ?? [];
        return new ImportedModel(
            model, _file.Model.Graph.Initializer.Count, ElementType.F32, [_path, _config.Place, tokens.Path],
            [.. notes, .. found, .. NotNumbers(), .. CommonNotes(model)]);
    }

    // What is no number may be lost on the way: some operators of ONNX Runtime make numbers of it.
    private IEnumerable<string> NotNumbers()
    {
        foreach (TensorProto tensor in _file.Model.Graph.Initializer)
        {
            if (TensorContent.Floats(tensor) is not { } values || Array.FindIndex(values, float.IsNaN) is not (>= 0 and var place)) continue;
            yield return $"Tensor {Quote(tensor.Name)}: value {place} is NaN: answers that depend on it mean nothing; expected finite weights";
        }
    }

    private string? OutputName()
    {
        const int mostBytes = 1 << 22;
        if (_description.OutputName is { } given) return given;
        return _config.ReadObject(mostBytes).TryGetProperty("output_name", out var name) && name.ValueKind == System.Text.Json.JsonValueKind.String
            ? name.GetString()
            : null;
    }

    private TextSource Vocabulary() => _description.Vocabulary is { } path ? new TextSource(path)
        : _file.Metadata(OnnxExport.VocabularyKey) is { } text ? new TextSource($"{_path}: {OnnxExport.VocabularyKey}", text)
        : throw new ImportException(_path, "holds no vocabulary of its own; expected one beside it");

    // A graph that is none of ours says nothing about itself; the configuration has to.
    private NetworkFacts Facts()
    {
        try
        {
            return OnnxImport.Read(_file, OutputName()).Facts;
        }
        catch (WeightFormatException)
        {
            bool isOne = _file.Model.Graph.Output is [{ Type.TensorType.Shape: { Dim: [.., { HasDimValue: true, DimValue: 1 }] } }];
            return new NetworkFacts { IsSigmoid = isOne };
        }
    }

    /// <summary>What speaks against a way; null where it works.</summary>
    private Exception? Try(Func<ImportedModel> import)
    {
        try
        {
            import().Model.Dispose();
            return null;
        }
        catch (Exception refusal) when (refusal is WeightFormatException or DisagreementException or ImportException)
        {
            return refusal;
        }
    }

    /// <summary>The refusal of one way, with what became of the other.</summary>
    private ImportException Refuse(Exception refusal, ImportWay way, Exception? other)
    {
        (string reason, string? change) = Parts(refusal);
        bool isWeights = way == ImportWay.Weights;
        if (other is null)
        {
            return new ImportException(
                _path, [reason], Joined([change, isWeights ? "It can be served as it is" : "It can be read into this engine's weights"]))
            {
                OtherWay = isWeights ? ImportWay.AsIs : ImportWay.Weights,
            };
        }

        (string otherReason, string? otherChange) = Parts(other);
        if (otherReason == reason) return new ImportException(_path, [reason], Joined([change, otherChange]));
        (string one, string two) = ("as this engine's weights", "as it is");
        if (!isWeights) (one, two) = (two, one);
        return new ImportException(_path, [$"{one}: {reason}", $"{two}: {otherReason}"], Joined([change, otherChange]));

        static string? Joined(IEnumerable<string?> sentences)
        {
            string[] told = [.. sentences.OfType<string>().Distinct()];
            return told.Length == 0 ? null : string.Join("\n  ", told);
        }
    }

    // Without the file's name, and without what to change in the export.
    private (string Reason, string? Advice) Parts(Exception refusal)
    {
        string message = refusal.Message.StartsWith($"{_path}: ", StringComparison.Ordinal) ? refusal.Message[(_path.Length + 2)..] : refusal.Message;
        return refusal is OnnxFormatException { Advice: { } advice } ? (message[..^(advice.Length + 2)], advice) : (message, null);
    }

    /// <summary>What of the graph became something else, or nothing.</summary>
    public static IEnumerable<string> NotesOf(OnnxImport import)
    {
        if (import.Unused.Count > 0)
        {
            yield return $"Output {Quote(import.Output)} is taken for the logits, {string.Join(", ", import.Unused.Take(10).Select(Quote))} left out: "
                + "output_name in the configuration chooses";
        }

        if (import.Form is AnswerForm.LogSoftmax or AnswerForm.Softmax)
            yield return $"The graph ends in {import.Form}: the logits before it are taken, which have the same probabilities";
    }

    /// <summary>That a GRU is not PyTorch's, where the configuration does not know it.</summary>
    public static string? ResetNote(OnnxFile file, TextSource config)
    {
        NodeProto? before = file.Model.Graph.Node.FirstOrDefault(
            node => node.OpType == "GRU" && node.Attribute.All(attribute => attribute is not { Name: "linear_before_reset", I: not 0 }));
        if (before is null || config.Says(["cell", "rnn_type"], "gru_before")) return null;
        string contradicted = config.Says(["cell", "rnn_type"], "gru") ? "; \"cell\": \"gru\" in the configuration contradicts it" : "";
        return "The graph's GRU resets before the product (gru_before, linear_before_reset 0), not as PyTorch's nn.GRU (gru)"
            + $"{contradicted}. Some versions of torch.onnx.export(dynamo=True) leave the attribute out: then export with dynamo=False, or import the "
            + "state dict";
    }

    /// <summary>How near the answers of both are.</summary>
    public static string ProofNote(Difference difference) => FormattableString.Invariant($"Answers within {difference.Largest:0.0e+0} of the graph's in ONNX Runtime");

    /// <summary>What holds of the graph either way.</summary>
    private IEnumerable<string> CommonNotes(TextModel model)
    {
        if (ResetNote(_file, _config) is { } reset) yield return reset;
        if (FiniteCheck.Note(model) is { } note) yield return note;
    }

    /// <summary>Runs both on the same batches.</summary>
    /// <returns>What was measured.</returns>
    private string Prove(TextModel model, OnnxImport import)
    {
        // A graph that keeps its states to itself can still be read a text at a time, as a tagger does.
        TextModel twin = model is LanguageModel && !(import.TakesStates && import.GivesStates) ? AsTagger(model) : model;
        ModelConfig config = twin.Config with { OutputName = import.Output };
        GraphNetwork network = OnnxRuntimeNetwork.OpenForComparison(_file, config, twin.Vocabulary);
        using var graph = TextModel.Create(config, twin.Vocabulary, network);
        var scope = new ComparisonScope
        {
            Length = network.Graph.Layout.Time,
            Form = import.Form,
            AllowsNotFinite = true,
        };
        Difference difference = Agreement.Check(graph, twin, scope);
        string length = scope.Length is { } time ? $", compared at {time} token{(time == 1 ? "" : "s")}, for which alone it was exported" : "";
        return ProofNote(difference) + length;
    }

    private static TextModel AsTagger(TextModel model)
    {
        IReadOnlyList<string> tokens = model.Vocabulary.Tokens.Tokens;
        ModelConfig config = model.Config with
        {
            Task = ModelTask.Tagger,
            Tokenizer = Tokenization.Whitespace,
            TieWeights = false,
            Labels = [.. tokens.Select((_, id) => $"{id}")],
            Generation = null,
        };
        var values = model.Parameters.All.ToDictionary(parameter => parameter.Name, parameter => parameter.Values.ToArray());
        string head = model.Config.TieWeights ? "embedding.weight" : "head.weight";
        return TextModel.Create(
            config, new ModelVocabulary(new Vocabulary(tokens, unknown: tokens[0])),
            Parameters.From((name, _) => values[name == "head.weight" ? head : name]));
    }
}
