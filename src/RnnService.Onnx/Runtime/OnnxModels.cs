using RnnService.Engine.Models;

namespace RnnService.Onnx.Runtime;

/// <summary>
/// Opens model folders whatever computes them: one with model.safetensors is computed by the engine, one with model.onnx by ONNX Runtime.
/// Safe for any number of threads, as the models are.
/// </summary>
/// <example>
/// <code>
/// using var reviews = OnnxModels.Load&lt;Classifier&gt;("models/reviews");
/// LabelScore best = reviews.Classify("A lovely film.")[0];
/// </code>
/// </example>
public static class OnnxModels
{
    /// <summary>
    /// Opens a model folder and checks that the model still gives its golden answer, where the folder has one. A graph is also run on a few
    /// short texts, to find out how it takes its rows.
    /// </summary>
    /// <param name="path">The folder.</param>
    /// <param name="cancel">Ends loading.</param>
    /// <returns>The model, a <see cref="Classifier"/>, <see cref="Tagger"/> or <see cref="LanguageModel"/>; it is the caller's to dispose of.</returns>
    /// <exception cref="ModelFolderException">
    /// A file is missing or wrong, ONNX Runtime cannot compute the graph, or the answer is not the golden one; the message says which file,
    /// what was found and what was expected.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public static Model Load(string path, CancellationToken cancel = default) => Load<Model>(path, cancel);

    /// <summary>Opens a model folder of one kind, as <see cref="Load(string, CancellationToken)"/>.</summary>
    /// <typeparam name="TModel"><see cref="Classifier"/>, <see cref="Tagger"/> or <see cref="LanguageModel"/>.</typeparam>
    /// <param name="path">The folder.</param>
    /// <param name="cancel">Ends loading.</param>
    /// <exception cref="ModelFolderException">As <see cref="Load(string, CancellationToken)"/>, or the model is of another kind.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public static TModel Load<TModel>(string path, CancellationToken cancel = default) where TModel : Model =>
        ModelFolder.Load<TModel>(path, OnnxRuntimeNetwork.Open, cancel);
}
