using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Tests.Cells;
using RnnService.Engine.Tests.Kernels;
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
        foreach ((bool characters, bool crf) in ((bool, bool)[])[(false, false), (true, false), (false, true), (true, true)])
        {
            Tagger model = Tiny.Tagger(kind, characters, both: kind != CellKind.Sum, crf: crf);
            var sentences = new TaggerInput[15];
            for (int i = 0; i < sentences.Length; i++) sentences[i] = model.Encode(Tiny.Sentence(ref random, random.Below(9)), withAlternatives: i % 2 > 0);
            TagScore[][] together = model.Tag(sentences);
            for (int i = 0; i < sentences.Length; i++)
            {
                Assert.Equal(sentences[i].Length * sentences[i].Ranks, together[i].Length);
                TagScore[] alone = model.Tag([sentences[i]])[0];
                Assert.Equal(alone.Select(tag => tag.Label), together[i].Select(tag => tag.Label));
                Expect.SameBits([.. alone.Select(tag => tag.Score)], [.. together[i].Select(tag => tag.Score)]);
            }
        }
    }

    [Fact]
    public void With_a_conditional_random_field_the_likeliest_string_is_answered_with_marginals()
    {
        Tagger model = Tiny.Tagger(crf: true);
        string[] words = ["the", "cat", "sat", "on", "it"];
        var emissions = new double[words.Length][];
        model.Network.Forward([model.Encode(words)], (_, step, logits) => emissions[step] = Tests.Draw.ToDouble(logits));
        LabelTransitions transitions = model.Network.Transitions!;
        double[] start = Tests.Draw.ToDouble(transitions.Start.Span), end = Tests.Draw.ToDouble(transitions.End.Span);
        double[] between = Tests.Draw.ToDouble(transitions.Between.Span);
        int[][] strings = [.. ChainReference.Strings(words.Length, 3)];
        double[] weights = [.. strings.Select(labels => Math.Exp(ChainReference.Score(start, between, end, emissions, labels)))];
        int[] best = strings[Array.IndexOf(weights, weights.Max())];

        TagScore[] tags = model.Tag([model.Encode(words)])[0], ranked = model.Tag([model.Encode(words, withAlternatives: true)])[0];
        Assert.Equal(best, tags.Select(tag => tag.Label));
        for (int t = 0; t < words.Length; t++)
        {
            TagScore[] own = ranked[(3 * t)..(3 * t + 3)];
            Assert.Equal(tags[t], own[0]);
            Assert.True(own[1].Score >= own[2].Score);
            foreach (TagScore tag in own)
                Assert.Equal(strings.Zip(weights).Where(one => one.First[t] == tag.Label).Sum(one => one.Second) / weights.Sum(), tag.Score, 1e-5);
        }
    }

    [Theory]
    [InlineData("O B-A I-A E-A S-A B-C I-C E-C S-C")]
    [InlineData("O B-A M-A E-A S-A")]
    [InlineData("O B I L U")]
    public void A_string_that_the_labels_forbid_is_not_answered(string labels)
    {
        var random = new RandomSource(9);
        int forbidden = 0;
        for (ulong seed = 1; seed <= 20; seed++)
        {
            Tagger model = Tiny.Tagger(crf: true, seed: seed, labels: labels.Split(' ')), single = Tiny.Tagger(seed: seed, labels: labels.Split(' '));
            string[] words = Tiny.Sentence(ref random, 1 + random.Below(8));
            Assert.True(IsAllowed(model, [.. model.Tag([model.Encode(words)])[0].Select(tag => tag.Label)]));
            if (!IsAllowed(single, [.. single.Tag([single.Encode(words)])[0].Select(tag => tag.Label)])) forbidden++;
        }

        Assert.True(forbidden > 5); // else nothing was tried

        // Marks that allow no string of one word.
        Tagger never = Tiny.Tagger(crf: true, labels: ["B", "E", "I"]);
        Assert.Single(never.Tag([never.Encode(["cat"])])[0]);

        static bool IsAllowed(Tagger model, int[] found) =>
            Enumerable.Range(0, found.Length + 1).All(t => model.Spans.Allows(t == 0 ? null : found[t - 1], t == found.Length ? null : found[t]));
    }

    [Theory]
    [InlineData(ElementType.F32)]
    [InlineData(ElementType.BF16)]
    [InlineData(ElementType.I8)]
    public void Saved_and_loaded_it_gives_the_same_bits(ElementType type)
    {
        var random = new RandomSource(4);
        DirectoryInfo folder = Directory.CreateTempSubdirectory("rnn-tagger-");
        try
        {
            Tagger model = Tiny.Tagger(crf: true, labels: ["B-A", "B-C", "I-A", "I-C", "O"], tags: SpanTags.Bioes);
            ModelFolder.Save(folder.FullName, model, "the cat sat", type);
            using var once = ModelFolder.Load<Tagger>(folder.FullName);
            Assert.Equivalent(model.Config, once.Config, strict: true);
            if (type != ElementType.BF16) Assert.Equal(model.Network.Transitions!.Between.ToArray(), once.Network.Transitions!.Between.ToArray());
            TaggerInput[] sentences = [.. Enumerable.Range(0, 9).Select(_ => once.Encode(Tiny.Sentence(ref random, 6), withAlternatives: true))];
            TagScore[][] found = once.Tag(sentences);
            if (type == ElementType.F32) Assert.Equal(model.Tag(sentences), found);
            ModelFolder.Save(folder.FullName, once, "the cat sat", type);
            using var twice = ModelFolder.Load<Tagger>(folder.FullName);
            Assert.Equal(found, twice.Tag(sentences));
        }
        finally
        {
            folder.Delete(recursive: true);
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
