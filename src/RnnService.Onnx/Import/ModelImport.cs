using RnnService.Engine;
using RnnService.Engine.Layers;
using RnnService.Engine.Tasks;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Onnx.Runtime;

namespace RnnService.Onnx.Import;

/// <summary>The files that describe a model whose weights come from elsewhere.</summary>
/// <param name="Config">
/// Its configuration: fields of config.json, or those that users of PyTorch and Hugging Face write. An ONNX file needs none where its graph
/// and its metadata say enough.
/// </param>
/// <param name="Vocabulary">
/// Its tokens: vocab.json, a JSON list, a JSON object from token to id, or plain text with a token a line. An ONNX file may have its own.
/// </param>
/// <param name="UnknownToken">The token for unknown ones, where it has no usual name.</param>
/// <param name="Check">
/// Ids or texts with the logits that the model's own framework gives for them, in JSON: see docs/onnx.md. What is imported must give the
/// same. Null leaves that unproven.
/// </param>
public sealed record ImportDescription(string? Config, string? Vocabulary, string? UnknownToken = null, string? Check = null);

/// <summary>A model read from files of another origin.</summary>
/// <param name="Model">The model.</param>
/// <param name="Tensors">Number of tensors that were read.</param>
/// <param name="Type">The element type that keeps their values exactly.</param>
/// <param name="Files">The files it was read from, its weights first.</param>
/// <param name="Notes">What was assumed or measured, a sentence each.</param>
public sealed record ImportedModel(TextModel Model, int Tensors, TensorType Type, IReadOnlyList<string> Files, IReadOnlyList<string> Notes);

/// <summary>Makes model folders of what other programs wrote. Safe for any number of threads.</summary>
public static class ModelImport
{
    /// <summary>Reads a PyTorch state dict.</summary>
    /// <param name="weights">A safetensors file with F32, F16 or BF16 tensors.</param>
    /// <param name="description">What else makes a model: configuration and vocabulary.</param>
    /// <param name="map">A JSON file from the tensors' names to ours, if they differ: see docs/onnx.md.</param>
    /// <exception cref="WeightFormatException">The weight file is malformed.</exception>
    /// <exception cref="ImportException">A file is missing or malformed, or they do not fit each other.</exception>
    public static ImportedModel FromStateDict(string weights, ImportDescription description, string? map = null)
    {
        var notes = new List<string>();
        TensorSet tensors = StateDict.Open(weights, map, notes);
        TextSource config = Given(description.Config, weights, "configuration"), tokens = Given(description.Vocabulary, weights, "vocabulary");
        ImportedModel imported = Build(
            tensors, tensors.Facts(), config, tokens, description.UnknownToken, [weights, .. map is null ? (string[])[] : [map]], notes);
        if (description.Check is null)
        {
            notes.Add($"Weights do not show {GateOrder(imported.Model.Config.Cell)}how padding, pooling and the states at the start were used: "
                + "--check FILE proves an import");
        }

        return Checked(imported, description);

        static string GateOrder(CellKind cell) => cell switch
        {
            CellKind.Lstm => "the order of their gates (i, f, g, o is taken, PyTorch's) or ",
            CellKind.Gru or CellKind.GruBefore => "the order of their gates (r, z, n is taken, PyTorch's) or ",
            _ => "",
        };
    }

    /// <summary>Reads a recurrent network from an ONNX graph, and proves that this engine gives the graph's numbers.</summary>
    /// <param name="file">The ONNX file.</param>
    /// <param name="description">What the file does not say.</param>
    /// <exception cref="WeightFormatException">The file is malformed, or its graph is none that this engine computes.</exception>
    /// <exception cref="ImportException">A file is missing or malformed, they do not fit each other, or the numbers differ.</exception>
    /// <exception cref="IOException">The ONNX file is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The ONNX file may not be read.</exception>
    public static ImportedModel FromOnnx(string file, ImportDescription description)
    {
        OnnxImport import = OnnxImport.Open(file);
        TextSource config = ConfigOf(file, import.ConfigJson, description), tokens = VocabularyOf(file, import.VocabularyJson, description);
        ImportedModel imported = Build(import.Tensors, import.Facts, config, tokens, description.UnknownToken, [file], []);
        return Checked(imported with { Notes = [.. imported.Notes, Prove(imported.Model, import, file)] }, description);
    }

    /// <summary>Takes an ONNX graph as it is, to be computed by ONNX Runtime.</summary>
    /// <param name="file">The ONNX file.</param>
    /// <param name="description">What the file does not say.</param>
    /// <exception cref="WeightFormatException">The file is malformed, or ONNX Runtime cannot compute such a model from it.</exception>
    /// <exception cref="ImportException">A file is missing or malformed, or they do not fit each other.</exception>
    /// <exception cref="IOException">The ONNX file is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The ONNX file may not be read.</exception>
    public static ImportedModel AsIs(string file, ImportDescription description)
    {
        OnnxFile onnx = OnnxFile.Open(file);
        var notes = new List<string>();
        TextSource text = ConfigOf(file, onnx.Metadata(OnnxExport.ConfigKey), description);
        VocabularyFile tokens = VocabularyFile.Read(VocabularyOf(file, onnx.Metadata(OnnxExport.VocabularyKey), description));
        var (config, ids) = ConfigFile.Read(text, tokens, FactsOf(onnx), notes);
        ModelVocabulary vocabulary = tokens.ToVocabulary(config.Task, description.UnknownToken, ids, notes);
        var model = TextModel.Create(config, vocabulary, OnnxRuntimeNetwork.Open(file, config, vocabulary));
        var imported = new ImportedModel(model, onnx.Model.Graph.Initializer.Count, TensorType.F32, [file, text.Place, tokens.Path], notes);
        return Checked(imported, description);
    }

