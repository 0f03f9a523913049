using RnnService.Engine.Text;
using Xunit;

namespace RnnService.Engine.Tests.Text;

public sealed class UnknownTextTests
{
    [Fact]
    public void A_codec_names_what_it_does_not_know_once_and_in_order()
    {
        var characters = new CharacterTokenizer(new Vocabulary(["a", "b"]));
        Assert.Equal([0, 1, 0], characters.Encode("xa😀xba\n", out IReadOnlyList<string> unknown));
        Assert.Equal(["x", "😀", "\n"], unknown);
        Assert.Equal(
            "3 characters are not in the model's vocabulary and left out: \"x\", \"😀\", U+000A", UnknownText.Sentence(characters, unknown));
        Assert.Equal([0, 1], characters.Encode("ab", out unknown));
        Assert.Empty(unknown);
        Assert.Null(UnknownText.Sentence(characters, unknown));

        var spare = new CharacterTokenizer(new Vocabulary(["<unk>", "a"]));
        Assert.Equal([0, 1], spare.Encode("éa", out unknown));
        Assert.Equal("1 character is not in the model's vocabulary and read as unknown: \"é\"", UnknownText.Sentence(spare, unknown));
    }

    [Fact]
    public void Unknown_words_are_said_only_where_they_are_left_out()
    {
        var words = new WhitespaceTokenizer(new Vocabulary(["to", "be"]), lineBreaks: true);
        Assert.Equal([0, 1], words.Encode("to\nxx be", out IReadOnlyList<string> unknown));
        Assert.Equal("2 words are not in the model's vocabulary and left out: U+000A, \"xx\"", UnknownText.Sentence(words, unknown));
        var spare = new WhitespaceTokenizer(new Vocabulary(["<unk>", "to"]), lineBreaks: true);
        spare.Encode("to be", out unknown);
        Assert.Equal(["be"], unknown);
        Assert.Null(UnknownText.Sentence(spare, unknown));
    }

    [Fact]
    public void Ten_are_listed_and_the_rest_counted() => Assert.Equal(
        string.Join(", ", Enumerable.Range(0, 10).Select(id => $"\"{id}\"")) + " and 2 more",
        UnknownText.List([.. Enumerable.Range(0, 12).Select(id => $"{id}")]));

    [Theory]
    [InlineData("我爱北京天安门。", "Chinese or Japanese")]
    [InlineData("東京タワーへいきました", "Japanese")]
    [InlineData("ฉันรักกรุงเทพ", "Thai")]
    [InlineData("I like 北京烤鸭和火锅", "Chinese or Japanese")]
    [InlineData("She said 你好 to everybody in the room", null)]
    [InlineData("한국어 텍스트", null)]
    [InlineData("Plain English, 123 😀", null)]
    [InlineData("123 !", null)]
    [InlineData("", null)]
    public void Scripts_without_spaces_are_recognised_where_they_are_much_of_a_text(string text, string? script) =>
        Assert.Equal(script, UnspacedScript.Of(text));

    [Fact]
    public void White_space_splits_text_that_was_split_beforehand()
    {
        Assert.Null(UnspacedScript.Unsplit(["我 爱 北京 天安门 。"], spaces: true));
        Assert.Equal("Chinese or Japanese", UnspacedScript.Unsplit(["我爱北京天安门。"], spaces: true));
        Assert.Equal("Chinese or Japanese", UnspacedScript.Unsplit(["我 爱 北京 天安门 。"], spaces: false));
        Assert.Null(UnspacedScript.Unsplit(["a plain text"], spaces: false));
    }
}
