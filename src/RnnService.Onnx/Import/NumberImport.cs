using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Weights;
using RnnService.Onnx.Comparison;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using RnnService.Onnx.Import.Config;
using RnnService.Onnx.Import.Files;
using RnnService.Onnx.Import.Graph;
using RnnService.Onnx.Runtime;
using RnnService.Onnx.Runtime.Signatures;

namespace RnnService.Onnx.Import;

/// <summary>Brings in a graph that reads numbers: into this engine's weights where it is a network of the engine's, and else as it is.</summary>
internal static class NumberImport
{
    /// <summary>Into this engine's weights, or as it is, with a note why.</summary>
    /// <inheritdoc cref="AsIs"/>
    public static ImportedModel Native(OnnxFile file, TextSource config, ImportDescription description, string? output)
    {
        try
        {
            return ReadWeights(file, config, description, output);
        }
        catch (Exception refusal) when (refusal is WeightFormatException or DisagreementException or ImportException)
        {
            ImportedModel kept = AsIs(file, config, description, output);
            string start = $"{file.Path}: ";
            string reason = refusal.Message.StartsWith(start, StringComparison.Ordinal) ? refusal.Message[start.Length..] : refusal.Message;
            return kept with { Notes = [.. kept.Notes, $"It is not read into this engine's weights: {reason}"] };
        }
    }

    /// <summary>Keeps the graph.</summary>
    /// <param name="file">The file.</param>
    /// <param name="config">What is said about it.</param>
    /// <param name="description">What else is said.</param>
    /// <param name="output">The output that gives the answers; null for the one that names and shapes tell.</param>
    /// <exception cref="WeightFormatException">ONNX Runtime cannot compute it, or it does not read sequences as they are.</exception>
    /// <exception cref="ImportException">The configuration is incomplete or does not fit.</exception>
    public static ImportedModel AsIs(OnnxFile file, TextSource config, ImportDescription description, string? output)
    {
        var notes = new List<string>();
        if (NumberSignature.FeaturesOf(file) is null) NumberSignature.CheckInputs(file); // says which input is none of steps
        GraphInput? answer = NumberSignature.AnswerOf(file, output);
        ModelConfig read = ConfigFile.Read(config, null, Facts(file, answer), notes, labels: description.Labels).Config;
        read = read with { OutputName = answer?.Name };
        INetwork network = OnnxRuntimeNetwork.Open(file.Path, read, null);
        if (GraphImport.ResetNote(file, config) is { } reset) notes.Add(reset);
        notes.Add(network is NumberGraph { IsCausal: true }
            ? "ONNX Runtime computes it as it is; states are carried, so that a stream of steps can be read"
            : "ONNX Runtime computes it as it is; it carries no states, so that sequences are read whole");
        return new ImportedModel(
            Model.OfChecked(read, null, network), file.Model.Graph.Initializer.Count, ElementType.F32, [file.Path, config.Place], notes);
    }

    private static ImportedModel ReadWeights(OnnxFile file, TextSource config, ImportDescription description, string? output)
    {
        var notes = new List<string>();
        OnnxImport import = OnnxImport.Read(file, output);
        ModelConfig read = ConfigFile.Read(config, null, import.Facts, notes, labels: description.Labels).Config with { OutputName = null };
        import.TakeUnits(read.Task);
        NumberModel model = NumberModel.Create(read, import.Tensors.Fit(read, null, notes));
        using var graph = (NumberModel)Model.OfChecked(read, null, OnnxRuntimeNetwork.Open(file.Path, read with { OutputName = import.Output }, null));
        Difference difference = Agreement.Check(graph, model, new ComparisonScope { Form = import.Form, AllowsNotFinite = true });
        notes.AddRange(GraphImport.NotesOf(import));
        if (GraphImport.ResetNote(file, config) is { } reset) notes.Add(reset);
        notes.Add(GraphImport.ProofNote(difference));
        return new ImportedModel(model, import.Tensors.Count, import.Tensors.Type, [file.Path, config.Place], notes);
    }

    // What the recurrent nodes and the shapes tell.
    private static NetworkFacts Facts(OnnxFile file, GraphInput? answer)
    {
        NodeProto[] layers = [.. file.Model.Graph.Node.Where(node => node.OpType is "RNN" or "GRU" or "LSTM")];
        var facts = new NetworkFacts
        {
            Witness = "the graph has it",
            IsKept = true,
            Features = NumberSignature.FeaturesOf(file),
            Outputs = answer?.Sizes.LastOrDefault(),
            AnswersSteps = answer?.Sizes.Length == 3,
        };
        if (layers.Length == 0) return facts;
        string? direction = layers[0].Attribute.FirstOrDefault(attribute => attribute.Name == "direction")?.S.ToStringUtf8();
        return facts with
        {
            Cells = [layers[0].OpType switch
            {
                "LSTM" => CellKind.Lstm,
                "GRU" => layers[0].Attribute.Any(attribute => attribute is { Name: "linear_before_reset", I: not 0 }) ? CellKind.Gru : CellKind.GruBefore,
                _ => layers[0].Attribute.Any(attribute => attribute.Name == "activations"
                    && attribute.Strings.Any(name => name.ToStringUtf8().Equals("relu", StringComparison.OrdinalIgnoreCase))) ? CellKind.Relu : CellKind.Tanh,
            }],
            HiddenSize = (int?)layers[0].Attribute.FirstOrDefault(attribute => attribute.Name == "hidden_size")?.I,
            Layers = layers.Length,
            Direction = direction switch { "bidirectional" => Direction.Bidirectional, "reverse" => Direction.Reverse, _ => Direction.Forward },
        };
    }
}
