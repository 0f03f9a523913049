using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Onnx.Import;
using RnnService.Onnx.Import.Config;
using RnnService.Onnx.Import.Files;
using Xunit;

namespace RnnService.Onnx.Tests.Import.Config;

public sealed class ConfigTests
{
    [Fact]
    public void All_problems_are_listed_together()
    {
        using var files = new ImportCase("classifier-lstm");
        files.Config = files.Write("bad.json", """
            {"task": "text-classification", "hiden_size": 3, "hidden_size": 64, "num_layers": 2, "layers": 1, "bidirectional": "yes",
             "cell": "gru", "num_labels": 4, "vocab_size": 9, "dropout": 0.5, "pooling": "median", "embedding_size": 16.5,
             "eos_token_id": 120, "description": 5, "generation": {"top_k": "many"}, "metrics": {"f1": 1e999}}
            """);
        string message = files.Refused(
            "\"hiden_size\" is no field; hidden_size is one",
            "num_layers and layers are the same field; expected one of them",
            "vocab_size is 9; expected 120, the number of tokens in vocab.txt",
            "num_layers is 2; expected 1, as the weights have it",
            "num_labels is 4; expected 3, as the weights have it",
            "cell is \"gru\"; expected lstm, as the weights have it",
            "embedding_size is 16.5; expected a whole number",
            "hidden_size is 64; expected 32, as the weights have it",
            "bidirectional is \"yes\"; expected true or false",
            "pooling is \"median\"; expected last, mean, max",
            "eos_token_id is 120; expected 0 to 119",
            "description is 5; expected a string",
            "generation: ",
            "metrics: \"f1\" is too large; expected a finite number");
        Assert.StartsWith("bad.json: 14 problems\n", message, StringComparison.Ordinal);
        Assert.Equal(15, message.Split('\n').Length);
    }

    [Fact]
    public void What_users_of_Hugging_Face_write_is_understood()
    {
        using var files = new ImportCase("classifier-lstm");
        files.Config = files.Write("hf.json", """
            {"architectures": ["LstmForSequenceClassification"], "model_type": "lstm", "torch_dtype": "float32", "dropout": 0.1,
             "transformers_version": "4.57.0", "task": "Text-Classification", "cell": "LSTM", "num_hidden_layers": 1,
             "embedding_dim": 16, "hidden_dim": 32, "bidirectional": true, "vocab_size": 120, "do_lower_case": true,
             "id2label": {"0": "bad", "2": "good", "1": "so so"}, "label2id": {"good": 2, "bad": 0, "so so": 1}, "num_labels": 3,
             "pad_token_id": 5, "unk_token_id": 7, "eos_token_id": null}
            """);
        ImportedModel imported = files.Import();
        ModelConfig config = imported.Model.Config;
        Assert.Equal(["bad", "so so", "good"], config.Labels);
        Assert.True(config.LowerCase);
        Assert.Equal((ModelTask.Classifier, CellKind.Lstm, Tokenization.Whitespace), (config.Task, config.Cell, config.Tokenizer));
        Assert.Equal((7, 5, -1), Special(imported));
        Assert.Contains(imported.Notes, note => note.Contains("names no tokenizer: whitespace", StringComparison.Ordinal));
    }

    [Fact]
    public void The_fields_of_a_model_folder_are_kept()
    {
        using var files = new ImportCase("char-lm-gru");
        files.Config = files.Write("config.json", """
            {"format_version": 1, "task": "language_model", "cell": "gru", "tokenizer": "whitespace", "lower_case": false,
             "embedding_size": 16, "hidden_size": 32, "layers": 2, "bidirectional": false, "reverse": false, "tie_weights": false,
             "pooling": "last", "labels": [], "generation": {"temperature": 0.5, "top_k": 3}, "description": "d", "license": "MIT",
             "metrics": {"valid_nats": 1.5}}
            """);
        ImportedModel imported = files.Import();
        ModelConfig config = imported.Model.Config;
        Assert.Equal((0.5f, 3, 200), (config.Generation!.Temperature, config.Generation.TopK, config.Generation.MaxNewTokens));
        Assert.Equal(("d", "MIT", 1.5), (config.Description, config.License, config.Metrics["valid_nats"]));
        Assert.Equal(Tokenization.Whitespace, config.Tokenizer);
        Assert.All(imported.Notes, note => Assert.Matches("^(cell is \"gru\"|Weights do not show)", note));
    }

