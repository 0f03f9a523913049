using System.Text.Json;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Onnx.Export;

namespace RnnService.Server.Tests;

/// <summary>The Python example of docs/onnx.md: shown as its file has it, and giving a graph the ids that the engine gives itself.</summary>
public sealed class PythonDocumentTests
{
    private static readonly string Examples = Path.Combine(Repository.Root, "docs", "examples");

    [Theory]
    [InlineData("RunOnnx", "run_onnx.py")]
    [InlineData("TranslateOnnx", "translate_onnx.py")]
    public void The_page_shows_the_example(string section, string file) => Repository.CompareSection(
        "docs/onnx.md", section, $"```python\n{File.ReadAllText(Path.Combine(Examples, file))}```\n");

    [Theory]
    [InlineData(Tokenization.English, true, true)]
    [InlineData(Tokenization.English, false, false)]
    [InlineData(Tokenization.Whitespace, true, true)]
    [InlineData(Tokenization.Characters, false, false)]
    public void The_example_gives_a_graph_the_ids_that_the_engine_reads(Tokenization tokenizer, bool lowerCase, bool spells)
    {
        const string text = "Marie Curie's İstanbul ΣΟΦΟΣ didn't\u00a0work 😀e\u0301 ";
        string word = new('x', 90);
        string[] tokens = [Vocabulary.Padding, Vocabulary.Unknown, "marie", "Marie", "'s", "σοφοσ", "did", "didn't", "n't", "M", "r", "e", " ", "work"];
        var model = (Tagger)TextModel.Create(
            new ModelConfig
            {
                Task = ModelTask.Tagger,
                Cell = CellKind.Gru,
                Tokenizer = tokenizer,
                LowerCase = lowerCase,
                EmbeddingSize = 3,
                HiddenSize = 4,
                Characters = spells ? new CharacterConfig(3, 4) : null,
                Labels = ["O", "B-PER"],
            },
            new ModelVocabulary(
                new Vocabulary(tokens),
                spells ? new Vocabulary([Vocabulary.Padding, Vocabulary.Unknown, .. "MariecuxS😀".EnumerateRunes().Select(rune => $"{rune}")]) : null),
            Parameters.Random(1));
        JsonElement answer = ReadBy(model, text + word);

        string[] words = [.. model.Tokenizer.Split(text + word).Select(token => token.Text)];
        Assert.Equal(words, answer[0].EnumerateArray().Select(one => one.GetString()));
        JsonElement feed = answer[1];
        Assert.Equal(
            words.Select(one => model.Tokenizer.IdOf(one)),
            feed.GetProperty("input_ids")[0].EnumerateArray().Select(id => id.GetInt32()));
        Assert.Equal(words.Length, feed.GetProperty("lengths")[0].GetInt32());
        Assert.Equal(spells, feed.TryGetProperty("character_ids", out JsonElement characters));
        for (int i = 0; i < words.Length && spells; i++)
        {
            int[] spelling = model.Vocabulary.Spell(words[i]);
            Assert.Equal(spelling.Length, feed.GetProperty("character_lengths")[0][i].GetInt32());
            Assert.Equal(spelling, characters[0][i].EnumerateArray().Select(id => id.GetInt32()).Take(spelling.Length));
        }
    }

    [Theory]
    [InlineData(ModelTask.Tagger, false)]
    [InlineData(ModelTask.Classifier, false)]
    [InlineData(ModelTask.Classifier, true)]
    public void The_example_gives_a_graph_the_subwords_that_the_engine_reads(ModelTask task, bool lowerCase)
    {
        const string text = "Marie's  (old) well-known ΣΟΦΟΣ isn't\n\n at 12½ % or 😀e\u0301\t… ’Tis so; it'll do, \u00a0we've \"said\" 'em.\n";
        Vocabulary vocabulary = SubwordTrainer.Train([text, "it isn't so; it'll do, we've said. Marie's well-known old friends said so"], 330);
        var model = (TextModel)TextModel.Create(
            new ModelConfig
            {
                Task = task,
                Cell = CellKind.Gru,
                Tokenizer = Tokenization.Subwords,
                LowerCase = lowerCase,
                EmbeddingSize = 3,
                HiddenSize = 4,
                Labels = ["O", "B-PER"],
            },
            new ModelVocabulary(vocabulary),
            Parameters.Random(1));
        TokenizedText read = model.Read(text + "\ud83d");
        JsonElement feed = ReadBy(model, text + "\ud83d")[1];
        Assert.Equal(read.Ids, feed.GetProperty("input_ids")[0].EnumerateArray().Select(id => id.GetInt32()));
        Assert.Equal(read.Ids.Length, feed.GetProperty("lengths")[0].GetInt32());
        Assert.Contains(read.Ids, id => id >= 259); // something is joined
        if (task == ModelTask.Tagger) Assert.Equal(read.WordEnds!, feed.GetProperty("word_ends")[0].EnumerateArray().Select(end => end.GetInt32()));
        else Assert.False(feed.TryGetProperty("word_ends", out _));
    }

    /// <summary>The words that the example finds in a text, and what it gives a graph.</summary>
    private static JsonElement ReadBy(TextModel model, string text)
    {
        var metadata = OnnxExport.Build(model, OnnxExport.DefaultOpset).MetadataProps.ToDictionary(entry => entry.Key, entry => entry.Value);
        // A lone surrogate has an escape in JSON, and no other way into a process.
        string escaped = string.Concat(text.Select(unit => $"\\u{(int)unit:x4}"));
        return JsonElement.Parse(Python.Run(
            Examples, "-c",
            """
            import json, sys, run_onnx
            config, vocab, text = (json.loads(one) for one in sys.argv[1:])
            pieces = run_onnx.split(text, config)
            print(json.dumps([[piece[0] for piece in pieces], run_onnx.inputs([piece[0] for piece in pieces], config, vocab)]))
            """,
            metadata["rnn_service.config"], metadata["rnn_service.vocab"], $"\"{escaped}\""));
    }
}
