using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CsCheck;
using Microsoft.ML.Tokenizers;
using RnnService.Engine.Text;
using Xunit;

namespace RnnService.Engine.Tests.Text;

/// <summary>Any text has tokens and is what they spell; the tokens are those of the plainest algorithm, and of other libraries.</summary>
public sealed partial class SubwordTokenizerTests
{
    private const string Corpus =
        "the cat sat on the mat, the other cat's hat isn't there; they'll gather 1,234 feathers in 2024\n\n"
        + "  ça va, là-bas? naïve cafés: 😀😀 👍🏽 日本語の日本 Ελλάδα один два один два  \tthe then them these";

    private static readonly SubwordTokenizer Subwords = new(SubwordTrainer.Train(Enumerable.Repeat(Corpus, 4), 420));

    private static readonly Gen<string> Texts = Gen.OneOf(
        Gen.String, Gen.Int[0, 40].SelectMany(length => OneOf(
            "the", " the", "cat", "'s", "'ll", "'", " ", "  ", "\n", "\t", "1", "234", ",", "é", "日本", "😀", "👍🏽", "\ud83d", "\ude00", "isn't").Array[length])
            .Select(string.Concat));

    [Fact]
    public void Every_text_is_what_its_tokens_spell_and_nothing_is_unknown()
    {
        Texts.Sample(text =>
        {
            int[] ids = Subwords.Encode(text, out IReadOnlyList<string> unknown);
            Assert.Empty(unknown);
            Assert.DoesNotContain(ids, id => Subwords.Vocabulary.IsSpecial(id));
            // As for characters, a lone surrogate is U+FFFD.
            Assert.Equal(string.Concat(text.EnumerateRunes()), Subwords.Decode(ids));
        });
    }

    [Fact]
    public void Tokens_lie_side_by_side_and_tell_where_they_are()
    {
        Texts.Sample(text =>
        {
            TokenizedText read = Subwords.Read(text);
            Assert.Equal(Subwords.Encode(text), read.Ids);
            int start = 0, codePoint = 0;
            foreach (Token token in read.Tokens)
            {
                Assert.Equal((start, codePoint), (token.Start, token.CodePointStart));
                Assert.Equal(text[token.Start..token.End], token.Text);
                Assert.Equal(token.Text.EnumerateRunes().Count(), token.CodePointEnd - token.CodePointStart);
                (start, codePoint) = (token.End, token.CodePointEnd);
            }

            Assert.Equal(text.Length, start);
        });
    }

    /// <summary>Also of tokens that are no text: the last bytes are held back as long as they may begin a character.</summary>
    [Fact]
    public void Tokens_one_by_one_spell_what_they_spell_together()
    {
        Gen.Int[3, Subwords.Vocabulary.Count - 1].Array[0, 12].Sample(ids =>
        {
            byte[] bytes = [.. ids.SelectMany(id => ByteAlphabet.Bytes(Subwords.Vocabulary[id])!)];
            string all = Encoding.UTF8.GetString(bytes);
            var partial = default(PartialCharacter);
            string text = string.Concat(ids.Select(id => Subwords.Decode(id, ref partial)));
            Assert.Equal(all, text + Encoding.UTF8.GetString(partial.ToBytes()));
            Assert.Equal(text, Subwords.Decode(ids));
        });
    }

    [Fact]
    public void The_last_tokens_say_which_character_has_begun()
    {
        Vocabulary known = Subwords.Vocabulary;
        int[] bytes = [.. Encoding.UTF8.GetBytes("é日😀").Select(one => known.IdOf($"{ByteAlphabet.Of(one)}"))];
        Gen<int> id = Gen.OneOf(Gen.Int[0, known.Count - 1], Gen.Const(known.EndId), Gen.Int[0, bytes.Length - 1].Select(at => bytes[at]));
        Gen.Select(id.Array[0, 8], id.Array[0, 3]).Sample((ids, earlier) =>
        {
            PartialCharacter before = default, expected;
            foreach (int one in earlier) Subwords.Decode(one, ref before);
            expected = before;
            foreach (int one in ids) Subwords.Decode(one, ref expected);
            Assert.Equal(expected, Subwords.PartialAfter(ids, before));
        });
    }

    [Fact]
    public void Pieces_are_those_of_the_regular_expression_of_GPT2()
    {
        // .NET's expressions read UTF-16 units, so that letters beyond U+FFFF are none.
        Texts.Where(text => text.EnumerateRunes().All(rune => rune.IsBmp || !Rune.IsLetterOrDigit(rune))).Sample(text =>
        {
            var pieces = new List<string>();
            for (int start = 0, end; start < text.Length; start = end)
            {
                end = SubwordScanner.End(text, start);
                pieces.Add(text[start..end]);
            }

            Assert.Equal(Gpt2().Matches(text).Select(match => match.Value), pieces);
        });
    }