    /// <summary>Writes a model folder that did not exist, or takes the place of another model's, as a whole or not at all.</summary>
    /// <param name="imported">The model.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="golden">The text whose answer is kept and checked at every load; null makes one of the vocabulary.</param>
    /// <param name="replace">Whether a model folder that exists is replaced.</param>
    /// <param name="stop">Ends the work; what was there before then stays.</param>
    /// <returns>The model as read again from its folder.</returns>
    /// <exception cref="ImportException">The model has no finite answer to the text.</exception>
    /// <exception cref="ModelFolderException">The folder exists and must stay.</exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static LoadedModel Write(
        ImportedModel imported, string folder, string? golden = null, bool replace = false, CancellationToken stop = default)
    {
        string input = golden ?? GoldenInput.For(imported.Model);
        GoldenInput.Check(imported, input);
        return new NewFolder(folder, replace, imported.Files).Fill(path =>
        {
            if (imported.Model.Network.Backend == OnnxRuntimeNetwork.Name) ModelFolder.SaveOnnx(path, imported.Model, input, imported.Files[0]);
            else ModelFolder.Save(path, imported.Model, input, imported.Type);
        }, OnnxRuntimeNetwork.Open, stop);
    }

    private static ImportedModel Build(
        TensorSet tensors, NetworkFacts facts, TextSource text, TextSource vocabularyText, string? unknownToken, IReadOnlyList<string> files,
        List<string> notes)
    {
        VocabularyFile tokens = VocabularyFile.Read(vocabularyText);
        var (config, ids) = ConfigFile.Read(text, tokens, facts, notes, tensors.Advice());
        ModelVocabulary vocabulary = tokens.ToVocabulary(config.Task, unknownToken, ids, notes);
        try
        {
            Parameters parameters = tensors.Fit(config, vocabulary, notes);
            var model = TextModel.Create(config, vocabulary, parameters);
            return new ImportedModel(model, tensors.Count, tensors.Type, [.. files, text.Place, tokens.Path], notes);
        }
        catch (ArgumentException error)
        {
            throw new ImportException(text.Place, error.Message, error);
        }
    }

    private static ImportedModel Checked(ImportedModel imported, ImportDescription description)
    {
        if (description.Check is not { } file) return imported;
        string note = LogitsCheck.Run(imported.Model, file);
        return imported with { Files = [.. imported.Files, file], Notes = [.. imported.Notes, note] };
    }

    private static TextSource Given(string? path, string weights, string what) =>
        new(path ?? throw new ImportException(weights, $"weights alone make no model: a {what} wanted"));

    private static TextSource ConfigOf(string file, string? embedded, ImportDescription description) =>
        description.Config is { } path ? new TextSource(path)
        : embedded is { } text ? new TextSource($"{file}: {OnnxExport.ConfigKey}", text)
        : new TextSource(file, "{}");

    private static TextSource VocabularyOf(string file, string? embedded, ImportDescription description) =>
        description.Vocabulary is { } path ? new TextSource(path)
        : embedded is { } text ? new TextSource($"{file}: {OnnxExport.VocabularyKey}", text)
        : throw new ImportException(file, "holds no vocabulary of its own: one wanted beside it");

    // A graph that is none of ours says nothing about itself; the configuration has to.
    private static NetworkFacts FactsOf(OnnxFile file)
    {
        try
        {
            return OnnxImport.Read(file).Facts;
        }
        catch (WeightFormatException)
        {
            return new NetworkFacts();
        }
    }

    /// <summary>Runs both on the same batches.</summary>
    /// <returns>What was measured.</returns>
    private static string Prove(TextModel model, OnnxImport import, string file)
    {
        // A graph that keeps its states to itself can still be read a text at a time, as a tagger does.
        TextModel twin = model is LanguageModel && !(import.TakesStates && import.GivesStates) ? AsTagger(model) : model;
        using var graph = TextModel.Create(twin.Config, twin.Vocabulary, OnnxRuntimeNetwork.Open(file, twin.Config, twin.Vocabulary));
        try
        {
            return FormattableString.Invariant($"Answers within {Agreement.Check(graph, twin).Largest:0.0e+0} of the graph's in ONNX Runtime");
        }
        catch (DisagreementException error)
        {
            throw new ImportException(file, $"{error.Message}. {OnnxImport.Advice}", error);
        }
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
