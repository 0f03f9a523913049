namespace RnnService.Engine.Models;

/// <summary>The labels that words and spans could have had instead.</summary>
internal static class TagAlternatives
{
    /// <summary>All labels of a word, the one answered first and the others by probability; ties in id order.</summary>
    /// <param name="probabilities">Of each label.</param>
    /// <param name="best">The label that is answered.</param>
    /// <param name="ranked">Takes as many.</param>
    public static void Rank(ReadOnlySpan<float> probabilities, int best, Span<TagScore> ranked)
    {
        for (int label = 0; label < ranked.Length; label++) ranked[label] = new TagScore(label, probabilities[label]);
        (ranked[0], ranked[best]) = (ranked[best], ranked[0]);
        ranked[1..].Sort((one, other) => other.Score.CompareTo(one.Score) is var order and not 0 ? order : one.Label.CompareTo(other.Label));
    }

    /// <summary>The likeliest label of each word, of tags with alternatives or without.</summary>
    public static TagScore[] Best(TagScore[] tags, int words)
    {
        if (tags.Length == words) return tags;
        var best = new TagScore[words];
        for (int word = 0; word < words; word++) best[word] = tags[word * (tags.Length / words)];
        return best;
    }

    /// <param name="labels">The labels' names.</param>
    /// <param name="tags">All labels of each word, [words·labels].</param>
    /// <param name="most">Most labels of a word.</param>
    public static IReadOnlyList<IReadOnlyList<LabelScore>> OfWords(IReadOnlyList<string> labels, TagScore[] tags, int most) =>
        [.. tags.Chunk(labels.Count).Select(word =>
            (LabelScore[])[.. word.Skip(1).Take(most).Select(tag => new LabelScore(labels[tag.Label], tag.Score))])];

    /// <inheritdoc cref="OfWords" path="/param"/>
    public static IReadOnlyList<IReadOnlyList<LabelScore>> OfSpans(Tagger tagger, TagScore[] tags, int most)
    {
        int labels = tagger.Labels.Count;
        string[] names = [.. tagger.Labels.Select(label => tagger.Spans.Read(label) is (not SpanMark.Outside, var type) ? type : label)];
        return [.. tagger.Spans.Join(Best(tags, tags.Length / labels)).Select(span =>
        {
            double[] sums = new double[labels]; // over the words of the span
            foreach (TagScore tag in tags.AsSpan(span.First * labels, span.Count * labels)) sums[tag.Label] += tag.Score;
            return (LabelScore[])[.. names.Zip(sums).GroupBy(one => one.First, one => one.Second).Where(name => name.Key != span.Label)
                .Select(name => new LabelScore(name.Key, (float)(name.Sum() / span.Count)))
                .OrderByDescending(name => name.Score).Take(most)];
        })];
    }
}
