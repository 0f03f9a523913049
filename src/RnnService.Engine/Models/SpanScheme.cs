using System.Diagnostics.CodeAnalysis;

namespace RnnService.Engine.Models;

/// <summary>Neighbouring words that form one labelled piece of text.</summary>
/// <param name="Label">The label, without its mark: <c>PER</c> of <c>B-PER</c>.</param>
/// <param name="First">Index of the first word.</param>
/// <param name="Count">Number of words, at least 1.</param>
/// <param name="Score">Mean of the words' probabilities.</param>
public readonly record struct LabelSpan(string Label, int First, int Count, float Score);

/// <summary>What a label says about its word's place in a span.</summary>
public enum SpanMark
{
    /// <summary>In no span (<c>O</c>).</summary>
    Outside,

    /// <summary>The first word of a span (<c>B</c>).</summary>
    Begin,

    /// <summary>A word that goes on with a span, and begins one where none of its type is open (<c>I</c>, <c>M</c>).</summary>
    Inside,

    /// <summary>The last word of a span of several (<c>E</c>, <c>L</c>).</summary>
    End,

    /// <summary>A span of one word (<c>S</c>, <c>U</c>, <c>W</c>).</summary>
    Single,
}

/// <summary>How a network marks spans.</summary>
public enum SpanTags
{
    /// <summary>B begins, I goes on (IOB2).</summary>
    Bio,

    /// <summary>The same with E for the last word of several, and S for a span of one word.</summary>
    Bioes,

    /// <summary>The same with M in the place of I.</summary>
    Bmes,

    /// <summary>As BIOES with L for the last word, and U for a span of one.</summary>
    Bilou,
}

/// <summary>
/// How a set of labels marks spans, found from the labels alone: IO, IOB1, IOB2 (BIO), BIOES, BMES and BILOU, as <c>B-PER</c> or as
/// <c>B</c> without a type, the mark before or after the type, joined by <c>-</c> or <c>_</c>. Labels that mark no spans, such as parts
/// of speech, make each word a span of its own. The one place that joins labels into spans, for answers and for scores. Immutable and
/// safe for any number of threads.
/// </summary>
/// <remarks>
/// One rule reads all schemes, that of conlleval and of seqeval's default. A span begins at B and S; also at I and E where no span of the
/// same type is open, that is at the start of a sentence, after O, after E and S, and after another type. It ends after E and S, and
/// before whatever does not go on with it. IO, IOB1 and IOB2 therefore need not be told apart: the same labels give the same spans.
/// </remarks>
public sealed class SpanScheme
{
    /// <summary>The type of spans whose marks stand alone, as seqeval calls it.</summary>
    public const string NoType = "_";

    /// <summary>The label of a word in no span, where labels are written.</summary>
    internal const string Outside = "O";

    private readonly IReadOnlyList<string> _labels;
    private readonly SpanNotation? _notation;
    private readonly string _letters; // of the marks that occur
    private readonly (SpanMark Mark, string Type)[] _marks; // of each label

    private SpanScheme(IReadOnlyList<string> labels, SpanNotation? notation, string letters)
    {
        (_labels, _notation, _letters) = (labels, notation, letters);
        _marks = [.. labels.Select(Read)];
    }

    /// <summary>The scheme's usual name, such as BIO (for IOB1 too) or BIOES; null where labels mark no spans.</summary>
    public string? Name => !MarksSpans ? null
        : _letters.AsSpan().ContainsAny("LU") ? "BILOU"
        : _letters.Contains('M') || _letters.Contains('W') ? _letters.Contains('W') ? "BMEW" : "BMES"
        : _letters.AsSpan().ContainsAny("ES") ? _letters is "IE" ? "IOE" : "BIOES"
        : _letters == "I" ? "IO" : "BIO";

    /// <summary>Whether labels mark spans.</summary>
    [MemberNotNullWhen(true, nameof(Name))]
    public bool MarksSpans => _notation is not null;

    /// <summary>Finds the scheme of a set of labels.</summary>
    /// <param name="labels">The label names in id order.</param>
    public static SpanScheme Of(IReadOnlyList<string> labels)
    {
        foreach (SpanNotation notation in SpanNotation.All)
        {
            if (notation.LettersOf(labels) is { } letters) return new SpanScheme(labels, notation, letters);
        }

        return new SpanScheme(labels, null, "");
    }

