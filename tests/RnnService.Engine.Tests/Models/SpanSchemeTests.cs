using CsCheck;
using RnnService.Engine.Models;
using Xunit;

namespace RnnService.Engine.Tests.Models;

public sealed class SpanSchemeTests
{
    private static readonly string[] Bio = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"];
    private static readonly string[] Types = ["PER", "LOC", "X-Y"];

    // Spans from left to right, with or without a gap before each.
    private static readonly Gen<(int Gap, int Count, string Type)[]> Pieces =
        Gen.Select(Gen.Int[0, 2], Gen.Int[1, 4], Gen.Int[0, Types.Length - 1].Select(type => Types[type])).Array[0, 6];

    // By its letters: first, inner, last and only word of a span.
    public static TheoryData<string, string> Schemes => new()
    {
        { "BIO", "BIIB" }, { "BIOES", "BIES" }, { "BMES", "BMES" }, { "BILOU", "BILU" }, { "BMEW", "BMEW" },
    };

    [Theory]
    [InlineData("", "")]
    [InlineData("O O", "")]
    [InlineData("B-PER I-PER O B-LOC", "PER 0+2, LOC 3+1")]
    [InlineData("B-PER B-PER I-PER", "PER 0+1, PER 1+2")]
    [InlineData("I-PER I-PER", "PER 0+2")]
    [InlineData("B-PER I-LOC I-LOC", "PER 0+1, LOC 1+2")]
    [InlineData("B-PER O I-PER", "PER 0+1, PER 2+1")]
    public void Bio_labels_are_joined(string labels, string spans) => Assert.Equal(spans, Joined(SpanScheme.Of(Bio), labels));

    // What seqeval 1.2.2 gives in its default mode for sequences that no scheme allows.
    [Theory]
    [InlineData("E-PER", "PER 0+1")]
    [InlineData("O I-PER E-PER", "PER 1+2")]
    [InlineData("S-PER I-PER", "PER 0+1, PER 1+1")]
    [InlineData("B-PER S-PER E-PER", "PER 0+1, PER 1+1, PER 2+1")]
    [InlineData("B-PER E-LOC", "PER 0+1, LOC 1+1")]
    [InlineData("B-PER E-PER E-PER", "PER 0+2, PER 2+1")]
    [InlineData("B-PER I-PER O E-PER", "PER 0+2, PER 3+1")]
    [InlineData("B-PER B-PER E-PER", "PER 0+1, PER 1+2")]
    public void Labels_out_of_order_are_joined_as_conlleval_does(string labels, string spans) =>
        Assert.Equal(spans, Joined(SpanScheme.Of(["O", "B-PER", "I-PER", "E-PER", "S-PER", "E-LOC"]), labels));

    [Theory]
    [MemberData(nameof(Schemes))]
    public void The_same_spans_are_read_from_every_scheme(string name, string letters)
    {
        string[] labels = ["O", .. Types.SelectMany(type => letters.Distinct().Select(letter => $"{letter}-{type}"))];
        SpanScheme scheme = SpanScheme.Of(labels);
        Assert.Equal(name, scheme.Name);
        Pieces.Sample(pieces => Assert.Equal(Wanted(pieces), Joined(scheme, string.Join(' ', Write(pieces, letters)))));
    }

    [Theory]
    [MemberData(nameof(Schemes))]
    public void Marks_may_follow_the_type_stand_alone_be_small_or_be_joined_otherwise(string name, string letters)
    {
        Func<char, string, string>[] spellings =
        [
            (mark, type) => $"{type}-{mark}", (mark, type) => $"{mark}_{type}", (mark, type) => $"{type}_{mark}",
            (mark, type) => $"{char.ToLowerInvariant(mark)}-{type}", (mark, type) => $"{mark}__{type}",
        ];
        foreach (Func<char, string, string> spell in spellings)
        {
            SpanScheme scheme = SpanScheme.Of(["O", .. Types.SelectMany(type => letters.Distinct().Select(letter => spell(letter, type)))]);
            Assert.Equal(name, scheme.Name);
            Pieces.Sample(pieces => Assert.Equal(Wanted(pieces), Joined(scheme, string.Join(' ', Write(pieces, letters, spell)))));
        }

        SpanScheme alone = SpanScheme.Of(["O", .. letters.Distinct().Select(letter => $"{letter}")]);
        Assert.Equal(name, alone.Name);
        Pieces.Sample(pieces => Assert.Equal(
            Wanted([.. pieces.Select(piece => piece with { Type = SpanScheme.NoType })]),
            Joined(alone, string.Join(' ', Write(pieces, letters, (mark, _) => $"{mark}")))));
    }

