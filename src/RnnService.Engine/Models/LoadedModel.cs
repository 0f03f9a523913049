using RnnService.Engine.Kernels;
using RnnService.Engine.Networks;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Models;

/// <summary>A model folder cannot be read: the message names file, field, value found and value expected.</summary>
public sealed class ModelFolderException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether a folder was in the way that a caller may ask to replace (<see cref="NewFolder"/>).</summary>
    public bool IsReplaceable { get; init; }
}

/// <summary>A model read from its folder, with the facts about it.</summary>
/// <param name="Name">The folder's name.</param>
/// <param name="Model">The model.</param>
/// <param name="Parameters">Number of trained values.</param>
/// <param name="Bytes">Size of the weight file.</param>
/// <param name="Sha256">Hash of the weight file, lower-case hexadecimal.</param>
/// <param name="File">The weight file.</param>
/// <param name="Golden">The answer that it must give; null where the folder holds none.</param>
public sealed record LoadedModel(
    string Name, Model Model, long Parameters, long Bytes, string Sha256, string File, GoldenAnswer? Golden = null) : IDisposable
{
    /// <summary>What an operator should know about the folder though the model can be served, a sentence each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The model, of one that reads text.</summary>
    /// <exception cref="ModelFolderException">It reads numbers.</exception>
    public TextModel TextModel => Model as TextModel
        ?? throw new ModelFolderException($"{Name} reads numbers; expected a model that reads text");

    /// <summary>Lets go of the model.</summary>
    public void Dispose() => Model.Dispose();

    /// <summary>
    /// How narrow the weights are: <c>f32</c>, <c>f16</c>, <c>bf16</c> or <c>int8</c>; null where something else than this engine computes.
    /// </summary>
    public string? Dtype => (Model.Network as NativeNetwork)?.Parameters.Type.Dtype();
}

/// <summary>Opens a network that something other than this engine computes, such as ONNX Runtime.</summary>
/// <param name="file">The file, <c>model.onnx</c>.</param>
/// <param name="config">What the model is.</param>
/// <param name="vocabulary">Its tokens; null of a model that reads numbers.</param>
/// <param name="stop">Ends it.</param>
/// <exception cref="WeightFormatException">The file is malformed or does not fit the configuration.</exception>
/// <exception cref="OperationCanceledException">It was ended.</exception>
public delegate INetwork NetworkReader(string file, ModelConfig config, ModelVocabulary? vocabulary, CancellationToken stop);
