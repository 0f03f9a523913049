using System.Text;
using System.Text.Json;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Onnx.Import.Config;
using RnnService.Onnx.Import.Files;
using Xunit;

namespace RnnService.Onnx.Tests.Import.Config;

public sealed class VocabularyTests
{
    [Theory]
    [InlineData("v.txt", "a\nb c\nd\n")]
    [InlineData("v.txt", "a\nb c\nd")]
    [InlineData("v.txt", "a\r\nb c\r\nd\r\n")]
    [InlineData("v.txt", "\ufeffa\nb c\nd")]
    [InlineData("v.json", """["a", "b c", "d"]""")]
    [InlineData("v.json", """{"b c": 1, "d": 2, "a": 0}""")]
    [InlineData("v.json", """{"tokens": ["a", "b c", "d"]}""")]
    [InlineData("v.JSON", """ {"characters": null, "unknown": "d", "tokens": ["a", "b c", "d"]} """)]
    public void Every_form_gives_the_tokens_in_id_order(string name, string text) => Assert.Equal(["a", "b c", "d"], Read(name, text).Tokens);

    [Fact]
    public void Tokens_may_be_called_as_fields_are() =>
        Assert.Equal(["unknown", "tokens", "end"], Read("v.json", """{"tokens": 1, "unknown": 0, "end": 2}""").Tokens);

