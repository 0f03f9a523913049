namespace RnnService.Training.Corpora;

/// <summary>What people call the columns of their corpora.</summary>
internal static class ColumnNames
{
    public static readonly string[] Texts =
    [
        "text", "sentence", "review", "comment", "content", "message", "body", "utterance", "document", "tweet", "question", "query",
        "description", "review_text", "reviewtext", "comment_text", "sms", "headline", "title", "post", "input", "article", "paragraphs", "lyrics", "story", "poem",
    ];

    public static readonly string[] Labels =
    [
        "label", "labels", "category", "class", "sentiment", "intent", "target", "tag", "topic", "class_name", "class_label", "label_text",
        "emotion", "polarity", "rating", "stars", "score", "language", "lang", "type", "airline_sentiment", "output", "y",
    ];

    public static readonly string[] Sources = ["source", "src", "input", "text", "original", "document", "article", "body", "question", "sentence"];

    public static readonly string[] Targets =
        ["target", "tgt", "trg", "translation", "output", "summary", "headline", "title", "highlights", "answer", "reference", "label"];

    public static readonly string[] Words = ["tokens", "words", "forms", "token", "word"];

    public static readonly string[] Tags =
        ["tags", "ner_tags", "pos_tags", "labels", "upos", "ner", "pos", "bio_tags", "chunk_tags", "slot_tags", "slots", "tag", "label"];

    /// <summary>Of what is to be found at the steps of a sequence of numbers.</summary>
    public static readonly string[] StepLabels = ["label", "class", "target", "occupancy", "phase", "y"];

    /// <summary>The place of the first of the usual names that is there, or −1.</summary>
    public static int Find(IReadOnlyList<string> names, IReadOnlyList<string> usual)
    {
        string[] found = [.. names.Select(Normal)];
        return usual.Select(name => Array.IndexOf(found, name)).FirstOrDefault(place => place >= 0, -1);
    }

    /// <summary>The place of a name that is asked for, exact before any case, or −1.</summary>
    public static int Find(IReadOnlyList<string> names, string asked)
    {
        int exact = IndexOf(name => name == asked);
        return exact >= 0 ? exact : IndexOf(name => Normal(name) == Normal(asked));

        int IndexOf(Func<string, bool> fits)
        {
            for (int i = 0; i < names.Count; i++)
            {
                if (fits(names[i])) return i;
            }

            return -1;
        }
    }

    private static string Normal(string name) => name.Trim().ToLowerInvariant().Replace(' ', '_').Replace('-', '_');
}
