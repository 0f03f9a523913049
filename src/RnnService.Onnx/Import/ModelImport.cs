using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Weights;
using RnnService.Onnx.Import.Checks;
using RnnService.Onnx.Import.Config;
using RnnService.Onnx.Import.Files;
using RnnService.Onnx.Import.Weights;
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
public sealed record ImportDescription(string? Config, string? Vocabulary, string? UnknownToken = null, string? Check = null)
{
    /// <summary>The output of an ONNX graph that gives the logits; null leaves it to the configuration, or to names and shapes.</summary>
    public string? OutputName { get; init; }

    /// <summary>Names of the labels of an ONNX graph, in place of those of the configuration; null leaves them to it.</summary>
    public IReadOnlyList<string>? Labels { get; init; }
}

/// <summary>A model read from files of another origin.</summary>
/// <param name="Model">The model.</param>
/// <param name="Tensors">Number of tensors that were read.</param>
/// <param name="Type">The element type that keeps their values exactly.</param>
/// <param name="Files">The files it was read from, its weights first.</param>
/// <param name="Notes">What was assumed or measured, a sentence each.</param>
public sealed record ImportedModel(Model Model, int Tensors, ElementType Type, IReadOnlyList<string> Files, IReadOnlyList<string> Notes)
{
    /// <summary>The model, of one that reads text.</summary>
    /// <exception cref="InvalidCastException">It reads numbers.</exception>
    public TextModel TextModel => (TextModel)Model;
}

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
                + "logits of the model's own framework, as a check, prove an import");
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
    /// <exception cref="WeightFormatException">The file is malformed.</exception>
    /// <exception cref="ImportException">
    /// The graph is none that this engine computes, and the message says whether it can be served as it is; or a file is missing or
    /// malformed, they do not fit each other, or the numbers differ.
    /// </exception>
    /// <exception cref="IOException">The ONNX file is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The ONNX file may not be read.</exception>
    public static ImportedModel FromOnnx(string file, ImportDescription description) =>
        Checked(new GraphImport(file, description).Native(), description);

    /// <summary>Takes an ONNX graph as it is, to be computed by ONNX Runtime.</summary>
    /// <param name="file">The ONNX file.</param>
    /// <param name="description">What the file does not say.</param>
    /// <exception cref="WeightFormatException">The file is malformed.</exception>
    /// <exception cref="ImportException">
    /// ONNX Runtime cannot compute such a model from it, and the message says whether its weights can be read; or a file is missing or
    /// malformed, or they do not fit each other.
    /// </exception>
    /// <exception cref="IOException">The ONNX file is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The ONNX file may not be read.</exception>
    public static ImportedModel AsIs(string file, ImportDescription description) =>
        Checked(new GraphImport(file, description).AsIs(), description);

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
        GoldenInput.Check(imported.Model, imported.Files[0], input);
        return new NewFolder(folder, replace, imported.Files).Fill(path =>
        {
            if (imported.Model.Network.Backend == OnnxRuntimeNetwork.Name) ModelFolder.SaveOnnx(path, imported.Model, input, imported.Files[0]);
            else ModelFolder.Save(path, imported.Model, input, imported.Type);
        }, OnnxRuntimeNetwork.Open, stop);
    }

    internal static ImportedModel Build(
        TensorSet tensors, NetworkFacts facts, TextSource text, TextSource vocabularyText, string? unknownToken, IReadOnlyList<string> files,
        List<string> notes, IReadOnlyList<string>? labels = null)
    {
        VocabularyFile tokens = VocabularyFile.Read(vocabularyText);
        var (config, ids) = ConfigFile.Read(text, tokens, facts, notes, tensors.Advice(), labels);
        config = config with { OutputName = null }; // of a graph that is kept
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
        if (imported.Model is not TextModel) throw new ImportException(file, "a check is of texts; expected none for a model that reads numbers");
        try
        {
            string note = LogitsCheck.Run(imported.TextModel, file);
            return imported with { Files = [.. imported.Files, file], Notes = [.. imported.Notes, note] };
        }
        catch
        {
            imported.Model.Dispose();
            throw;
        }
    }

    private static TextSource Given(string? path, string weights, string what) =>
        new(path ?? throw new ImportException(weights, $"weights alone make no model; expected a {what}"));
}
