using System.Text;
using RnnService.Cli.Shell;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Weights;
using RnnService.Onnx.Runtime;

namespace RnnService.Cli.Tests.Verbs;

public sealed class ImportTests : IDisposable
{
    private readonly ScratchFolder _folder = new();
    private readonly TrainedModels _models;
    private readonly string _words;

    public ImportTests(TrainedModels models)
    {
        _models = models;
        _words = _folder.Write("words.txt", string.Concat(Enumerable.Range(0, 120).Select(id => id == 1 ? "<unk>\n" : $"w{id}\n")));
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("classifier-gru", "classify", "bidirectional gru 1 x 32, 120 tokens, 3 labels")]
    [InlineData("tagger-rnn", "tag", "bidirectional tanh 2 x 32, 120 tokens, 5 labels")]
    [InlineData("char-lm-lstm", "generate", "lstm 2 x 32, 65 tokens")]
    public void A_state_dict_becomes_a_model_that_the_other_verbs_run(string name, string verb, string network)
    {
        string vocabulary = name.StartsWith("char", StringComparison.Ordinal)
            ? _folder.Write("chars.txt", string.Concat(Enumerable.Range(0, 65).Select(id => $"{(char)('0' + id)}\n")))
            : _words;
        string output = Path.Combine(_folder["models"], name);
        string text = Import(name, "--vocab", vocabulary, "--out", output).Succeeded().Out;
        foreach (string part in (string[])[
            $"{output}: ", network, "tensors from ", $"Try it: rnn {verb} {output} \"a text\"", "names no tokenizer: "])
            Assert.Contains(part, text, StringComparison.Ordinal);
        CommandRun.Of(verb, output, "w3 w4").Succeeded();
        Assert.Contains("golden answer  as kept", CommandRun.Of("inspect", output).Succeeded().Out, StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_exported_comes_back_and_gives_the_same_answers()
    {
        foreach (string model in (string[])[_models.LanguageModel, _models.Classifier, _models.Tagger])
        {
            string file = _folder["model.onnx"];
            CommandRun.Of("export", model, "--out", file, "--force").Succeeded();
            foreach (string[] way in (string[][])[[], ["--as-is"]])
            {
                string output = _folder["back"];
                string text = CommandRun.Of(["import", "--onnx", file, "--out", output, "--force", .. way]).Succeeded().Out;
                Assert.Equal(way.Length == 0, text.Contains("of the graph's in ONNX Runtime", StringComparison.Ordinal));
                var facts = CommandRun.Of("inspect", output, "--json").Succeeded().Json();
                Assert.Equal(way.Length == 0 ? "native" : "onnxruntime", facts.GetProperty("backend").GetString());
                Assert.Contains(way.Length == 0 ? "native" : "onnxruntime", CommandRun.Of("inspect", output).Succeeded().Out, StringComparison.Ordinal);
                string task = facts.GetProperty("config").GetProperty("task").GetString()!;
                string[] verb = task switch
                {
                    "language_model" => ["generate", "{0}", "12:", "-n", "30", "--greedy", "--json"],
                    "classifier" => ["classify", "{0}", "a fine brown day"],
                    _ => ["tag", "{0}", "Anna met Bob"],
                };
                Assert.Equal(Answer(verb, model), Answer(verb, output));
            }
        }

        // Scores may differ in their last digits.
        static string Answer(string[] verb, string model) => System.Text.RegularExpressions.Regex.Replace(
            CommandRun.Of([.. verb.Select(word => word == "{0}" ? model : word)]).Succeeded().Out, @"\d+\.\d+|""seed"":\d+", "#");
    }

    [Fact]
    public void A_graph_that_reads_numbers_needs_no_vocabulary_and_takes_its_labels_from_the_command()
    {
        var config = new ModelConfig
        {
            Task = ModelTask.Classifier,
            Cell = CellKind.Gru,
            HiddenSize = 4,
            Labels = ["a", "b"],
            Numbers = new NumbersConfig { Features = 2 },
        };
        ModelFolder.Save(_folder["model"], NumberModel.Create(config, Parameters.Random(1)), "[[1, 2], [3, 4]]");
        string file = _folder["numbers.onnx"], output = _folder["imported"];
        CommandRun.Of("export", _folder["model"], "--out", file).Succeeded();
        string told = CommandRun.Of("import", "--onnx", file, "--labels", "rest, wave", "--out", output).Succeeded().Out;
        Assert.Matches("Answers within .* of the graph's in ONNX Runtime", told);
        using var own = NumberClassifier.Load(output); // of this engine's weights
        Assert.Equal(["rest", "wave"], own.Labels);

        told = CommandRun.Of("import", "--onnx", file, "--labels", "rest, wave", "--out", _folder["kept"], "--as-is").Succeeded().Out;
        Assert.Contains("states are carried", told, StringComparison.Ordinal);
        using var model = (NumberClassifier)OnnxModels.Load(_folder["kept"]);
        Assert.Equal(["rest", "wave"], model.Labels);
    }

    [Theory]
    [InlineData("--labels is for --onnx.", "--weights", "a", "--config", "c", "--vocab", "v", "--labels", "x,y")]
    [InlineData("Expected either --weights or --onnx.")]
    [InlineData("Expected either --weights or --onnx.", "--weights", "a", "--onnx", "b", "--config", "c", "--vocab", "v")]
    [InlineData("expected --config beside it.", "--weights", "a", "--vocab", "v")]
    [InlineData("expected --vocab beside it.", "--weights", "a", "--config", "c")]
    [InlineData("--as-is is for --onnx.", "--weights", "a", "--config", "c", "--vocab", "v", "--as-is")]
    [InlineData("--map is for --weights.", "--onnx", "a", "--map", "m")]
    public void Options_that_do_not_go_together_are_a_misuse(string sentence, params string[] options) =>
        CommandRun.Of(["import", "--out", _folder["m"], .. options]).FailedWith(ExitCode.Misused, sentence);

    [Fact]
    public void A_graph_of_another_form_is_refused_with_advice()
    {
        string file = _folder.Write("other.onnx", "no graph at all");
        CommandRun.Of("import", "--onnx", file, "--vocab", _words, "--out", _folder["m"]).FailedWith(ExitCode.Failed, "other.onnx: ");
        Assert.False(Directory.Exists(_folder["m"]));
    }

    [Fact]
    public void Json_says_what_was_imported()
    {
        var json = Import("tagger-gru", "--vocab", _words, "--out", _folder["m"], "--golden", "w5 w6", "--json").Succeeded().Json();
        Assert.Equal(("m", 19), (json.GetProperty("name").GetString(), json.GetProperty("tensors").GetInt32()));
        Assert.Equal("tagger", json.GetProperty("config").GetProperty("task").GetString());
        Assert.Equal(_folder["m"], json.GetProperty("folder").GetString());
        Assert.Contains("names no tokenizer", json.GetProperty("notes").ToString(), StringComparison.Ordinal);
        Assert.Contains("\"w5 w6\"", File.ReadAllText(Path.Combine(_folder["m"], "golden.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void An_output_that_exists_is_replaced_by_force_alone()
    {
        string[] options = ["--vocab", _words, "--out", _folder["m"]];
        Import("tagger-gru", options).Succeeded();
        Import("tagger-lstm", options).FailedWith(ExitCode.Failed, "m: exists; expected a new folder, or --force to replace it");
        Import("tagger-lstm", [.. options, "--force"]).Succeeded();
        Assert.Contains("lstm", File.ReadAllText(Path.Combine(_folder["m"], "config.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void Problems_stand_on_lines_of_their_own_without_a_stack_trace()
    {
        string config = _folder.Write("c.json", """{"task": "text-generation", "cell": "lstm", "hidden_size": 5}""");
        CommandRun run = CommandRun.Of(
            "import", "--weights", Fixture("char-lm-gru.safetensors"), "--config", config, "--vocab", _words, "--out", _folder["m"]);
        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Equal(
            [
                $"rnn: {config}: 3 problems",
                $"  {_words} holds 120 tokens; expected 65, as the weights have it",
                "  cell is \"lstm\"; expected gru or gru_before, as the weights have it",
                "  hidden_size is 5; expected 32, as the weights have it",
            ],
            run.Error.TrimEnd('\n').Split('\n'));
        Assert.Empty(run.Out);
        Assert.Empty(Directory.GetDirectories(_folder.Root));
    }

    [Fact]
    public void A_map_and_an_unknown_token_are_taken()
    {
        string map = _folder.Write("map.json", """{"rnn.*": "other.*"}""");
        CommandRun run = Import("tagger-gru", "--vocab", _words, "--out", _folder["m"], "--map", map, "--force");
        Assert.Contains(
            """names are taken as this map has them; a map file names others: {"other.*": "rnn.*"}""", run.Succeeded().Out, StringComparison.Ordinal);
        File.WriteAllText(map, """{"rnn.*": "rnn.*"}""");
        Import("tagger-gru", "--vocab", _words, "--out", _folder["m"], "--map", map, "--unknown-token", "w7", "--force").Succeeded();
        Assert.Contains("\"unknown\": \"w7\"", File.ReadAllText(Path.Combine(_folder["m"], "vocab.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void Other_logits_than_the_check_has_are_an_error_and_leave_no_folder()
    {
        string check = _folder.Write("check.json", """[{"ids": [3, 4], "logits": [9, -9, 0.5]}]""");
        CommandRun run = Import("classifier-gru", "--vocab", _words, "--out", _folder["m"], "--check", check);
        run.FailedWith(ExitCode.Failed, "check.json: entry 0 (ids [3, 4]): label \"LABEL_");
        Assert.Contains("Typical causes: another order of the gates", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["m"]));
    }

    [Fact]
    public void What_is_needed_is_asked_for()
    {
        CommandRun.Of("import", "--onnx", "c").FailedWith(ExitCode.Misused, "'--out' is required");
        Import("tagger-gru", "--vocab", _folder["none"], "--out", _folder["m"]).FailedWith(ExitCode.Failed, "none: missing");
    }

    [Fact]
    public void Stopped_it_leaves_nothing()
    {
        CommandRun run = CommandRun.With(null, Arguments("tagger-gru", "--vocab", _words, "--out", _folder["m"]), stopped: true);
        Assert.Equal(ExitCode.Interrupted, run.Code);
        Assert.Empty(Directory.GetDirectories(_folder.Root));
    }

    public static TheoryData<string, string> HostileHeaders => new()
    {
        { "", "truncated: the file holds 2 bytes; expected 8 or more" },
        { Two("[0,4]", "[2,6]"), "overlap: tensor \"b\"" },
        { Two("[0,4]", "[8,12]"), "hole: data bytes 4 to 8, before tensor \"b\"" },
        { One("F32", "[1000000000]", "[0,4000000000]"), "truncated: 8 bytes follow the header; expected 4000000000" },
        { One("F32", "[1000000000,1000000000,1000000000]", "[0,8]"), "tensor \"a\": F32 [1000000000, 1000000000, 1000000000] is larger" },
        { One("F32", "[2147483648]", "[0,8]"), "tensor \"a\": shape holds the number 2147483648; expected whole numbers from 0 to 2147483647" },
        { One("F32", "[2147483647,0]", "[0,0]"), "too long: 8 bytes follow the header; expected 0" },
        { One("F32", "[1]", "[4,0]"), "tensor \"a\": data_offsets [4, 0] are out of order" },
        { One("F99", "[1]", "[0,4]"), "tensor \"a\": dtype is \"F99\"; expected one of" },
        { """{"a":1}""", "tensor \"a\" is the number 1; expected an object" },
        { "[]", "the header does not start with {; expected a JSON object" },
    };

    [Theory]
    [MemberData(nameof(HostileHeaders))]
    public void Hostile_weights_are_refused_with_the_file_and_the_place(string header, string wanted)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        Hostile(json.Length == 0 ? [1, 2] : [.. BitConverter.GetBytes((ulong)json.Length), .. json, .. new byte[8]], wanted);
    }

    [Fact]
    public void A_header_of_any_length_is_refused()
    {
        Hostile([.. BitConverter.GetBytes(1UL << 63), .. "{}"u8], "the header is 9223372036854775808 bytes long; expected at most");
        Hostile([.. BitConverter.GetBytes(90_000_000UL), .. "{}"u8], "truncated: 2 bytes follow the length of the header; expected 90000000 or more");
        Hostile([.. BitConverter.GetBytes(ulong.MaxValue), .. "{}"u8], "the header is 18446744073709551615 bytes long; expected at most");
    }

    [Fact]
    public void Sizes_without_bytes_promise_nothing()
    {
        byte[] json = Encoding.UTF8.GetBytes("""
            {"head.weight":{"dtype":"F32","shape":[2147483647,0],"data_offsets":[0,0]},
             "embedding.weight":{"dtype":"F32","shape":[0,2147483647],"data_offsets":[0,0]}}
            """);
        string file = Hostile([.. BitConverter.GetBytes((ulong)json.Length), .. json], "\"head.weight\" [2147483647, 0]; expected [5, 64]");
        string config = _folder.Write("small.json", """{"task": "token-classification"}""");
        CommandRun run = CommandRun.Of("import", "--weights", file, "--config", config, "--vocab", _words, "--out", _folder["m"]);
        Assert.Contains("labels is missing", run.Error, StringComparison.Ordinal);
    }

    private static string One(string type, string shape, string offsets) => $"{{{Entry("a", type, shape, offsets)}}}";

    private static string Two(string one, string other) => $"{{{Entry("a", "F32", "[1]", one)},{Entry("b", "F32", "[1]", other)}}}";

    private static string Entry(string name, string type, string shape, string offsets) =>
        $$"""
        "{{name}}":{"dtype":"{{type}}","shape":{{shape}},"data_offsets":{{offsets}}}
        """;

    // Gives back the file.
    private string Hostile(byte[] content, string wanted)
    {
        string file = _folder["hostile.safetensors"];
        File.WriteAllBytes(file, content);
        CommandRun run = CommandRun.Of(
            "import", "--weights", file, "--config", Fixture("tagger-gru.json"), "--vocab", _words, "--out", _folder["m"]);
        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.StartsWith($"rnn: {file}: ", run.Error, StringComparison.Ordinal);
        Assert.Contains(wanted, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["m"]));
        return file;
    }

    private static string Fixture(string file) => Path.Combine(AppContext.BaseDirectory, "TestData", "pytorch", file);

    private static string[] Arguments(string name, params string[] options) =>
        ["import", "--weights", Fixture(name + ".safetensors"), "--config", Fixture(name + ".json"), .. options];

    private static CommandRun Import(string name, params string[] options) => CommandRun.Of(Arguments(name, options));
}
