namespace RnnService.Engine.Tasks;

/// <summary>Neighbouring words that form one labelled piece of text.</summary>
/// <param name="Label">The label, without its B- or I-.</param>
/// <param name="First">Index of the first word.</param>
/// <param name="Count">Number of words, at least 1.</param>
/// <param name="Score">Mean of the words' probabilities.</param>
public readonly record struct LabelSpan(string Label, int First, int Count, float Score);

/// <summary>Joins the labels of words into spans.</summary>
public static class Spans
{
    /// <summary>
    /// Joins BIO labels: B-X begins a span of X, I-X goes on with it and begins one when there is none of X to go on with, and every
    /// other label (O) stands outside. In a label set without any B- or I- every word is a span of its own.
    /// </summary>
    /// <param name="words">The label and probability of each word.</param>
    /// <param name="labels">The model's label names in id order.</param>
    /// <returns>The spans from left to right.</returns>
    public static List<LabelSpan> Join(IReadOnlyList<TagScore> words, IReadOnlyList<string> labels)
    {
        bool joins = labels.Any(IsInside);
        var spans = new List<LabelSpan>(words.Count);
        bool open = false;
        for (int word = 0; word < words.Count; word++)
        {
            string label = labels[words[word].Label];
            float score = words[word].Score;
            if (!joins)
            {
                spans.Add(new LabelSpan(label, word, 1, score));
            }
            else if (Continues(label) && open && label.AsSpan(2).SequenceEqual(spans[^1].Label))
            {
                LabelSpan span = spans[^1];
                spans[^1] = span with { Count = span.Count + 1, Score = span.Score + (score - span.Score) / (span.Count + 1) };
            }
            else
            {
                open = IsInside(label);
                if (open) spans.Add(new LabelSpan(label[2..], word, 1, score));
            }
        }

        return spans;
    }

    /// <summary>Whether labels mark spans as BIO does: O and B-X or I-X, and nothing else.</summary>
    public static bool AreBio(IReadOnlyList<string> labels) => labels.Any(IsInside) && labels.All(label => label == "O" || IsInside(label));

    private static bool IsInside(string label) => Begins(label) || Continues(label);

    private static bool Begins(string label) => label.Length > 2 && label.StartsWith("B-", StringComparison.Ordinal);

    private static bool Continues(string label) => label.Length > 2 && label.StartsWith("I-", StringComparison.Ordinal);
}
