using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Tests.Cells;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Models;

public sealed class TaggerTests
{
    public static TheoryData<CellKind> Kinds => CellTests.Kinds;

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_sentence_in_a_batch_equals_the_sentence_alone(CellKind kind)
    {
        var random = new RandomSource(5);
        foreach (bool characters in (bool[])[false, true])
        {
            Tagger model = Tiny.Tagger(kind, characters, both: kind != CellKind.Sum);
            var sentences = new TaggerInput[15];
            for (int i = 0; i < sentences.Length; i++) sentences[i] = model.Encode(Tiny.Sentence(ref random, random.Below(9)));
            TagScore[][] together = model.Tag(sentences);
            for (int i = 0; i < sentences.Length; i++)
            {
                Assert.Equal(sentences[i].Length, together[i].Length);
                TagScore[] alone = model.Tag([sentences[i]])[0];
                Assert.Equal(alone.Select(tag => tag.Label), together[i].Select(tag => tag.Label));
                Expect.SameBits([.. alone.Select(tag => tag.Score)], [.. together[i].Select(tag => tag.Score)]);
            }
        }
    }

    [Fact]
    public void Spelling_counts_where_the_word_is_not_known()
    {
        Tagger blind = Tiny.Tagger(characters: false), reading = Tiny.Tagger(characters: true);
        Assert.Equal(Scores(blind, "zebra"), Scores(blind, "zebu"));
        Assert.NotEqual(Scores(reading, "zebra"), Scores(reading, "zebu"));

        static float Scores(Tagger model, string word) => model.Tag([model.Encode([word])])[0][0].Score;
    }

    [Fact]
    public void Monsters_and_odd_words_are_tagged()
    {
        Tagger model = Tiny.Tagger();
        TagScore[] tags = model.Tag([model.Encode([new string('a', 100_000), "", "\ud800", "e\u0301\u0302", "👩‍👩‍👧"])])[0];
        Assert.Equal(5, tags.Length);
        Assert.All(tags, tag => Assert.InRange(tag.Score, 1 / 3f, 1));
    }

    [Fact]
    public void The_middle_of_a_monster_does_not_count()
    {
        Tagger model = Tiny.Tagger();
        string head = new('x', 40), tail = new('y', 24);
        Assert.Equal(Score(head + "abc" + tail), Score(head + new string('q', 500) + tail));
        Assert.NotEqual(Score(head + "abc" + tail), Score("z" + head[1..] + "abc" + tail));

        float Score(string word) => model.Tag([model.Encode([word])])[0][0].Score;
    }

    [Fact]
    public void An_answer_has_a_label_a_word()
    {
        Tagger model = Tiny.Tagger();
        ModelAnswer answer = model.Answer("The cat  sat");
        TagScore[] tags = model.Tag([model.Encode(["The", "cat", "sat"])])[0];
        Assert.Equal(tags.Select(tag => model.Config.Labels[tag.Label]), answer.Labels);
        Assert.Equal(tags.Select(tag => tag.Score), answer.Scores);
        Assert.Empty(model.Answer("").Labels);
        Assert.Empty(model.Tag([]));
    }
}
