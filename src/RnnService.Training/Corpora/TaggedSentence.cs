using System.Collections.ObjectModel;
using System.Text;
using RnnService.Engine.Models;
using RnnService.Engine.Text;

namespace RnnService.Training.Corpora;

/// <summary>A sentence's words, each with its tag.</summary>
/// <param name="Words">The words in order; never empty.</param>
/// <param name="Tags">The words' tags, as many.</param>
public sealed record TaggedSentence(IReadOnlyList<string> Words, IReadOnlyList<string> Tags)
{
    /// <summary>The file it was read from; empty where it was not.</summary>
    public string Path { get; init; } = "";

    /// <summary>The line each word stands in, from 1; empty where that is not known.</summary>
    public IReadOnlyList<int> Lines { get; init; } = [];

    /// <summary>Values of further columns, one a word, by the names that <see cref="Recipes.AuxiliarySettings.Columns"/> asks for them by; empty unless it does.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Auxiliary { get; init; } = ReadOnlyDictionary<string, IReadOnlyList<string>>.Empty;

    /// <summary>Whether it was given by a program: <see cref="Path"/> then says what as.</summary>
    internal bool IsInMemory { get; init; }

    /// <summary>Where a word stands, for messages.</summary>
    internal string PlaceOf(int word) => word < Lines.Count ? $"{Path}, line {Lines[word]}" : Path;

    /// <summary>The same sentences with the tags that mark their spans in BIO, whichever way they were marked: IO, IOB1, IOB2, BIOES, BMES, BILOU, ….</summary>
    /// <param name="sentences">The sentences.</param>
    /// <param name="others">Sentences whose tags help to tell how all of them mark spans.</param>
    /// <exception cref="CorpusException">The tags mark no spans.</exception>
    internal static TaggedSentence[] InBio(IReadOnlyList<TaggedSentence> sentences, IReadOnlyList<TaggedSentence>? others = null)
    {
        string[] tags = [.. sentences.Concat(others ?? []).SelectMany(sentence => sentence.Tags).Distinct()];
        var scheme = SpanScheme.Of(tags);
        if (!scheme.MarksSpans && tags.Any(tag => tag != SpanScheme.Outside))
        {
            throw new CorpusException(new CorpusNote(
                $"{sentences[0].Path}: the tags are {Listing.Of([.. tags.Select(Listing.Quote)])}; expected some that mark spans, such as B-PER, since model.tags is given"));
        }

        return [.. sentences.Select(sentence => sentence with { Tags = scheme.InBio(sentence.Tags) })];
    }

    /// <summary>The same where it is known how the tags mark spans.</summary>
    /// <exception cref="CorpusException">A tag does not mark them so.</exception>
    internal static TaggedSentence[] InBio(IReadOnlyList<TaggedSentence> sentences, TagNotation notation)
    {
        string letters = notation switch
        {
            TagNotation.Io => "I",
            TagNotation.Bioes => "BIES",
            TagNotation.Bmes => "BMES",
            TagNotation.Bilou => "BILU",
            _ => "BI",
        };
        string[] tags = [.. sentences.SelectMany(sentence => sentence.Tags).Distinct()];
        if (SpanScheme.In(letters, tags) is { } scheme) return [.. sentences.Select(sentence => sentence with { Tags = scheme.InBio(sentence.Tags) })];
        if (notation == TagNotation.Io && !SpanScheme.Of(tags).MarksSpans)
        {
            // Types without a mark.
            return InBio([.. sentences.Select(sentence => sentence with { Tags = [.. sentence.Tags.Select(tag => tag == SpanScheme.Outside ? tag : $"I-{tag}")] })], notation);
        }

        string[] marked = [.. tags.Where(tag => tag != SpanScheme.Outside)];
        string wrong = marked.FirstOrDefault(tag => SpanScheme.In(letters, [marked[0], tag]) is null) ?? marked[0];
        TaggedSentence found = sentences.First(sentence => sentence.Tags.Contains(wrong));
        throw new CorpusException(new CorpusNote(
            $"{found.PlaceOf(found.Tags.ToList().IndexOf(wrong))}: the tag is {Listing.Quote(wrong)}; expected {SpanScheme.Outside}, or a type with one of the marks "
            + $"{string.Join(", ", letters.AsEnumerable())}, since notation is {SnakeCase.Of(notation)}"));
    }

    /// <summary>
    /// The sentence for a tagger over characters: a word of several is read as that many, with labels that mark the same span
    /// (<see cref="SpanScheme.Spread"/>) or, where labels mark none, each with the word's label. White space inside a word is left out.
    /// </summary>
    /// <param name="scheme">How the labels mark spans.</param>
    public TaggedSentence OverCharacters(SpanScheme scheme)
    {
        var characters = new List<string>(Words.Count);
        var tags = new List<string>(Words.Count);
        var lines = new List<int>(Words.Count);
        int[] lengths = new int[Words.Count];
        for (int word = 0; word < Words.Count; word++)
        {
            string[] parts = [.. Words[word].EnumerateRunes().Where(rune => !Rune.IsWhiteSpace(rune)).Select(rune => rune.ToString())];
            if (parts.Length == 0) parts = [Words[word]];
            characters.AddRange(parts);
            lengths[word] = parts.Length;
            tags.AddRange(scheme.Spread(Tags[word], parts.Length));
            if (Lines.Count > 0) lines.AddRange(Enumerable.Repeat(Lines[word], parts.Length));
        }

        return this with
        {
            Words = characters,
            Tags = tags,
            Lines = lines,
            Auxiliary = Auxiliary.ToDictionary(column => column.Key, column => (IReadOnlyList<string>)[.. column.Value.SelectMany(Repeated)]),
        };

        IEnumerable<string> Repeated(string value, int word) => Enumerable.Repeat(value, lengths[word]);
    }
}
