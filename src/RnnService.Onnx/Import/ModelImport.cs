using RnnService.Engine;
using RnnService.Engine.Tasks;
using RnnService.Engine.Weights;

namespace RnnService.Onnx.Import;

/// <summary>The files that describe a model whose weights come from elsewhere.</summary>
/// <param name="Config">Its configuration: fields of config.json, or those that users of PyTorch and Hugging Face write.</param>
/// <param name="Vocabulary">Its tokens: vocab.json, a JSON list, a JSON object from token to id, or plain text with a token a line.</param>
/// <param name="UnknownToken">The token for unknown ones, where it has no usual name.</param>
public sealed record ImportDescription(string Config, string Vocabulary, string? UnknownToken = null);

/// <summary>A model read from files of another origin.</summary>
/// <param name="Model">The model.</param>
/// <param name="Tensors">Number of tensors that were read.</param>
/// <param name="Type">The element type that keeps their values exactly.</param>
/// <param name="Files">The files it was read from, its weights first.</param>
/// <param name="Notes">What was assumed, a sentence each.</param>
public sealed record ImportedModel(TextModel Model, int Tensors, TensorType Type, IReadOnlyList<string> Files, IReadOnlyList<string> Notes);

/// <summary>Makes model folders of what other programs wrote. Safe for any number of threads.</summary>
public static class ModelImport
{
    /// <summary>Reads a PyTorch state dict.</summary>
    /// <param name="weights">A safetensors file with F32, F16 or BF16 tensors.</param>
    /// <param name="description">What else makes a model.</param>
    /// <param name="map">A JSON file from the tensors' names to ours, where they differ; a * at the end of both renames many, null leaves out.</param>
    /// <exception cref="WeightFormatException">The weight file is malformed.</exception>
    /// <exception cref="ImportException">A file is missing or malformed, or they do not fit each other.</exception>
    public static ImportedModel FromStateDict(string weights, ImportDescription description, string? map = null)
    {
        TensorSet tensors = StateDict.Open(weights, map);
        return Build(tensors, tensors.Facts(), description, [weights, .. map is null ? (string[])[] : [map]]);
    }

    /// <summary>Writes a model folder that did not exist, or takes the place of another model's, as a whole or not at all.</summary>
    /// <param name="imported">The model.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="golden">The text whose answer is kept and checked at every load; null makes one of the vocabulary.</param>
    /// <param name="replace">Whether a model folder that exists is replaced.</param>
    /// <param name="stop">Ends the work; what was there before then stays.</param>
    /// <returns>The model as read again from its folder.</returns>
    /// <exception cref="ImportException">The folder exists and must stay, or the model has no finite answer to the text.</exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static LoadedModel Write(
        ImportedModel imported, string folder, string? golden = null, bool replace = false, CancellationToken stop = default)
    {
        string input = golden ?? GoldenInput.For(imported.Model);
        GoldenInput.Check(imported, input);
        var target = new NewFolder(folder, replace, imported.Files);
        LoadedModel written = target.Fill(SaveAndLoad, stop);
        return written with { Name = target.Name, File = Path.Combine(folder, Path.GetFileName(written.File)) };

        LoadedModel SaveAndLoad(string path)
        {
            ModelFolder.Save(path, imported.Model, input, imported.Type);
            return ModelFolder.Load(path);
        }
    }

    /// <summary>Makes a model of tensors under our names.</summary>
    /// <param name="tensors">The tensors.</param>
    /// <param name="facts">What is known about the network.</param>
    /// <param name="description">What else makes a model.</param>
    /// <param name="files">The files that the tensors come from.</param>
    internal static ImportedModel Build(TensorSet tensors, NetworkFacts facts, ImportDescription description, IReadOnlyList<string> files)
    {
        var notes = new List<string>();
        VocabularyFile tokens = VocabularyFile.Read(description.Vocabulary);
        var (config, ids) = ConfigFile.Read(description.Config, tokens, facts, notes, tensors.Advice());
        ModelVocabulary vocabulary = tokens.ToVocabulary(config.Task, description.UnknownToken, ids, notes);
        try
        {
            Parameters parameters = tensors.Fit(config, vocabulary, notes);
            var model = TextModel.Create(config, vocabulary, parameters);
            return new ImportedModel(model, tensors.Count, tensors.Type, [.. files, description.Config, description.Vocabulary], notes);
        }
        catch (ArgumentException error)
        {
            throw new ImportException(description.Config, error.Message, error);
        }
    }
}
