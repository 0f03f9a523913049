using System.Text;
using System.Text.Json;
using RnnService.Cli.Shell;

namespace RnnService.Cli.Tests.Verbs;

/// <summary>Corpora as people have them: what <c>rnn train</c> says of them before it starts, and which options mend what.</summary>
public sealed class CorpusTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Output => _folder["model"];

    private CommandRun Train(string task, string train, string? valid, params string[] more) => CommandRun.Of(
        ["train", "--task", task, "--train", train, .. valid is null ? [] : new[] { "--valid", valid }, "--output", Output, "--epochs", "1",
            "--embedding-size", "4", "--hidden-size", "4", .. task == "tagger" ? new[] { "--set", "model.characters=null" } : [], .. more]);

    private static string Csv(int rows) => "id,text,label\n" + string.Concat(Enumerable.Range(0, rows).Select(i => $"{i},\"A {(i % 2 == 0 ? "fine" : "dull")}, long film {i}\",{(i % 2 == 0 ? "pos" : "neg")}\n"));

    [Fact]
    public void What_was_read_is_told_before_the_first_step()
    {
        string train = _folder.Write("a.tsv", "pos\tfine film\nneg\tdull film\npos\tgood long film\n"), valid = _folder.Write("b.tsv", "pos\tfine book\nneg\tdull film\n");
        CommandRun run = Train("classifier", train, valid).Succeeded();
        Assert.Equal("train: 3 texts, 7 tokens; lengths: half up to 2, 95 % up to 2, longest 3", run.Lines[1]);
        Assert.Equal("valid: 2 texts, 4 tokens; lengths: half up to 2, 95 % up to 2, longest 2", run.Lines[2]);
        Assert.Equal("       25.00 % of the tokens unknown (vocabulary 7), 1 of the texts in train too", run.Lines[3]);
        Assert.Equal("labels: pos 2, neg 1", run.Lines[4]);
        Assert.Equal("note: 1 label has one training text alone: \"neg\"", run.Lines[5]);
        Assert.Equal("note: the validation part has 2 texts alone: its figure is a rough one", run.Lines[6]);
        Assert.Equal(
            "training: chosen for 3 texts: bidirectional lstm 1 x 4, 1 epoch in batches of 16, learning rate 0.002, fewer after 6 evaluations without progress; rnn tune tries others",
            run.Lines[7]);
        Assert.Matches("^(step|epoch) ", run.Lines[8]);
    }

    [Fact]
    public void A_CSV_trains_without_a_validation_file_and_its_recipe_repeats_the_run()
    {
        string train = _folder.Write("reviews.csv", Csv(40));
        CommandRun run = Train("classifier", train, null, "--label-column", "label", "--text-column", "text").Succeeded();
        Assert.Equal("train: 36 texts", run.Lines[1][..15]);
        Assert.StartsWith("valid: 4 texts", run.Lines[2], StringComparison.Ordinal);
        Assert.EndsWith("(split off: data.valid_share 10.00 %, by training.seed)", run.Lines[2], StringComparison.Ordinal);
        Assert.Equal("labels: neg 18, pos 18", run.Lines[4]);
        string recipe = Path.Combine(Output, "training", "recipe.json");
        JsonElement data = JsonDocument.Parse(File.ReadAllText(recipe)).RootElement.GetProperty("data");
        Assert.Equal(0.1, data.GetProperty("valid_share").GetDouble());
        Assert.Equal("text", data.GetProperty("train")[0].GetProperty("text_column").GetString());

        CommandRun again = CommandRun.Of("train", recipe, "--output", _folder["again"]).Succeeded();
        Assert.Equal(run.Lines[1..5], again.Lines[1..5]);
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(Output, "model.safetensors")), File.ReadAllBytes(_folder[Path.Combine("again", "model.safetensors")]));
    }

    [Theory]
    [InlineData("classifier", "a.jsonl", "{\"text\": \"fine\", \"label\": \"pos\"}\n{\"text\": \"dull\", \"label\": \"neg\"}\n", "labels: neg 1, pos 1")]
    [InlineData("classifier", "a.ft", "__label__pos fine\n__label__neg dull\n", "labels: neg 1, pos 1")]
    [InlineData("classifier", "a.csv", "review;sentiment\nfine;pos\ndull;neg\n", "labels: neg 1, pos 1")]
    [InlineData("classifier", "a.csv", "review;sentiment\nfine;1\ndull;0\n", "labels: \"0\" 1, \"1\" 1")]
    [InlineData("language_model", "a.json", "[{\"author\": \"A\", \"paragraphs\": [\"Once upon a time\", \"there was a film.\"]}, {\"author\": \"B\", \"paragraphs\": [\"It was long.\"]}]", "train: 5 lines, 50 tokens")]
    [InlineData("tagger", "a.jsonl", "{\"tokens\": [\"Ida\", \"sings\"], \"tags\": [\"B-PER\", \"O\"]}\n", "labels: B-PER 1, O 1")]
    [InlineData("tagger", "a.conll", "# SYM O\nIda NNP B-PER\n\n# SYM O\nsings VBZ O\n", "labels: O 3, B-PER 1")]
    public void The_format_is_found_from_the_name(string task, string name, string content, string labels)
    {
        string file = _folder.Write(name, content);
        Assert.Contains(labels, Train(task, file, file).Succeeded().Lines);
    }

    /// <summary>What makes more of a corpus makes nothing of what chooses the weights.</summary>
    [Theory]
    [InlineData("language_model", "a.abc", "--keys=1", "keys", "X:1\nM:2/4\nL:1/8\nK:D\nDEFG|D4|]\n")]
    [InlineData("classifier", "a.trees.txt", "--phrases", "phrases", "(3 (3 fine) (2 film))\n(1 (1 dull) (2 film))\n")]
    public void A_corpus_grows_where_it_is_trained_on(string task, string name, string option, string setting, string content)
    {
        string file = _folder.Write(name, content);
        Train(task, file, file, option, "--batch-size", "2").Succeeded();
        JsonElement data = JsonDocument.Parse(File.ReadAllText(Path.Combine(Output, "training", "recipe.json"))).RootElement.GetProperty("data");
        Assert.True(data.GetProperty("train")[0].TryGetProperty(setting, out _));
        Assert.False(data.GetProperty("valid")[0].TryGetProperty(setting, out _));
    }

    [Theory]
    [InlineData("tagger", "1 Ida B-PER\n2 sings O\n\n1 Otto B-PER\n2 left O\n", "column 0, read as the word, counts the words of each sentence (--form-column 1)")]
    [InlineData("classifier", "label\ttext\npos\ta b\nneg\tc d\n", "line 1: taken as a header and no example, as with skip_lines 1")]
    [InlineData("classifier", "label\ttext\npos\ta b\nneg\tc d\n", "(--header no)")]
    [InlineData("classifier", "klasse\tsatz\npos\ta b\npos\te f\nneg\tc d\nneg\tg h\n", "occurs here alone; is this line a header? (--header yes)")]
    [InlineData("classifier", "好评\t这本书很有意思\n差评\t这本书没有意思\n好评\t我很喜欢\n差评\t我不喜欢\n", "(nearly) every text is one token: words that no spaces separate, or single words (--set model.tokenizer=characters)")]
    public void What_is_odd_is_noted_with_the_option_that_mends_it(string task, string content, string note)
    {
        string file = _folder.Write("a.txt", content);
        Assert.Contains(Train(task, file, file).Succeeded().Lines, line => line.StartsWith("note: ", StringComparison.Ordinal) && line.Contains(note, StringComparison.Ordinal));
    }

    [Fact]
    public void Texts_that_are_cut_are_counted()
    {
        string file = _folder.Write("a.txt", string.Concat(Enumerable.Range(0, 4).Select(i => $"l{i % 2}\t{string.Concat(Enumerable.Repeat("word ", 401))}{i}\n")));
        Assert.Contains("note: 4 of 4 texts are longer than data.max_tokens (400) and are cut (--set data.max_tokens=0)", Train("classifier", file, file).Succeeded().Lines);
    }

    [Fact]
    public void A_label_in_the_last_column_is_refused_shortly_with_the_options()
    {
        string file = _folder.Write("a.tsv", string.Concat(Enumerable.Range(0, 300).Select(i => $"the quiet river {i} pleases\t{i % 2}\n")));
        CommandRun run = Train("classifier", file, file);
        run.FailedWith(ExitCode.Failed, "300 labels for 300 texts", "(--label-column 1 --text-column 0)");
        Assert.InRange(run.Error.Length, 1, 500);
        Train("classifier", file, file, "--label-column", "1", "--text-column", "0").Succeeded();
    }

    [Fact]
    public void Another_encoding_is_refused_with_the_option_that_reads_it()
    {
        string file = _folder["a.tsv"];
        File.WriteAllBytes(file, Encoding.Unicode.GetBytes("spam\tcheap pills\nham\tsee you\n"));
        Train("classifier", file, file).FailedWith(ExitCode.Failed, $"{file}, line 1", "UTF-16LE", "iconv -f UTF-16LE -t UTF-8", "(--encoding utf-16le)");
        Assert.Contains("labels: ham 1, spam 1", Train("classifier", file, file, "--encoding", "utf-16le").Succeeded().Lines);
    }

    [Fact]
    public void Words_are_never_lost_between_separators()
    {
        string half = _folder.Write("half.conll", "Ida\tNNP\tB-PER\n\tsings\tVBZ\tO\n");
        Train("tagger", half, half).FailedWith(ExitCode.Failed, $"{half}, line 2: 4 columns separated by tabs; expected 3, as in line 1");
        string mixed = _folder.Write("mixed.conll", "Ida\tNNP B-PER\nsings\tVBZ O\n");
        Train("tagger", mixed, mixed).FailedWith(ExitCode.Failed, $"{mixed}, line 1: tag \"NNP B-PER\" has a space in it", "(--delimiter whitespace)");
        Assert.Contains("labels: B-PER 1, O 1", Train("tagger", mixed, mixed, "--delimiter", "whitespace").Succeeded().Lines);
    }

    [Fact]
    public void A_recipes_own_corpora_are_mended_in_the_recipe()
    {
        string content = _folder.Write("a.tsv", string.Concat(Enumerable.Range(0, 300).Select(i => $"the quiet river {i} pleases\t{i % 2}\n")));
        string recipe = _folder.Write("r.json", $$"""
            {
              "model": { "task": "classifier", "cell": "gru", "tokenizer": "english", "embedding_size": 4, "hidden_size": 4 },
              "data": { "train": [{ "path": "{{content}}", "format": "labelled" }] }, "golden_input": "a"
            }
            """);
        CommandRun run = CommandRun.Of("train", recipe, "--output", Output);
        run.FailedWith(ExitCode.Failed, "(label_column=1 text_column=0)");
        Assert.DoesNotContain("--label-column", run.Error, StringComparison.Ordinal);
    }
}
