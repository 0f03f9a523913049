using CsCheck;
using RnnService.Training.Corpora;
using RnnService.Training.Objectives;
using Xunit;

namespace RnnService.Training.Tests.Objectives;

public sealed class CorpusFingerprintTests
{
    private static readonly Gen<LabelledText[]> Examples =
        Gen.Select(Gen.String[Gen.Char['a', 'c'], 0, 3], Gen.String[Gen.Char['a', 'c'], 0, 3]).Select((label, text) => new LabelledText(label, text)).Array[0, 4];

    [Fact]
    public void Two_corpora_have_the_same_when_all_labels_and_texts_are_the_same() => Gen.Select(Examples, Examples).Sample((one, two) =>
    {
        bool same = one.Select(example => (example.Label, example.Text)).SequenceEqual(two.Select(example => (example.Label, example.Text)));
        CorpusFingerprint first = CorpusFingerprint.Of(one), second = CorpusFingerprint.Of(two);
        Assert.Equal(same, first == second);
        Assert.Equal(same, first.DifferenceFrom(second) is null);
        Assert.Equal(first, CorpusFingerprint.Parse(first.ToString()));
        Assert.Equal((one.Length, one.Sum(example => example.Text.Length)), ((int)first.Texts, (int)first.Characters));
    }, iter: 500);

    [Fact]
    public void A_tag_is_no_word_and_a_boundary_counts()
    {
        CorpusFingerprint[] all =
        [
            CorpusFingerprint.Of([new TaggedSentence(["ab", "c"], ["X", "Y"])]),
            CorpusFingerprint.Of([new TaggedSentence(["a", "bc"], ["X", "Y"])]),
            CorpusFingerprint.Of([new TaggedSentence(["ab", "c"], ["Y", "X"])]),
            CorpusFingerprint.Of([new TaggedSentence(["ab"], ["X"]), new TaggedSentence(["c"], ["Y"])]),
            CorpusFingerprint.Of([new TaggedSentence(["X", "Y"], ["ab", "c"])]),
            // The same strings one after another, in as many sentences.
            CorpusFingerprint.Of([new TaggedSentence(["a"], ["X"]), new TaggedSentence(["b", "c"], ["Y", "Z"])]),
            CorpusFingerprint.Of([new TaggedSentence(["Y", "Z"], ["X", "a"]), new TaggedSentence(["c"], ["b"])]),
        ];
        Assert.Equal(all.Length, all.Select(print => print.Sha256).Distinct().Count());
        Assert.Equal("as long as then (3 characters), but of other content", all[0].DifferenceFrom(all[1]));
        Assert.Equal("3 characters then, 2 texts of 3 characters now", all[3].DifferenceFrom(all[0]));
    }
}
