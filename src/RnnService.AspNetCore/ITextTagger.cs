using RnnService.AspNetCore.Errors;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;

namespace RnnService.AspNetCore;

/// <summary>
/// Finds labelled spans in texts, with the default tagger or, injected by key, the one of that name. Texts of all callers are computed
/// together in batches; a text's spans are what they would be alone, bit for bit. Safe for any number of threads.
/// </summary>
/// <example>
/// <code>
/// app.MapPost("/names", async ([FromKeyedServices("ner")] ITextTagger names, [FromBody] string text, CancellationToken cancellationToken) =>
///     from span in await names.TagAsync(text, cancellationToken) select new { span.Label, Name = text[span.Start..span.End] });
/// </code>
/// </example>
public interface ITextTagger
{
    /// <summary>
    /// The labelled spans of a text, from left to right: words joined as the labels mark them (BIO, IO, BIOES, BMES, BILOU), nothing for O.
    /// Where labels mark no spans, such as parts of speech, every word is one.
    /// </summary>
    /// <param name="text">The text, of any length.</param>
    /// <param name="cancellationToken">Ends waiting; what is not computed yet never is.</param>
    /// <exception cref="InferenceException">There is no such model, it is not loaded in time, or too much waits; the derived type says which.</exception>
    /// <exception cref="NetworkException">The network cannot compute this text.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    Task<IReadOnlyList<TaggedSpan>> TagAsync(string text, CancellationToken cancellationToken = default);

    /// <summary>The labelled spans of each of several texts, in the order of the texts.</summary>
    /// <inheritdoc cref="TagAsync(string, CancellationToken)" path="/exception"/>
    /// <param name="texts">The texts.</param>
    /// <param name="cancellationToken">Ends waiting; what is not computed yet never is.</param>
    Task<IReadOnlyList<IReadOnlyList<TaggedSpan>>> TagAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken = default);

    /// <summary>Every word of each of several texts with its label as the model gives it, marks and O included.</summary>
    /// <inheritdoc cref="TagAsync(string, CancellationToken)" path="/exception"/>
    /// <param name="texts">The texts.</param>
    /// <param name="cancellationToken">Ends waiting; what is not computed yet never is.</param>
    Task<IReadOnlyList<IReadOnlyList<TaggedSpan>>> TagWordsAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken = default);
}