    [Theory]
    [InlineData("rnn_tanh", CellKind.Tanh)]
    [InlineData("RNN_RELU", CellKind.Relu)]
    [InlineData("rnn", CellKind.Tanh)]
    [InlineData("relu", CellKind.Relu)]
    public void Plain_cells_have_several_names(string word, CellKind cell)
    {
        using var files = new ImportCase("tagger-rnn");
        files.Config = files.Write("c.json", $$"""{"task": "token-classification", "cell": "{{word}}"}""");
        Assert.Equal(cell, files.Import().Model.Config.Cell);
    }

    [Theory]
    [InlineData("""{"task": "tagger", "labels": ["a", "b"]}""", "labels holds 2 labels; expected 5, as the weights have it")]
    [InlineData("""{"task": "tagger", "labels": ["a", "b", "c", "d", 5]}""", "labels is a list; expected a list of strings")]
    [InlineData("""{"task": "tagger", "labels": ["a", "b", "c", "d", "a"]}""", "labels repeat; expected each once")]
    [InlineData("""{"task": "tagger", "id2label": {"0": "a", "1": "b", "3": "c"}}""",
        "id2label: no name has id 2, but \"c\" has 3; expected ids from 0 to 2")]
    [InlineData("""{"task": "tagger", "id2label": {"x": "a"}}""", "id2label: \"x\" is \"a\"; expected ids with names")]
    [InlineData("""{"task": "tagger", "label2id": {"a": 0, "b": 0}}""", "label2id: \"a\" and \"b\" both have id 0; expected an id for each")]
    [InlineData("""{"task": "tagger", "label2id": {"a": -1}}""", "label2id: \"a\" has id -1; expected 0 or more")]
    [InlineData("""{"task": "tagger", "label2id": {"a": "0"}}""", "label2id: \"a\" is \"0\"; expected names with ids")]
    [InlineData("""{"task": "tagger", "id2label": {"0": null}}""", "id2label: \"0\" is null; expected ids with names")]
    [InlineData("""{"task": "tagger", "label2id": []}""", "label2id: a list without labels; expected names with ids")]
    [InlineData("""{"task": "tagger", "num_labels": 2000000000}""", "num_labels is 2000000000; expected 5, as the weights have it")]
    [InlineData("""{"task": "tagger", "num_labels": 4, "labels": ["a", "b", "c", "d", "e"]}""", "num_labels is 4; expected 5, as labels holds")]
    [InlineData("""{"task": "tagger", "labels": ["a", "b", "c", "d", "e"], "id2label": {"0": "a", "1": "b", "2": "c", "3": "d", "4": "f"}}""",
        "labels and id2label differ; expected the same labels")]
    [InlineData("""{"task": "tagger", "reverse": true}""", "reverse is true; expected false, as the weights have it")]
    [InlineData("""{"task": "language_model", "cell": "rnn"}""",
        "bidirectional is True; expected false, since a language model cannot read what comes")]
    [InlineData("""{"task": "summarization"}""", "task is \"summarization\"; expected text_generation, text_classification, token_classification, ")]
    [InlineData("""{"task": 5}""", "task is 5; expected text_generation, ")]
    [InlineData("""{"task": "tagger", "tokenizer": "bpe"}""", "tokenizer is \"bpe\"; expected characters, whitespace, english")]
    [InlineData("""{"task": "tagger", "hidden_size": 1e400}""", "hidden_size is 1e400; expected a whole number")]
    [InlineData("""{"task": "tagger", "layers": 99999999999999999999}""", "layers is 99999999999999999999; expected a whole number")]
    [InlineData("""{"task": "tagger", "format_version": 2}""", "format_version is 2; expected 1")]
    [InlineData("""{"task": "tagger", "characters": {"embedding_size": 5}}""",
        "one of the character network and the character vocabulary is missing")]
    [InlineData("""{"task": "tagger", "characters": {"size": 5}}""", "characters: ")]
    [InlineData("""{"task": "tagger", "generation": []}""", "generation: ")]
    [InlineData("""{"task": "tagger", "generation": {"top_k": -1}}""", "top_k is -1; expected 0 (off) or more")]
    [InlineData("""{"task": "tagger", "metrics": {"a": {}}}""", "metrics: ")]
    [InlineData("{}", "task is missing; expected text-generation, text-classification or token-classification")]
    [InlineData("""{"task": "tagger", "task": "tagger"}""", "task")]
    [InlineData("""{"\ud800": 1}""", "byte 1: an escape that is half of a surrogate pair")]
    [InlineData("""{"task": "\ud800"}""", "byte 9: an escape that is half of a surrogate pair")]
    [InlineData("[]", "a list found; expected an object")]
    [InlineData("null", "null found; expected an object")]
    [InlineData("", "empty")]
    [InlineData("{\"task\"", "line 1 is not JSON")]
    [InlineData("task: tagger", "line 1 is not JSON")]
    [InlineData("{\"a\nb\": 1}", "line 1 is not JSON")]
    public void What_is_wrong_is_named(string config, string wanted)
    {
        using var files = new ImportCase("tagger-rnn");
        files.Config = files.Write("c.json", config.Replace("\"tagger\"", "\"tagger\", \"cell\": \"rnn\"", StringComparison.Ordinal));
        string message = files.Refused(wanted);
        Assert.StartsWith("c.json: ", message, StringComparison.Ordinal);
        Assert.DoesNotContain("Parameter '", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_deep_or_a_huge_file_is_refused()
    {
        using var files = new ImportCase("tagger-rnn");
        files.Config = files.Write("deep.json", "{\"task\":" + new string('[', 1 << 20));
        files.Refused("deep.json: ", "64");
        files.Config = files.Write("huge.json", "{\"task\":" + new string(' ', 1 << 22) + "\"tagger\"}");
        files.Refused("huge.json: more than 4194304 bytes are refused");
    }

    [Fact]
    public void Facts_of_a_graph_fill_in_what_the_configuration_leaves_out_and_contradictions_name_it()
    {
        using var files = new ImportCase("classifier-gru");
        var facts = new NetworkFacts
        {
            Witness = "the graph has it",
            Task = ModelTask.Classifier,
            Cells = [CellKind.GruBefore],
            EmbeddingSize = 16,
            HiddenSize = 32,
            Layers = 1,
            Direction = Direction.Reverse,
            Pooling = Pooling.Max,
            Outputs = 3,
        };
        VocabularyFile vocabulary = VocabularyFile.Read(new TextSource(files.Vocabulary));
        var (config, _) = ConfigFile.Read(new TextSource(files.Write("empty.json", "{}")), vocabulary, facts, []);
        Assert.Equal(
            (ModelTask.Classifier, CellKind.GruBefore, 16, 32, Direction.Reverse, Pooling.Max, 3),
            (config.Task, config.Cell, config.EmbeddingSize, config.HiddenSize, config.Direction, config.Pooling, config.Labels.Count));
        // A word for both resets takes the graph's.
        (config, _) = ConfigFile.Read(new TextSource("gru.json", """{"cell": "gru"}"""), vocabulary, facts, []);
        Assert.Equal(CellKind.GruBefore, config.Cell);
        var refused = Assert.Throws<ImportException>(() => ConfigFile.Read(
            new TextSource("other.json", """{"pooling": "mean", "task": "tagger", "cell": "lstm"}"""), vocabulary, facts, []));
        Assert.Contains("pooling is \"mean\"; expected max, as the graph has it", refused.Message, StringComparison.Ordinal);
        Assert.Contains("task is \"tagger\"; expected classifier, as the graph has it", refused.Message, StringComparison.Ordinal);
        Assert.Contains("cell is \"lstm\"; expected gru_before, as the graph has it", refused.Message, StringComparison.Ordinal);
    }

    private static (int Unknown, int Padding, int End) Special(ImportedModel imported)
    {
        var tokens = imported.TextModel.Vocabulary.Tokens;
        return (tokens.UnknownId, tokens.PaddingId, tokens.EndId);
    }
}
