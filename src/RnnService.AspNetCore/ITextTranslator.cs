using RnnService.AspNetCore.Errors;
using RnnService.Engine.Generation;
using RnnService.Engine.Networks;

namespace RnnService.AspNetCore;

/// <summary>
/// Writes what texts become, such as their translations, with the only translator or, injected by key, the one of that name. Texts of all callers
/// grow together, a step at a time, their beams too; a text is what it would be alone, bit for bit. Safe for any number of threads.
/// </summary>
/// <example>
/// <code>
/// app.MapGet("/english", (ITextTranslator translator, string text, CancellationToken cancellationToken) =>
///     translator.TranslateAsync(text, new() { Beams = 5 }, cancellationToken));
/// </code>
/// </example>
public interface ITextTranslator
{
    /// <summary>The best text for a source.</summary>
    /// <param name="text">The source.</param>
    /// <param name="options">How: drawn, searched for with beams, or the likeliest; what is left out is as the model's folder says.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ArgumentException">The source holds nothing that the model reads or too much, or an option is out of its bounds.</exception>
    /// <exception cref="InferenceException">There is no such model, it is not loaded in time, or too much waits; the derived type says which.</exception>
    /// <exception cref="NetworkException">The network cannot compute this text.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    Task<string> TranslateAsync(string text, GenerationOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>For each of several sources its texts, the best first, with their scores and where each token looked.</summary>
    /// <inheritdoc cref="TranslateAsync(string, GenerationOptions?, CancellationToken)" path="/exception"/>
    /// <param name="texts">The sources.</param>
    /// <param name="options">How; <see cref="GenerationOptions.Best"/> says how many texts each gets.</param>
    /// <param name="cancellationToken">Ends it.</param>
    Task<IReadOnlyList<IReadOnlyList<Hypothesis>>> TranslateAsync(
        IReadOnlyList<string> texts, GenerationOptions? options = null, CancellationToken cancellationToken = default);
}