    [Fact]
    public void Neighbours_are_joined_as_by_looking_for_the_lowest_rank_again_and_again()
    {
        string[] merges = [.. Subwords.Vocabulary.Merges!];
        Texts.Sample(text =>
        {
            string[] expected = [.. Gpt2().Matches(string.Concat(text.EnumerateRunes()))
                .SelectMany(piece => Naive([.. ByteAlphabet.Of(piece.Value).Select(character => $"{character}")]))];
            if (text.EnumerateRunes().All(rune => rune.IsBmp || !Rune.IsLetterOrDigit(rune)))
                Assert.Equal(expected, Subwords.Encode(text).Select(id => Subwords.Vocabulary[id]));
        });

        List<string> Naive(List<string> parts)
        {
            while (true)
            {
                var pairs = Enumerable.Range(0, parts.Count - 1).Select(i => (Rank: Array.IndexOf(merges, $"{parts[i]} {parts[i + 1]}"), At: i)).Where(pair => pair.Rank >= 0);
                if (!pairs.Any()) return parts;
                int at = pairs.Min().At;
                parts[at] += parts[at + 1];
                parts.RemoveAt(at + 1);
            }
        }
    }

    [Fact]
    public void Microsoft_ML_Tokenizers_reads_the_files_and_gives_the_same_ids()
    {
        string folder = Directory.CreateTempSubdirectory("subwords").FullName, ids = Path.Combine(folder, "vocab.json"), merges = Path.Combine(folder, "merges.txt");
        File.WriteAllBytes(ids, SubwordFiles.Ids(Subwords));
        File.WriteAllBytes(merges, SubwordFiles.Merges(Subwords));
        var theirs = BpeTokenizer.Create(new BpeOptions(ids, merges) { ByteLevel = true, PreTokenizer = new RegexPreTokenizer(Gpt2(), null) });
        Directory.Delete(folder, recursive: true);
        Gen.OneOf(Gen.Const(Corpus), Texts).Where(text => text.EnumerateRunes().All(rune => rune.IsBmp && rune != Rune.ReplacementChar || !Rune.IsLetterOrDigit(rune)))
            .Where(text => text.Length > 0 && !text.Any(char.IsSurrogate)).Sample(text => Assert.Equal(theirs.EncodeToIds(text), Subwords.Encode(text)));
    }

    [Fact]
    public void The_file_of_Hugging_Face_holds_the_tokens_merges_and_rules()
    {
        using var file = JsonDocument.Parse(SubwordFiles.HuggingFace(Subwords));
        JsonElement model = file.RootElement.GetProperty("model");
        Assert.Equal(Subwords.Vocabulary.Tokens, model.GetProperty("vocab").EnumerateObject().OrderBy(token => token.Value.GetInt32()).Select(token => token.Name));
        Assert.Equal(Subwords.Vocabulary.Merges, model.GetProperty("merges").EnumerateArray().Select(pair => $"{pair[0]} {pair[1]}"));
        Assert.Equal(["<pad>", "<unk>", "</s>"], file.RootElement.GetProperty("added_tokens").EnumerateArray().Select(token => token.GetProperty("content").GetString()));
        Assert.Equal("ByteLevel", file.RootElement.GetProperty("pre_tokenizer").GetProperty("type").GetString());
    }

    [Fact]
    public void Lower_case_changes_the_ids_and_not_the_text()
    {
        var small = new SubwordTokenizer(Subwords.Vocabulary, lowerCase: true);
        TokenizedText read = small.Read("The CAT İK sat");
        Assert.Equal(Subwords.Encode("The CAT İK sat".ToLowerInvariant()), read.Ids);
        Assert.Equal("The CAT İK sat", string.Concat(read.Tokens.Select(token => token.Text)));
    }

    [Fact]
    public void A_word_of_a_hundred_thousand_letters_takes_no_longer_than_its_length_asks_for()
    {
        string word = string.Concat(Enumerable.Repeat("thecat", 20_000));
        Assert.Equal(word, Subwords.Decode(Subwords.Encode(word)));
    }

    [Theory]
    [InlineData("a b c", "merge 0 is \"a b c\"; expected two tokens with a space between that together are one")]
    [InlineData("a b", "merge 0 is \"a b\"; expected two tokens with a space between that together are one")]
    public void Merges_that_join_no_tokens_are_refused(string merge, string expected)
    {
        string[] bytes = [.. Enumerable.Range(0, 256).Select(value => $"{ByteAlphabet.Of((byte)value)}")];
        Assert.Equal(expected, Assert.Throws<ArgumentException>(() => new SubwordTokenizer(new Vocabulary(bytes, merges: [merge]))).Message);
        Assert.Equal("tokens lacks \"a\" (byte 97); expected all 256 bytes", Assert.Throws<ArgumentException>(
            () => new SubwordTokenizer(new Vocabulary(bytes.Where(token => token != "a"), merges: []))).Message);
        Assert.StartsWith("merges is missing", Assert.Throws<ArgumentException>(() => new SubwordTokenizer(new Vocabulary(bytes))).Message);
    }

    private static Gen<string> OneOf(params string[] parts) => Gen.Int[0, parts.Length - 1].Select(at => parts[at]);

    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")]
    private static partial Regex Gpt2();
}
