using RnnService.AspNetCore.Errors;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;

namespace RnnService.AspNetCore;

/// <summary>
/// Gives texts labels, with the default classifier or, injected by key, the one of that name. Texts of all callers are computed together in
/// batches; a text's scores are what they would be alone, bit for bit. Safe for any number of threads.
/// </summary>
/// <example>
/// <code>
/// app.MapPost("/mood", async (ITextClassifier classifier, [FromBody] string text, CancellationToken cancellationToken) =>
///     (await classifier.ClassifyAsync(text, cancellationToken))[0].Label);
/// app.MapPost("/topic", (
///     [FromKeyedServices("topics")] ITextClassifier topics, [FromBody] string[] texts, CancellationToken cancellationToken) =>
///     topics.ClassifyAsync(texts, cancellationToken));
/// </code>
/// </example>
public interface ITextClassifier
{
    /// <summary>All labels of a text with their probabilities, the best first; of equal scores in the labels' order.</summary>
    /// <param name="text">The text, of any length.</param>
    /// <param name="cancellationToken">Ends waiting; what is not computed yet never is.</param>
    /// <exception cref="InferenceException">There is no such model, it is not loaded in time, or too much waits; the derived type says which.</exception>
    /// <exception cref="NetworkException">The network cannot compute this text.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    Task<IReadOnlyList<LabelScore>> ClassifyAsync(string text, CancellationToken cancellationToken = default);

    /// <summary>All labels of each of several texts with their probabilities, the best first, in the order of the texts.</summary>
    /// <inheritdoc cref="ClassifyAsync(string, CancellationToken)" path="/exception"/>
    /// <param name="texts">The texts.</param>
    /// <param name="cancellationToken">Ends waiting; what is not computed yet never is.</param>
    Task<IReadOnlyList<IReadOnlyList<LabelScore>>> ClassifyAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken = default);

    /// <summary>All labels of each of several texts with scores of another kind, the best first, in the order of the texts.</summary>
    /// <inheritdoc cref="ClassifyAsync(string, CancellationToken)" path="/exception"/>
    /// <param name="texts">The texts.</param>
    /// <param name="function">What the logits are turned into; null for <see cref="ModelConfig.ScoreFunction"/>.</param>
    /// <param name="cancellationToken">Ends waiting; what is not computed yet never is.</param>
    Task<IReadOnlyList<IReadOnlyList<LabelScore>>> ClassifyAsync(
        IReadOnlyList<string> texts, ScoreFunction? function, CancellationToken cancellationToken = default);
}