    /// <summary>The scheme of labels that are known to be outside or to have one of these marks; null where they are not, or not spelled alike.</summary>
    /// <param name="letters">The marks, in the order of <c>BIMELSUW</c>.</param>
    /// <param name="labels">The label names in id order.</param>
    internal static SpanScheme? In(string letters, IReadOnlyList<string> labels)
    {
        foreach (SpanNotation notation in SpanNotation.All)
        {
            if (labels.All(label => notation.IsOutside(label) || notation.TryRead(label, out char letter, out _) && letters.Contains(letter)))
                return new SpanScheme(labels, notation, letters);
        }

        return null;
    }

    /// <summary>
    /// What a label says, be it one of the set or another of the same notation; <see cref="SpanMark.Outside"/> where it has no mark.
    /// </summary>
    public (SpanMark Mark, string Type) Read(string label) => _notation is { } notation && notation.TryRead(label, out char letter, out string type)
        ? (MarkOf(letter), type)
        : (SpanMark.Outside, "");

    /// <summary>Joins the labels of words into spans, from left to right; without marks every word is one.</summary>
    /// <param name="words">The label, an index into the set, and probability of each word.</param>
    public List<LabelSpan> Join(IReadOnlyList<TagScore> words) => MarksSpans
        ? Join(words.Count, at => _marks[words[at].Label], at => words[at].Score)
        : [.. words.Select((word, at) => new LabelSpan(_labels[word.Label], at, 1, word.Score))];

    /// <summary>Joins labels by name, each with probability 1.</summary>
    /// <param name="words">The label of each word, of the set or not.</param>
    public List<LabelSpan> Join(IReadOnlyList<string> words) => MarksSpans
        ? Join(words.Count, at => Read(words[at]), _ => 1)
        : [.. words.Select((label, at) => new LabelSpan(label, at, 1, 1))];

    /// <summary>
    /// The labels of a word's parts, such as its characters, that mark the same span: B of a word goes on with I, E comes last, S becomes B,
    /// I and E; a label without a mark is every part's.
    /// </summary>
    /// <param name="label">The word's label.</param>
    /// <param name="parts">Number of its parts, at least 1.</param>
    public string[] Spread(string label, int parts)
    {
        string[] spread = new string[parts];
        Array.Fill(spread, label);
        SpanMark mark = Read(label).Mark;
        if (mark == SpanMark.Outside || parts == 1) return spread;
        Array.Fill(spread, With(_letters.Contains('M') ? 'M' : 'I'));
        if (mark == SpanMark.Begin) spread[0] = label;
        if (mark == SpanMark.End) spread[^1] = label;
        if (mark == SpanMark.Single) (spread[0], spread[^1]) = (With('B'), With(_letters.AsSpan().ContainsAny("LU") ? 'L' : 'E'));
        return spread;

        string With(char letter) => _notation!.Value.WithMark(label, letter);
    }

    /// <summary>The labels in BIO that mark the spans of these; of spans without a type marks alone.</summary>
    /// <param name="words">The label of each word, of the set or not.</param>
    internal string[] InBio(IReadOnlyList<string> words)
    {
        string[] labels = new string[words.Count];
        Array.Fill(labels, Outside);
        foreach (LabelSpan span in MarksSpans ? Join(words) : [])
        {
            for (int i = 0; i < span.Count; i++) labels[span.First + i] = BioOf(span.Label)[i == 0 ? 0 : 1];
        }

        return labels;
    }

    /// <summary>The two labels of a type in BIO.</summary>
    internal static string[] BioOf(string type) => type == NoType ? ["B", "I"] : [$"B-{type}", $"I-{type}"];

