using RnnService.AspNetCore.Models;
using RnnService.Engine.Generation;

namespace RnnService.AspNetCore;

/// <summary>The translator that is injected.</summary>
internal sealed class TextTranslator(ModelName name, ModelCalls calls) : ITextTranslator
{
    private const string Operation = "rnn.translate";

    public async Task<string> TranslateAsync(string text, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        return (await calls.WriteAsync<ServedTranslator>(Operation, name, [text], options, cancellationToken).ConfigureAwait(false))[0].Text;
    }

    public Task<IReadOnlyList<IReadOnlyList<Hypothesis>>> TranslateAsync(
        IReadOnlyList<string> texts, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        return AllAsync(texts, options, cancellationToken);
    }

    private async Task<IReadOnlyList<IReadOnlyList<Hypothesis>>> AllAsync(
        IReadOnlyList<string> texts, GenerationOptions? options, CancellationToken cancellationToken) =>
        [.. (await calls.WriteAsync<ServedTranslator>(Operation, name, texts, options, cancellationToken).ConfigureAwait(false)).Select(stream => stream.Hypotheses)];
}
