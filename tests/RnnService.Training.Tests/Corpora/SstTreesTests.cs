using CsCheck;
using RnnService.Training.Corpora;
using Xunit;

namespace RnnService.Training.Tests.Corpora;

public sealed class SstTreesTests : IDisposable
{
    private const string Tree = "(3 (2 It) (4 (2 's) (4 (3 Good) (1 (2 -LRB-) (1 and\\/or\\*)))))";

    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private CorpusSource Source(string content, bool phrases = false) =>
        new() { Path = _folder.Write("trees.txt", content), Format = "sst-trees", Phrases = phrases };

    [Fact]
    public void A_tree_is_its_whole_sentence_lower_cased_and_unescaped() =>
        Assert.Equal([new("positive", "it 's good ( and/or*")], Corpus.ReadLabelled(Source(Tree)));

    [Fact]
    public void Every_labelled_phrase_is_read_when_asked_and_neutral_ones_are_dropped()
    {
        LabelledText[] wanted =
        [
            new("positive", "good"),
            new("negative", "and/or*"),
            new("negative", "( and/or*"),
            new("positive", "good ( and/or*"),
            new("positive", "'s good ( and/or*"),
            new("positive", "it 's good ( and/or*"),
        ];
        Assert.Equal(wanted, Corpus.ReadLabelled(Source(Tree, phrases: true)));
    }

    [Fact]
    public void Names_of_their_own_keep_the_classes_they_name()
    {
        var names = new Dictionary<string, string> { ["2"] = "neutral", ["4"] = "very positive" };
        var read = Corpus.ReadLabelled(Source("(4 (2 so) (3 so))\n(3 (2 x) (2 y))\n", phrases: true) with { LabelNames = names });
        Assert.Equal([new("neutral", "so"), new("very positive", "so so"), new("neutral", "x"), new("neutral", "y")], read);
    }

    [Fact]
    public void Pairs_that_repeat_are_kept_once_when_asked()
    {
        var source = Source("(4 (4 fun) (4 Fun))\n(0 (1 fun) (2 .))\n", phrases: true);
        Assert.Equal(5, Corpus.ReadLabelled(source).Count);
        Assert.Equal(
            [new("positive", "fun"), new("positive", "fun fun"), new("negative", "fun"), new("negative", "fun .")],
            Corpus.ReadLabelled(source with { Distinct = true }));
    }

    [Fact]
    public void A_no_break_space_stays_within_its_word() =>
        Assert.Equal([new("negative", "1\u00A01/2 stars")], Corpus.ReadLabelled(Source("(1 (2 1\u00A01\\/2) (2 stars))")));

    [Fact]
    public void Any_tree_gives_as_many_phrases_as_it_has_nodes()
    {
        var word = Gen.Char['a', 'z'].Array[1, 6].Select(letters => new string(letters));
        var merges = Gen.Select(Gen.Int[0, 1000], Gen.Int[0, 4]).Array[8];
        var all = "01234".ToDictionary(label => $"{label}", label => $"class {label}");

        Gen.Select(word.Array[1, 9], merges).Sample(
            (words, steps) =>
            {
                var trees = words.Select(one => $"(2 {one})").ToList();
                foreach (var (place, label) in steps.Take(words.Length - 1))
                {
                    int left = place % (trees.Count - 1);
                    trees[left] = $"({label} {trees[left]} {trees[left + 1]})";
                    trees.RemoveAt(left + 1);
                }

                var read = Corpus.ReadLabelled(Source(trees.Single(), phrases: true) with { LabelNames = all });
                return read.Count == (2 * words.Length) - 1
                    && read[^1] == new LabelledText($"class {trees[0][1]}", string.Join(' ', words));
            },
            iter: 200,
            threads: 1);
    }

    [Theory]
    [InlineData("x", ", line 2: 'x' in column 1; expected \"(\"")]
    [InlineData("(5 x)", ", line 2: class \"5\" after \"(\"; expected 0, 1, 2, 3 or 4")]
    [InlineData("((2 x))", ", line 2: class \"\" after \"(\"; expected 0, 1, 2, 3 or 4")]
    [InlineData("(2 x", ", line 2: the line's end in column 5; expected a word or \"(\" or, after a word, \")\" (1 open)")]
    [InlineData("(2 (3 x)", ", line 2: the line's end in column 9; expected a word or \"(\" or, after a word, \")\" (1 open)")]
    [InlineData("(2 )", ", line 2: ')' in column 4; expected a word or \"(\" or, after a word, \")\" (1 open)")]
    [InlineData("(2 x) (3 y)", ", line 2: ' ' in column 6; expected the line's end after one tree")]
    [InlineData("(2\tx)", ", line 2: '\t' in column 3; expected a word or \"(\" or, after a word, \")\" (1 open)")]
    [InlineData("(2 x))", ", line 2: ')' in column 6; expected the line's end after one tree")]
    public void A_line_that_is_no_tree_is_named(string line, string message)
    {
        var source = Source($"(3 fine)\n{line}\n");
        Assert.Equal(source.Path + message, Assert.Throws<InvalidDataException>(() => Corpus.ReadLabelled(source)).Message);
    }

    [Fact]
    public void Neutral_sentences_alone_are_no_corpus()
    {
        var source = Source("(2 (2 so) (2 so))");
        Assert.Equal(
            $"{source.Path} holds no labelled text; expected at least one",
            Assert.Throws<InvalidDataException>(() => Corpus.ReadLabelled(source)).Message);
    }
}
