using RnnService.AspNetCore.Errors;
using RnnService.Engine.Generation;
using RnnService.Engine.Networks;

namespace RnnService.AspNetCore;

/// <summary>
/// Continues texts, with the default language model or, injected by key, the one of that name. Texts of all callers grow together, a step at a
/// time; with the same seed a text is what it would be alone, bit for bit. Safe for any number of threads.
/// </summary>
/// <example>
/// <code>
/// app.MapGet("/verse", (ITextGenerator poet, CancellationToken cancellationToken) =>
///     poet.GenerateAsync("ROMEO:", new() { Temperature = 0.6f, Seed = 7 }, cancellationToken).Select(token => token.Text));
/// </code>
/// </example>
public interface ITextGenerator
{
    /// <summary>
    /// Continues a text, token by token as they are computed. The request enters the queue with the first token that is asked for. Who leaves
    /// the loop early ends it; who reads more slowly than the model writes lets it wait, within <c>Batching.UnreadSeconds</c>.
    /// </summary>
    /// <param name="prompt">The text; an empty one begins a text.</param>
    /// <param name="options">How; what is left out is as the model's folder says.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ArgumentException">The prompt holds nothing that the model reads, or an option is out of its bounds.</exception>
    /// <exception cref="InferenceException">There is no such model, it is not loaded in time, or too much waits; the derived type says which.</exception>
    /// <exception cref="NetworkException">The network cannot compute this text.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    IAsyncEnumerable<GeneratedToken> GenerateAsync(string prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>The text that follows a prompt, all at once.</summary>
    /// <inheritdoc cref="GenerateAsync" path="/param|/exception"/>
    Task<string> CompleteAsync(string prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>The texts that follow several prompts, in their order.</summary>
    /// <inheritdoc cref="GenerateAsync" path="/exception"/>
    /// <param name="prompts">The texts.</param>
    /// <param name="options">How; what is left out is as the model's folder says. With a seed every text draws from that seed.</param>
    /// <param name="cancellationToken">Ends them.</param>
    Task<IReadOnlyList<string>> CompleteAsync(
        IReadOnlyList<string> prompts, GenerationOptions? options = null, CancellationToken cancellationToken = default);
}
