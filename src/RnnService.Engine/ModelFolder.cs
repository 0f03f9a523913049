using RnnService.Engine.Tasks;

namespace RnnService.Engine;

/// <summary>A model folder cannot be read: the message names file, field, value found and value wanted.</summary>
public sealed class ModelFolderException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A model read from its folder, with the facts about it.</summary>
/// <param name="Name">The folder's name.</param>
/// <param name="Model">The model.</param>
/// <param name="Parameters">Number of trained values.</param>
/// <param name="Bytes">Size of the weight file.</param>
/// <param name="Sha256">Hash of the weight file, lower-case hexadecimal.</param>
public sealed record LoadedModel(string Name, TextModel Model, long Parameters, long Bytes, string Sha256);

/// <summary>Reads and writes model folders: config.json, vocab.json, model.safetensors, golden.json. See docs/model-format.md.</summary>
public static class ModelFolder
{
    /// <summary>Reads a model and checks that it still gives its golden answer.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="ModelFolderException">A file is missing or wrong, or the answer is not the golden one.</exception>
    public static LoadedModel Load(string path) => throw new NotImplementedException();
}
