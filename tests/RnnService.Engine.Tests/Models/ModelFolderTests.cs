using System.Text.Json.Nodes;
using RnnService.Engine.Generation;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;

using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Models;

public sealed class ModelFolderTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rnn-model-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(ElementType.F32, "f32")]
    [InlineData(ElementType.BF16, "bf16")]
    [InlineData(ElementType.F16, "f16")]
    [InlineData(ElementType.I8, "int8")]
    public void What_is_saved_is_loaded(ElementType type, string dtype)
    {
        TextModel[] models =
        [
            Tiny.Language(), Tiny.Language(CellKind.Gru, tied: true), Tiny.Classifier(CellKind.GruBefore, Pooling.Mean),
            Tiny.Classifier(CellKind.Sum), Tiny.Classifier(CellKind.Tanh, Pooling.Attention), Tiny.Tagger(), Tiny.Tagger(CellKind.Relu, characters: false),
            Tiny.Translator(tied: true), Tiny.Translator(CellKind.Lstm, new DecoderConfig(AttentionKind.Multiplicative, sharedVocabulary: false)),
        ];
        foreach (TextModel model in models)
        {
            string path = Path.Combine(_folder.FullName, "some-model");
            ModelFolder.Save(path, model, "the cat sat", type);
            LoadedModel loaded = ModelFolder.Load(path);
            Assert.Equal(("some-model", dtype), (loaded.Name, loaded.Dtype));
            Assert.Equal(model.Parameters.Count, loaded.Parameters);
            byte[] weights = File.ReadAllBytes(Path.Combine(path, "model.safetensors"));
            Assert.Equal(weights.Length, loaded.Bytes);
            Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(weights)), loaded.Sha256);
            Assert.Equivalent(model.Config, loaded.Model.Config, strict: true);
            Assert.Equal(model.Vocabulary.Tokens.Tokens, loaded.TextModel.Vocabulary.Tokens.Tokens);
            Assert.Equal(model.Vocabulary.Characters?.Tokens, loaded.TextModel.Vocabulary.Characters?.Tokens);
            Assert.Equal(model.Vocabulary.Targets?.Tokens, loaded.TextModel.Vocabulary.Targets?.Tokens);
            Assert.Empty(Directory.GetFiles(path, "*.tmp"));

            if (type == ElementType.F32)
            {
                foreach ((Parameter wanted, Parameter found) in model.Parameters.All.Zip(loaded.Model.Parameters.All))
                {
                    Assert.Equal(wanted.Name, found.Name);
                    Assert.Equal(wanted.Shape, found.Shape);
                    Expect.SameBits(wanted.Values, found.Values);
                }

                ModelAnswer one = model.Answer("a very good film ."), two = loaded.Model.Answer("a very good film .");
                Assert.Equal(one.Labels, two.Labels);
                Expect.SameBits([.. one.Scores], [.. two.Scores]);
            }

            // What was loaded can be saved again and is the same file.
            ModelFolder.Save(path, loaded.Model, "the cat sat", type);
            Assert.Equal(weights, File.ReadAllBytes(Path.Combine(path, "model.safetensors")));
        }
    }

    [Fact]
    public void Everything_in_a_configuration_is_kept()
    {
        Classifier plain = Tiny.Classifier();
        TextModel model = TextModel.Create(
            plain.Config with
            {
                LowerCase = true,
                Description = "Judges – ☺.",
                License = "MIT",
                Metrics = new Dictionary<string, double> { ["accuracy"] = 0.875 },
            },
            plain.Vocabulary,
            Parameters.Random(1));
        ModelFolder.Save(_folder.FullName, model, "a cat");
        Assert.Equivalent(model.Config, ModelFolder.Load(_folder.FullName).Model.Config, strict: true);
        string config = File.ReadAllText(Path.Combine(_folder.FullName, "config.json"));
        Assert.Contains("\"embedding_size\": 9", config, StringComparison.Ordinal);
        Assert.Contains("\"task\": \"classifier\"", config, StringComparison.Ordinal);
        Assert.Contains("Judges – ☺.", config, StringComparison.Ordinal);

        ModelFolder.SaveConfig(_folder.FullName, model.Config with { Metrics = new Dictionary<string, double> { ["accuracy"] = 0.5 } });
        Assert.Equal(0.5, ModelFolder.Load(_folder.FullName).Model.Config.Metrics["accuracy"]);
    }

    /// <summary>Absent and null are the same: the default stands.</summary>
    [Theory]
    [InlineData("")]
    [InlineData(", \"generation\": {\"temperature\": 0.5}")]
    [InlineData(", \"metrics\": null, \"generation\": {\"stop\": null, \"temperature\": 0.5}, \"labels\": null")]
    public void Fields_left_out_get_their_defaults(string more)
    {
        ModelFolder.Save(_folder.FullName, Tiny.Language(layers: 1), "the cat");
        File.WriteAllText(
            Path.Combine(_folder.FullName, "config.json"),
            $$"""{"task": "language_model", "cell": "lstm", "tokenizer": "characters", "embedding_size": 7, "hidden_size": 13{{more}}}""");
        ModelConfig found = ModelFolder.Load(_folder.FullName).Model.Config;
        Assert.Equivalent(
            new ModelConfig
            {
                Task = ModelTask.LanguageModel,
                Cell = CellKind.Lstm,
                Tokenizer = Tokenization.Characters,
                EmbeddingSize = 7,
                HiddenSize = 13,
                Generation = more.Length > 0 ? new GenerationOptions { Temperature = 0.5f } : null,
            },
            found,
            strict: true);
        Assert.Equal((1, 1, 0, 0), (found.FormatVersion, found.Layers, found.Labels.Count, found.Metrics.Count));
        if (found.Generation is not { } generation) return;
        Assert.Equal((200, 1, 1, 0), (generation.MaxNewTokens, generation.TopP, generation.RepetitionPenalty, generation.TopK));
        Assert.True(generation.DoSample);
        Assert.Empty(generation.Stop);
    }

    [Fact]
    public void A_character_network_has_usual_sizes()
    {
        ModelFolder.Save(_folder.FullName, Tiny.Tagger(), "the cat");
        string file = Path.Combine(_folder.FullName, "config.json");
        JsonObject content = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        content["characters"] = new JsonObject { ["embedding_size"] = 5 };
        File.WriteAllText(file, content.ToJsonString());
        // The file's network is smaller than the usual one.
        Assert.Contains(
            "\"characters.rnn.weight_hh_l0\": shape is [20, 5]; expected [200, 50]",
            Assert.Throws<ModelFolderException>(() => ModelFolder.Load(_folder.FullName)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_is_not_there_is_refused()
    {
        string path = Path.Combine(_folder.FullName, "none");
        Assert.Equal($"{path}: no such folder", Assert.Throws<ModelFolderException>(() => ModelFolder.Load(path)).Message);
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("vocab.json")]
    [InlineData("model.safetensors")]
    [InlineData("golden.json")]
    public void A_missing_file_is_named(string file)
    {
        string path = Save();
        File.Delete(Path.Combine(path, file));
        Assert.Equal($"{Path.Combine(path, file)}: missing", Assert.Throws<ModelFolderException>(() => ModelFolder.Load(path)).Message);
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("vocab.json")]
    [InlineData("golden.json")]
    public void A_file_that_is_no_JSON_is_named(string file)
    {
        foreach (string text in (string[])["", "{", "[]", "null", "7", "{\"a\":1,}", "\ufffd"])
        {
            string path = Save();
            File.WriteAllText(Path.Combine(path, file), text);
            string message = Assert.Throws<ModelFolderException>(() => ModelFolder.Load(path)).Message;
            Assert.StartsWith($"{Path.Combine(path, file)}{(text == "null" ? "" : ", line 1")}: ", message, StringComparison.Ordinal);
            Assert.DoesNotContain("LineNumber", message, StringComparison.Ordinal);
        }
    }

    /// <summary>Each row: the file, the field to set (nothing: to take out), its value in JSON, and what the refusal must name.</summary>
    [Theory]
    [InlineData("config.json", "colour", "\"red\"", "colour")]
    [InlineData("config.json", "task", null, "task")]
    [InlineData("config.json", "task", "\"poet\"", "task")]
    [InlineData("config.json", "task", "0", "task")]
    [InlineData("config.json", "cell", null, "cell")]
    [InlineData("config.json", "cell", "\"rnn\"", "cell")]
    [InlineData("config.json", "embedding_size", null, "embedding_size")]
    [InlineData("config.json", "hidden_size", "\"12\"", "hidden_size")]
    [InlineData("config.json", "hidden_size", "0", "hidden_size is 0; expected 1 to 8192")]
    [InlineData("config.json", "hidden_size", "10", "rnn.weight_hh_l0")]
    [InlineData("config.json", "hidden_size", "1e99", "hidden_size")]
    [InlineData("config.json", "layers", "3", "rnn.weight_hh_l2")]
    [InlineData("config.json", "format_version", "2", "format_version is 2; expected 1")]
    [InlineData("config.json", "labels", "null", "labels")]
    [InlineData("config.json", "labels", "[\"a\", null, \"b\"]", "labels")]
    [InlineData("config.json", "labels", "[\"a\", \"b\"]", "head.weight")]
    [InlineData("config.json", "pooling", "\"median\"", "pooling")]
    [InlineData("config.json", "generation", "{\"top_k\": -1}", "top_k is -1")]
    [InlineData("config.json", "generation", "{\"stop\": [null]}", "stop")]
    [InlineData("vocab.json", "tokens", null, "tokens")]
    [InlineData("vocab.json", "tokens", "null", "tokens")]
    [InlineData("vocab.json", "tokens", "[]", "unknown is none of the 0 tokens")]
    [InlineData("vocab.json", "unknown", "\"[UNK]\"", "unknown is \"[UNK]\"; expected one of the")]
    [InlineData("vocab.json", "tokens", "[\"<unk>\", null]", "tokens")]
    [InlineData("vocab.json", "tokens", "[\"<unk>\", \"a\", \"a\"]", "token 2 repeats token 1 (\"a\")")]
    [InlineData("vocab.json", "tokens", "[\"<unk>\", \"a\"]", "embedding.weight")]
    [InlineData("vocab.json", "words", "[]", "words")]
    [InlineData("golden.json", "input", null, "input")]
    [InlineData("golden.json", "input", "null", "input")]
    [InlineData("golden.json", "labels", null, "labels")]
    [InlineData("golden.json", "labels", "null", "labels")]
    [InlineData("golden.json", "labels", "[\"positive\"]", "the model answers")]
    [InlineData("golden.json", "scores", null, "scores")]
    [InlineData("golden.json", "scores", "[0.5]", "scores holds 1 numbers; expected 3")]
    [InlineData("golden.json", "scores", "[0.9, 0.05, 0.05]", "score 0 is ")]
    [InlineData("golden.json", "tolerance", "-1", "tolerance is -1; expected 0 to 1")]
    [InlineData("golden.json", "tolerance", "1e99", "tolerance is")]
    [InlineData("golden.json", "input", "\"a film\"", "golden.json")]
    [InlineData("config.json", "hidden_size", "2000000000", "hidden_size is 2000000000; expected 1 to 8192")]
    [InlineData("config.json", "layers", "1000000000", "layers is 1000000000; expected 1 to 16")]
    [InlineData("config.json", "metrics", "{\"f1\": 1e999}", "metrics.f1 is")]
    [InlineData("config.json", "generation", "{\"temperature\": 1e999}", "temperature is")]
    [InlineData("golden.json", "extra", "1", "extra")]
    public void A_wrong_field_is_named_with_its_file(string file, string field, string? value, string named)
    {
        string path = Save(), full = Path.Combine(path, file);
        JsonObject content = JsonNode.Parse(File.ReadAllText(full))!.AsObject();
        if (value is null) content.Remove(field);
        else content[field] = JsonNode.Parse(value);
        File.WriteAllText(full, content.ToJsonString());
        string message = Assert.Throws<ModelFolderException>(() => ModelFolder.Load(path)).Message;
        Assert.Contains(named, message, StringComparison.Ordinal);
        // Where sizes and weights disagree, the weight file is the one that is named.
        string blamed = named.Contains("weight", StringComparison.Ordinal) ? "model.safetensors" : file;
        Assert.Contains(Path.Combine(path, blamed), message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tensor_without_a_place_is_named() => CheckWeights(
        tensors => [.. tensors, new TensorData("rnn.weight_hh_l9", [1], new float[1])],
        "holds rnn.weight_hh_l9, which the configuration has no place for");

    [Fact]
    public void A_missing_tensor_is_named() => CheckWeights(
        tensors => [.. tensors.Where(tensor => tensor.Name != "head.bias")], "no tensor \"head.bias\"");

    [Fact]
    public void A_tensor_of_another_shape_is_named() => CheckWeights(
        tensors => [.. tensors.Select(tensor => tensor.Name == "head.bias" ? new TensorData("head.bias", [1], new float[1]) : tensor)],
        "\"head.bias\": shape is [1]; expected [3]");

    [Fact]
    public void Weights_that_are_no_numbers_do_not_give_the_golden_answer() => CheckWeights(
        tensors => [.. tensors.Select(
            tensor => tensor.Name == "head.bias" ? new TensorData("head.bias", [3], new[] { float.NaN, 0, 0 }) : tensor)],
        "expected",
        "golden.json");

    [Fact]
    public void A_truncated_weight_file_is_named()
    {
        string path = Save(), file = Path.Combine(path, "model.safetensors");
        byte[] bytes = File.ReadAllBytes(file);
        foreach (int length in (int[])[0, 7, 8, 100, bytes.Length - 1])
        {
            File.WriteAllBytes(file, bytes[..length]);
            Assert.Contains(file, Assert.Throws<ModelFolderException>(() => ModelFolder.Load(path)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_character_vocabulary_without_a_network_is_refused()
    {
        ModelFolder.Save(_folder.FullName, Tiny.Tagger(), "the cat");
        string file = Path.Combine(_folder.FullName, "vocab.json");
        JsonObject content = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        content.Remove("characters");
        File.WriteAllText(file, content.ToJsonString());
        Assert.Contains(
            "one of the character network and the character vocabulary is missing; expected both, or neither",
            Assert.Throws<ModelFolderException>(() => ModelFolder.Load(_folder.FullName)).Message,
            StringComparison.Ordinal);
    }

    private string Save()
    {
        ModelFolder.Save(_folder.FullName, Tiny.Classifier(), "the cat sat");
        return _folder.FullName;
    }

    private void CheckWeights(Func<TensorData[], TensorData[]> change, string named, string blamed = "model.safetensors")
    {
        string path = Save(), file = Path.Combine(path, "model.safetensors");
        File.Delete(Path.Combine(path, "SHA256SUMS"));
        SafeTensorsFile weights = SafeTensorsFile.Open(file);
        TensorData[] tensors = [.. weights.Names.Select(name => new TensorData(name, weights.ShapeOf(name), weights.Floats(name)))];
        SafeTensorsWriter.Write(file, change(tensors), new Dictionary<string, string>());
        string message = Assert.Throws<ModelFolderException>(() => ModelFolder.Load(path)).Message;
        Assert.Contains(named, message, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(path, blamed), message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_of_a_training_without_a_model_yet_is_called_that()
    {
        string folder = Directory.CreateTempSubdirectory("rnn-unfinished-").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(folder, "training"));
            File.WriteAllText(Path.Combine(folder, "training", "checkpoint.safetensors"), "");
            Assert.Contains("a training that was stopped", Assert.Throws<ModelFolderException>(() => ModelFolder.Load(folder)).Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