    [Fact]
    public void Iob1_begins_a_span_with_I_unless_one_of_its_type_ends_before_it() => Pieces.Sample(pieces =>
    {
        var labels = new List<string>();
        string last = "";
        foreach (var (gap, count, type) in pieces)
        {
            labels.AddRange(Enumerable.Repeat("O", gap));
            labels.Add(gap == 0 && last == type ? $"B-{type}" : $"I-{type}");
            labels.AddRange(Enumerable.Repeat($"I-{type}", count - 1));
            last = type;
        }

        Assert.Equal(Wanted(pieces), Joined(SpanScheme.Of(["O", "B-PER", "I-PER", "I-LOC", "B-X-Y", "I-X-Y"]), string.Join(' ', labels)));
    });

    [Fact]
    public void Io_joins_what_touches()
    {
        SpanScheme scheme = SpanScheme.Of(["I-LOC", "I-PER", "O"]);
        Assert.Equal("IO", scheme.Name);
        Assert.Equal("PER 0+2, LOC 2+1, PER 4+1", Joined(scheme, "I-PER I-PER I-LOC O I-PER"));
    }

    [Theory]
    [MemberData(nameof(Schemes))]
    public void Words_spread_over_their_characters_mark_the_same_spans(string name, string letters)
    {
        SpanScheme scheme = SpanScheme.Of(["O", .. Types.SelectMany(type => letters.Distinct().Select(letter => $"{letter}-{type}"))]);
        Assert.Equal(name, scheme.Name);
        Gen.Select(Pieces, Gen.Int[1, 3].Array[40]).Sample((pieces, lengths) =>
        {
            string[] words = [.. Write(pieces, letters)];
            string[] characters = [.. words.SelectMany((label, word) => scheme.Spread(label, lengths[word]))];
            Assert.All(characters, label => Assert.Contains(label, SpanSchemeLabels(letters)));
            int[] starts = [0, .. lengths.Select((_, word) => lengths[..(word + 1)].Sum())];
            string wanted = string.Join(", ", scheme.Join(words).Select(
                span => $"{span.Label} {starts[span.First]}+{starts[span.First + span.Count] - starts[span.First]}"));
            Assert.Equal(wanted, Joined(scheme, string.Join(' ', characters)));
        });
    }

    [Fact]
    public void A_spans_score_is_the_mean_of_its_words()
    {
        LabelSpan span = Assert.Single(SpanScheme.Of(Bio).Join([new TagScore(1, .9f), new TagScore(2, .6f), new TagScore(2, .3f)]));
        Assert.Equal(.6f, span.Score, 1e-6f);
    }

    [Fact]
    public void Without_marks_every_word_stands_alone()
    {
        List<LabelSpan> spans = SpanScheme.Of(["NOUN", "O"]).Join([new TagScore(0, .9f), new TagScore(0, .8f), new TagScore(1, .7f)]);
        Assert.Equal([new LabelSpan("NOUN", 0, 1, .9f), new LabelSpan("NOUN", 1, 1, .8f), new LabelSpan("O", 2, 1, .7f)], spans);
    }

    [Theory]
    [InlineData("BIO", "O", "B-PER", "I-PER")]
    [InlineData("BIO", "O", "B-PER", "B-LOC")]
    [InlineData("BIO", "B-NN", "I-NN", "B-VV")] // every word is in some span
    [InlineData("IO", "I-LOC", "O")]
    [InlineData("IO", "O", "I")]
    [InlineData("IOE", "O", "I-PER", "E-PER")]
    [InlineData("BIOES", "O", "B-PER", "E-PER", "S-LOC")]
    [InlineData("BIOES", "O", "S-PER", "S-LOC")]
    [InlineData("BIOES", "B", "I", "E")]
    [InlineData("BMES", "B", "M", "E", "S")]
    [InlineData("BMES", "B-NN", "M-NN", "E-NN", "S-VV")]
    [InlineData("BMES", "<pad>", "[UNK]", "B", "M", "E", "S")]
    [InlineData("BIO", "O", "B-PER", "I-PER", "X", "[CLS]")]
    [InlineData("BIO", "O", "B-PER", "I-PER", "OO")] // one slip in a corpus
    [InlineData("BIO", "-", "PER_B", "PER_I")]
    public void The_labels_tell_the_scheme(string name, params string[] labels) => Assert.Equal(name, SpanScheme.Of(labels).Name);

    [Theory]
    [InlineData("NOUN", "VERB")]
    [InlineData("O", "X")]
    [InlineData("O", "PERSON")]
    [InlineData("S", "A", "V", "S-PRO", "A-PRO", "PR")] // Russian National Corpus
    [InlineData("N", "O", "S", "^", "Z", "L", "M", "V", "A", "E", "U", "B")] // tweets' parts of speech, with O for pronouns
    [InlineData("O", "E-MAIL", "S-BAHN", "U-BAHN")]
    [InlineData("E-MAIL", "PHONE", "O")]
    [InlineData("NN", "NN-TL", "IN", "FW-IN", "B-AB")]
    [InlineData("S-NP", "S-VP", "B-ADJP")]
    [InlineData("b", "s")]
    [InlineData("a", "b", "c")]
    public void Labels_that_only_look_marked_are_plain(params string[] labels)
    {
        SpanScheme scheme = SpanScheme.Of(labels);
        Assert.Null(scheme.Name);
        Assert.False(scheme.MarksSpans);
        Assert.Equal(labels, scheme.Join(labels).Select(span => span.Label));
        Assert.Equal([labels[0], labels[0]], scheme.Spread(labels[0], 2));
    }

