using RnnService.AspNetCore.Models;
using RnnService.Engine.Models;

namespace RnnService.AspNetCore;

/// <summary>The classifier that is injected.</summary>
internal sealed class TextClassifier(ModelName name, ModelCalls calls) : ITextClassifier
{
    public async Task<IReadOnlyList<LabelScore>> ClassifyAsync(string text, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        return (await ClassifyAsync([text], null, cancellationToken).ConfigureAwait(false))[0];
    }

    public Task<IReadOnlyList<IReadOnlyList<LabelScore>>> ClassifyAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken = default) =>
        ClassifyAsync(texts, null, cancellationToken);

    public Task<IReadOnlyList<IReadOnlyList<LabelScore>>> ClassifyAsync(
        IReadOnlyList<string> texts, ScoreFunction? function, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        return calls.ComputeAsync<ServedClassifier, int[], float[], IReadOnlyList<LabelScore>>(
            "rnn.classify", name.Value, texts, served => served.Batcher, (served, i) => served.Model.Encode(texts[i]),
            (served, _, logits) => served.Model.Ranked(Classifier.Scores(logits, served.Model.Config, function)), cancellationToken);
    }
}