    [Theory]
    [InlineData("v.txt", "", "empty")]
    [InlineData("v.txt", "a\n\nb\n", "line 2 is empty; expected a token a line")]
    [InlineData("v.txt", "a\nb\na\n", "token 2 repeats token 0 (\"a\"): each must occur once")]
    [InlineData("v.json", "", "empty")]
    [InlineData("v.json", "[", "line 1 is not JSON")]
    [InlineData("v.json", "[]", "no token; expected one or more")]
    [InlineData("v.json", "{}", "no token; expected one or more")]
    [InlineData("v.json", """["a"] ["b"]""", "line 1 is not JSON")]
    [InlineData("v.json", "a\nb", "line 1 is not JSON")]
    [InlineData("v.json", "5", "5 found; expected a list of tokens, an object from token to id, or one with a list named tokens")]
    [InlineData("v.json", """["a", 5]""", "token 1 is 5; expected a string")]
    [InlineData("v.json", """["a", ["b"]]""", "token 1 is a list; expected a string")]
    [InlineData("v.json", """["a\n", "a\n"]""", "token 1 repeats token 0 (\"a?\")")]
    [InlineData("v.json", """["\udc00"]""", "byte 1: an escape that is half of a surrogate pair")]
    [InlineData("v.json", """{"a": 0, "c": 2, "d": 3}""", "no name has id 1, but \"c\" has 2; expected ids from 0 to 2")]
    [InlineData("v.json", """{"a": 0, "b": 1, "c": 1}""", "\"b\" and \"c\" both have id 1; expected an id for each")]
    [InlineData("v.json", """{"a": 1, "b": 2}""", "no name has id 0, but \"a\" has 1; expected ids from 0 to 1")]
    [InlineData("v.json", """{"a": -1, "b": 0}""", "\"a\" has id -1; expected 0 or more")]
    [InlineData("v.json", """{"a": 9223372036854775807}""", "no name has id 0, but \"a\" has 9223372036854775807")]
    [InlineData("v.json", """{"a": 99999999999999999999}""", "\"a\" is 99999999999999999999; expected a whole number, its id")]
    [InlineData("v.json", """{"a": 0.5}""", "\"a\" is 0.5; expected a whole number, its id")]
    [InlineData("v.json", """{"a": 0, "a": 1}""", "\"a\" occurs twice")]
    [InlineData("v.json", """{"tokens": ["a"], "tokens": ["b"]}""", "\"tokens\" occurs twice")]
    [InlineData("v.json", """{"tokens": ["a"], "b": 1}""", "\"b\" stands beside a list named tokens; expected the one or the other")]
    [InlineData("v.json", """{"tokens": ["a"], "vocab": {}}""", "\"vocab\" is an object; expected a whole number, its id")]
    [InlineData("v.json", """{"unknown": "a"}""", "a list named tokens is missing")]
    [InlineData("v.json", """{"tokens": ["a"], "characters": ["b", "b"]}""", "character 1 repeats character 0 (\"b\")")]
    [InlineData("v.json", """{"version": "1.0", "model": {}}""", "\"version\" is a string; expected a whole number, its id")]
    public void What_is_no_vocabulary_is_refused_with_its_place(string name, string text, string wanted)
    {
        var refused = Assert.Throws<ImportException>(() => Read(name, text));
        string place = $"{name}: ";
        Assert.Contains(place, refused.Message, StringComparison.Ordinal);
        string problem = refused.Message[(refused.Message.IndexOf(place, StringComparison.Ordinal) + place.Length)..];
        Assert.StartsWith(wanted, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_in_another_encoding_is_refused()
    {
        using var files = new ImportCase("tagger-rnn");
        File.WriteAllBytes(files.Vocabulary, Encoding.Unicode.GetPreamble());
        files.Refused("vocab.txt: byte 0 is not UTF-8");
        File.WriteAllBytes(files.Vocabulary, [.. "aé"u8, 0xE9, (byte)'\n']);
        files.Refused("vocab.txt: byte 3 is not UTF-8");
    }

    [Theory]
    [InlineData("<unk>", "<pad>", "</s>")]
    [InlineData("[UNK]", "[PAD]", "[EOS]")]
    [InlineData("<UNK>", "<PAD>", "<EOS>")]
    [InlineData("UNK", "<pad>", "<eos>")]
    [InlineData("<oov>", "", "<|endoftext|>")]
    [InlineData("[OOV]", "", "</s>")]
    public void Special_tokens_are_known_by_their_usual_names(string unknown, string padding, string end)
    {
        List<string> notes = [];
        VocabularyFile file = Read("v.json", JsonSerializer.Serialize((string[])["x", unknown, padding, "y", end]));
        Vocabulary tokens = file.ToVocabulary(ModelTask.Classifier, null, default, notes).Tokens;
        Assert.Equal((1, 2, 4), (tokens.UnknownId, tokens.PaddingId, tokens.EndId));
        Assert.EndsWith($"\"{unknown}\" for unknown ones, \"{padding}\" for padding, \"{end}\" for the end", Assert.Single(notes), StringComparison.Ordinal);
        Assert.True(file.IsOfCharacters);
    }

    [Fact]
    public void The_command_names_the_unknown_token_before_the_configuration_the_file_and_custom()
    {
        VocabularyFile file = Read("v.json", """{"tokens": ["<unk>", "a", "b", "c"], "unknown": "a"}""");
        Assert.Equal(1, Unknown(file, null, null));
        Assert.Equal(2, Unknown(file, null, 2));
        Assert.Equal(3, Unknown(file, "c", 2));
        var refused = Assert.Throws<ImportException>(() => Unknown(file, "d", null));
        Assert.Contains("unknown is \"d\"; expected one of the 4 tokens", refused.Message, StringComparison.Ordinal);

        static int Unknown(VocabularyFile file, string? named, int? id) =>
            file.ToVocabulary(ModelTask.Tagger, named, new SpecialIds(id, null, null), []).Tokens.UnknownId;
    }

    [Theory]
    [InlineData(ModelTask.Classifier, 0, 1)]
    [InlineData(ModelTask.Tagger, 0, 1)]
    [InlineData(ModelTask.LanguageModel, -1, 0)]
    public void Without_an_unknown_token_token_0_is_taken_and_told_but_in_a_language_model(ModelTask task, int id, int count)
    {
        List<string> notes = [];
        Assert.Equal(id, Read("v.txt", "the\nof\n").ToVocabulary(task, null, default, notes).Tokens.UnknownId);
        Assert.Equal(count, notes.Count(note => note.Contains("token 0, \"the\", is taken", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("""["a", "é", "😀", "\n", "<bos>", "[EOS]", "UNK", ""]""", true)]
    [InlineData("""["a", "bc"]""", false)]
    [InlineData("""["a", "<>"]""", false)]
    [InlineData("""["a", "e\u0301"]""", false)]
    public void Tokens_that_are_single_code_points_are_characters(string json, bool wanted) =>
        Assert.Equal(wanted, Read("v.json", json).IsOfCharacters);

    private static VocabularyFile Read(string name, string text)
    {
        using var files = new ImportCase("tagger-rnn");
        return VocabularyFile.Read(new TextSource(files.Write(name, text)));
    }
}