    private static string[] SpanSchemeLabels(string letters) =>
        ["O", .. Types.SelectMany(type => letters.Distinct().Select(letter => $"{letter}-{type}"))];

    [Fact]
    public void Every_notation_is_rewritten_in_every_other_with_the_same_spans()
    {
        string[] bio = [.. Types.SelectMany(SpanScheme.BioOf), "O"];
        Pieces.Sample(
            pieces =>
            {
                foreach (string letters in (string[])["BIIB", "BIES", "BMES", "BILU", "BMEW"])
                {
                    string[] labels = [.. Write(pieces, letters)];
                    string[] rewritten = SpanScheme.Of(SpanSchemeLabels(letters)).InBio(labels);
                    Assert.Equal(Write(pieces, "BIIB"), rewritten);
                    foreach (SpanTags tags in Enum.GetValues<SpanTags>())
                    {
                        IReadOnlyList<string> inner = SpanScheme.LabelsIn(tags, bio);
                        var scheme = SpanScheme.Of(inner);
                        string[] written = [.. scheme.Write(rewritten.Length, SpanScheme.Of(bio).Join(rewritten)).Select(label => inner[label])];
                        Assert.Equal(Wanted(pieces), Joined(scheme, string.Join(' ', written)));
                        Assert.Equal(rewritten, scheme.InBio(written));
                        int[] ids = [.. written.Select(label => inner.ToList().IndexOf(label))];
                        for (int t = 0; t <= ids.Length; t++)
                            Assert.True(scheme.Allows(t == 0 ? null : ids[t - 1], t == ids.Length ? null : ids[t]));
                    }
                }

                // Where a span begins right after one of its type, IO cannot tell, and IOB1 says B there alone.
                string[] iob1 = [.. Write(pieces, "BIIB")];
                for (int t = iob1.Length - 1; t >= 0; t--)
                {
                    if (iob1[t][0] == 'B' && (t == 0 || iob1[t - 1] == "O" || iob1[t - 1][2..] != iob1[t][2..])) iob1[t] = "I" + iob1[t][1..];
                }

                Assert.Equal(Write(pieces, "BIIB"), SpanScheme.Of(bio).InBio(iob1));
                (int Gap, int Count, string Type)[] apart = [.. pieces.Select(piece => piece with { Gap = piece.Gap + 1 })];
                Assert.Equal(Write(apart, "BIIB"), SpanScheme.Of(["O", .. Types.Select(type => "I-" + type)]).InBio([.. Write(apart, "IIII")]));
            },
            threads: 1);
    }

    [Theory]
    [InlineData("O B-A I-A", "O B-A S-A I-A E-A")]
    [InlineData("I B O", "I E B S O")]
    [InlineData("A_I A_B B_B B_I O", "A_I A_E A_B A_S B_B B_S B_I B_E O")]
    public void Labels_of_another_notation_stand_where_those_of_BIO_do(string bio, string bioes)
    {
        Assert.True(SpanScheme.IsBio(bio.Split(' ')));
        Assert.Equal(bioes.Split(' '), SpanScheme.LabelsIn(SpanTags.Bioes, bio.Split(' ')));
        Assert.Equal(bio.Split(' '), SpanScheme.LabelsIn(SpanTags.Bio, bio.Split(' ')));
    }

    [Theory]
    [InlineData("O B-A")]
    [InlineData("B-A I-A")]
    [InlineData("O B-A I-A B-C")]
    [InlineData("O B-A I-A E-A S-A")]
    [InlineData("NOUN VERB")]
    public void Labels_that_are_not_BIO_are_told(string labels) => Assert.False(SpanScheme.IsBio(labels.Split(' ')));

    private static IEnumerable<string> Write(
        (int Gap, int Count, string Type)[] pieces, string letters, Func<char, string, string>? spell = null)
    {
        spell ??= (mark, type) => $"{mark}-{type}";
        foreach (var (gap, count, type) in pieces)
        {
            for (int i = 0; i < gap; i++) yield return "O";
            if (count == 1) yield return spell(letters[3], type);
            for (int i = 0; i < count && count > 1; i++)
                yield return spell(i == 0 ? letters[0] : i == count - 1 ? letters[2] : letters[1], type);
        }
    }

    private static string Wanted((int Gap, int Count, string Type)[] pieces)
    {
        int at = 0;
        return string.Join(", ", pieces.Select(piece =>
        {
            int start = at + piece.Gap;
            at = start + piece.Count;
            return $"{piece.Type} {start}+{piece.Count}";
        }));
    }

    private static string Joined(SpanScheme scheme, string labels) => string.Join(
        ", ",
        scheme.Join(labels.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(span => $"{span.Label} {span.First}+{span.Count}"));
}
