using CsCheck;
using RnnService.Engine.Text;
using Xunit;

namespace RnnService.Engine.Tests.Text;

/// <summary>Pairs are learnt as by counting all of them anew for every one.</summary>
public sealed class SubwordTrainerTests
{
    private static readonly Gen<string[]> Corpora = OneOf("ab", "abab", "aaaa", "ba", " ba", "c", "<", "pad", ">", "é", "\n").Array[0, 30]
        .Select(parts => (string[])[string.Concat(parts), string.Join(' ', parts)]);

    [Fact]
    public void The_most_frequent_pair_is_joined_first()
    {
        Corpora.Sample(texts => Assert.Equal(Naive(texts, 300), SubwordTrainer.Train(texts, 300).Merges));
    }

    [Fact]
    public void Order_of_texts_and_size_change_nothing_that_was_learnt_before()
    {
        Corpora.Sample(texts =>
        {
            Vocabulary large = SubwordTrainer.Train(texts, 290), small = SubwordTrainer.Train(texts.Reverse(), 270);
            Assert.True(large.Count <= 290 && small.Count <= 270);
            Assert.Equal(large.Tokens.Take(small.Count), small.Tokens);
            Assert.Equal(large.Merges!.Take(small.Merges!.Count), small.Merges);
        });
    }

    [Fact]
    public void The_size_follows_the_length_of_the_texts_and_has_room_for_all_bytes()
    {
        Assert.Equal(SubwordTrainer.FewestTokens, SubwordTrainer.Train(["abab"]).Count);
        Assert.Equal(SubwordTrainer.FewestTokens + 2, SubwordTrainer.Train(Enumerable.Repeat("some words ", 100)).Count);
        Assert.Throws<ArgumentOutOfRangeException>(() => SubwordTrainer.Train([], 258));
    }

    private static Gen<string> OneOf(params string[] parts) => Gen.Int[0, parts.Length - 1].Select(at => parts[at]);

    private static List<string> Naive(string[] texts, int size)
    {
        var vocabulary = new List<string>([Vocabulary.Padding, Vocabulary.Unknown, Vocabulary.End]);
        vocabulary.AddRange(Enumerable.Range(0, 256).Select(value => $"{ByteAlphabet.Of((byte)value)}"));
        var words = new List<List<string>>();
        foreach (string text in texts)
        {
            for (int start = 0, end; start < text.Length; start = end)
            {
                end = SubwordScanner.End(text, start);
                words.Add([.. ByteAlphabet.Of(text.AsSpan(start, end - start)).Select(character => $"{character}")]);
            }
        }

        var merges = new List<string>();
        while (vocabulary.Count < size)
        {
            var best = words.SelectMany(word => word.Zip(word.Skip(1))).CountBy(pair => pair)
                .Where(pair => pair.Value >= 2 && !vocabulary.Contains(pair.Key.First + pair.Key.Second))
                .OrderByDescending(pair => pair.Value).ThenBy(pair => vocabulary.IndexOf(pair.Key.First)).ThenBy(pair => vocabulary.IndexOf(pair.Key.Second))
                .FirstOrDefault();
            if (best.Value == 0) break;
            (string left, string right) = best.Key;
            vocabulary.Add(left + right);
            merges.Add($"{left} {right}");
            foreach (List<string> word in words)
            {
                for (int i = 0; i + 1 < word.Count; i++)
                {
                    if (word[i] != left || word[i + 1] != right) continue;
                    word[i] += right;
                    word.RemoveAt(i + 1);
                }
            }
        }

        return merges;
    }
}