    /// <summary>The labels of words that mark spans, by the labels of this set.</summary>
    /// <param name="words">Number of words.</param>
    /// <param name="spans">The spans, from left to right.</param>
    /// <returns>An index into the set for each word; −1 where the set cannot mark a word's place in a span of its type.</returns>
    public int[] Write(int words, IReadOnlyList<LabelSpan> spans)
    {
        int[] labels = new int[words];
        Array.Fill(labels, Find(SpanMark.Outside, ""));
        foreach (LabelSpan span in spans)
        {
            for (int i = 0; i < span.Count; i++)
            {
                bool first = i == 0, last = i == span.Count - 1;
                SpanMark usual = first ? SpanMark.Begin : SpanMark.Inside, mark = first && last ? SpanMark.Single : last ? SpanMark.End : usual;
                int found = Find(mark, span.Label);
                labels[span.First + i] = found >= 0 ? found : Find(usual, span.Label);
            }
        }

        return labels;

        int Find(SpanMark mark, string type) => Array.IndexOf(_marks, (mark, type));
    }

    /// <summary>
    /// Whether a label may follow another where every span begins with its mark and, where there are marks for it, ends with one; what IOB1, IO and
    /// labels that miss a mark allow is more.
    /// </summary>
    /// <param name="before">An index into the set; null at the start of a text.</param>
    /// <param name="after">An index into the set; null at its end.</param>
    public bool Allows(int? before, int? after)
    {
        (SpanMark mark, string type) = before is { } one ? _marks[one] : (SpanMark.Outside, "");
        (SpanMark next, string nextType) = after is { } other ? _marks[other] : (SpanMark.Outside, "");
        bool open = mark is SpanMark.Begin or SpanMark.Inside;
        return next is SpanMark.Inside or SpanMark.End ? open && type == nextType : !open || !HasEnds;
    }

    /// <summary>Whether labels mark where a span begins, where it ends, and spans of one word: then <see cref="Allows"/> is what they allow.</summary>
    internal bool IsStrict => _letters.Contains('B') && HasEnds && _letters.AsSpan().ContainsAny("SUW");

    private bool HasEnds => _letters.AsSpan().ContainsAny("EL");

    /// <summary>Whether labels are O, and for each type one with B and one with I.</summary>
    internal static bool IsBio(IReadOnlyList<string> labels)
    {
        SpanScheme scheme = Of(labels);
        return scheme._letters == "BI" && scheme._marks.Count(label => label.Mark == SpanMark.Outside) == 1
            && scheme._marks.All(label => label.Mark == SpanMark.Outside || scheme._marks.Count(other => other.Type == label.Type) == 2);
    }

    /// <summary>The labels that mark in another way what labels in BIO mark: those that come of each stand together, in its place.</summary>
    internal static IReadOnlyList<string> LabelsIn(SpanTags tags, IReadOnlyList<string> bio)
    {
        SpanScheme scheme = Of(bio);
        (string begin, string inside) = tags switch
        {
            SpanTags.Bioes => ("BS", "IE"),
            SpanTags.Bmes => ("BS", "ME"),
            SpanTags.Bilou => ("BU", "IL"),
            _ => ("B", "I"),
        };
        return [.. bio.SelectMany((label, i) => scheme._marks[i].Mark switch
        {
            SpanMark.Begin => begin.Select(letter => scheme._notation!.Value.WithMark(label, letter)),
            SpanMark.Inside => inside.Select(letter => scheme._notation!.Value.WithMark(label, letter)),
            _ => [label],
        })];
    }

    private static List<LabelSpan> Join(int count, Func<int, (SpanMark Mark, string Type)> markOf, Func<int, float> scoreOf)
    {
        var spans = new List<LabelSpan>(count);
        bool open = false;
        for (int at = 0; at < count; at++)
        {
            (SpanMark mark, string type) = markOf(at);
            if (mark == SpanMark.Outside)
            {
                open = false;
                continue;
            }

            float score = scoreOf(at);
            if (open && mark is (SpanMark.Inside or SpanMark.End) && type == spans[^1].Label)
            {
                LabelSpan span = spans[^1];
                spans[^1] = span with { Count = span.Count + 1, Score = span.Score + (score - span.Score) / (span.Count + 1) };
            }
            else
            {
                spans.Add(new LabelSpan(type, at, 1, score));
            }

            open = mark is SpanMark.Begin or SpanMark.Inside;
        }

        return spans;
    }

    private static SpanMark MarkOf(char letter) => letter switch
    {
        'B' => SpanMark.Begin,
        'I' or 'M' => SpanMark.Inside,
        'E' or 'L' => SpanMark.End,
        _ => SpanMark.Single,
    };
}
