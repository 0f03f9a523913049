using RnnService.Cli.Shell;

namespace RnnService.Cli.Tests.Verbs;

/// <summary>A tagger over characters from corpus to answer: names in Chinese text.</summary>
public sealed class CharacterTaggerTests : IDisposable
{
    private static readonly string[] People = ["王芳", "李小明", "赵云"], Places = ["北京", "上海", "南京"];

    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void It_is_trained_evaluated_run_exported_and_imported()
    {
        string corpus = _folder.Write("characters.conll", Corpus(split: true)), model = Train(corpus);
        Assert.Matches("(?m)^all +72 +72 +72 ", CommandRun.Of("evaluate", model, "--corpus", corpus).Succeeded().Out);
        CheckAnswers(model);

        string file = _folder["model.onnx"];
        CommandRun.Of("export", model, "--out", file).Succeeded();
        foreach (string[] way in (string[][])[[], ["--as-is"]])
        {
            string back = _folder[$"back{way.Length}"];
            CommandRun.Of(["import", "--onnx", file, "--out", back, .. way]).Succeeded();
            CheckAnswers(back);
        }

        string weights = Path.Combine(model, "model.safetensors"), vocabulary = Path.Combine(model, "vocab.json");
        string config = _folder.Write("config.json", """
            {"task": "token-classification", "cell": "lstm", "tokenizer": "characters", "num_layers": 1, "bidirectional": true,
             "embedding_size": 12, "hidden_size": 16, "labels": ["B-LOC", "B-PER", "I-LOC", "I-PER", "O"]}
            """);
        string imported = _folder["imported"];
        CommandRun.Of("import", "--weights", weights, "--config", config, "--vocab", vocabulary, "--out", imported).Succeeded();
        CheckAnswers(imported);
    }

    [Fact]
    public void Words_of_several_characters_are_spread_over_them()
    {
        string words = _folder.Write("words.conll", Corpus(split: false)), characters = _folder.Write("characters.conll", Corpus(split: true));
        string model = Train(words);
        string ofWords = CommandRun.Of("evaluate", model, "--corpus", words).Succeeded().Out;
        Assert.Equal(CommandRun.Of("evaluate", model, "--corpus", characters).Succeeded().Out, ofWords);
        Assert.Contains("nats", ofWords, StringComparison.Ordinal);
        Assert.Contains("a character", ofWords, StringComparison.Ordinal);
        CheckAnswers(model);
    }

    [Fact]
    public void A_character_network_beside_characters_is_refused()
    {
        string corpus = _folder.Write("characters.conll", Corpus(split: true));
        CommandRun.Of(
            "train", "--task", "tagger", "--train", corpus, "--valid", corpus, "--output", _folder["m"], "--set", "model.tokenizer=characters",
            "--set", "model.characters.hidden_size=8").FailedWith(ExitCode.Failed, "characters is given; expected none");
    }

    private string Train(string corpus)
    {
        string model = _folder["names"];
        string text = CommandRun.Of(
            "train", "--task", "tagger", "--set", "model.tokenizer=characters", "--train", corpus, "--valid", corpus, "--output", model,
            "--embedding-size", "12", "--hidden-size", "16", "--batch-size", "8", "--learning-rate", "0.02", "--epochs", "12").Succeeded().Out;
        Assert.Contains("valid span f1 100.00 %", text, StringComparison.Ordinal);
        return model;
    }

    /// <summary>Spans with their offsets in code points; white space between characters is passed over.</summary>
    private static void CheckAnswers(string model)
    {
        var spans = CommandRun.Of("tag", model, "李小明 住在\n上海。", "--spans", "--json").Succeeded().Json().GetProperty("spans");
        Assert.Equal(
            [("李小明", "PER", 0, 3), ("上海", "LOC", 7, 9)],
            spans.EnumerateArray().Select(span => (
                span.GetProperty("text").GetString()!, span.GetProperty("label").GetString()!, span.GetProperty("start").GetInt32(),
                span.GetProperty("end").GetInt32())));
        string[] characters = CommandRun.Of("tag", model, "赵云住在𠀀e\u0301").Succeeded().Lines;
        Assert.Equal(["赵", "云", "住", "在", "𠀀", "e", "\u0301"], characters.Select(line => line.Split('\t')[0]));
    }

    private static string Corpus(bool split)
    {
        var text = new System.Text.StringBuilder();
        for (int i = 0; i < 36; i++)
        {
            (string Word, string Label)[] words = [(People[i % 3], "B-PER"), ("住", "O"), ("在", "O"), (Places[i / 3 % 3], "B-LOC"), ("。", "O")];
            foreach (var (word, label) in words)
            {
                if (!split) text.Append($"{word}\t{label}\n");
                for (int at = 0; at < word.Length && split; at++) text.Append($"{word[at]}\t{(at == 0 ? label : label.Replace('B', 'I'))}\n");
            }

            text.Append('\n');
        }

        return text.ToString();
    }
}
