using RnnService.AspNetCore.Models;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;

namespace RnnService.AspNetCore;

/// <summary>The tagger that is injected.</summary>
internal sealed class TextTagger(ModelName name, ModelCalls calls) : ITextTagger
{
    public async Task<IReadOnlyList<TaggedSpan>> TagAsync(string text, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        return (await TagAsync([text], cancellationToken).ConfigureAwait(false))[0];
    }

    public Task<IReadOnlyList<IReadOnlyList<TaggedSpan>>> TagAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken = default) =>
        TagAsync(texts, (model, text, words, tags) => model.SpansOf(text, words, tags), cancellationToken);

    public Task<IReadOnlyList<IReadOnlyList<TaggedSpan>>> TagWordsAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken = default) =>
        TagAsync(texts, (model, _, words, tags) => model.WordsOf(words, tags), cancellationToken);

    private Task<IReadOnlyList<IReadOnlyList<TaggedSpan>>> TagAsync(
        IReadOnlyList<string> texts, Func<Tagger, string, List<Token>, TagScore[], IReadOnlyList<TaggedSpan>> answer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var words = new List<Token>[texts.Count];
        return calls.ComputeAsync<ServedTagger, TaggerInput, TagScore[], IReadOnlyList<TaggedSpan>>(
            "rnn.tag", name.Value, texts, served => served.Batcher,
            (served, i) => served.Model.Encode((words[i] = served.Model.Split(texts[i])).Select(word => word.Text)),
            (served, i, tags) => answer(served.Model, texts[i], words[i], tags), cancellationToken);
    }
}
