using RnnService.Training.Corpora;
using Xunit;

namespace RnnService.Training.Tests.Corpora;

public sealed class PairsTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private CorpusSource Source(string content, string format = CorpusFormat.Pairs) => new() { Path = _folder.Write("a.tsv", content), Format = format };

    private static (string[] Pairs, string[] Notes) Read(CorpusSource source)
    {
        var notes = new List<CorpusNote>();
        return ([.. Corpus.ReadPairs(source, notes).Select(pair => $"{pair.Source}|{pair.Target}|{pair.Line}")], [.. notes.Select(note => note.ToString())]);
    }

    private string Refusal(CorpusSource source)
    {
        Exception error = Assert.ThrowsAny<Exception>(() => Corpus.ReadPairs(source));
        Assert.True(error is InvalidDataException or CorpusException, $"{error}");
        return error.Message.Replace(_folder["a.tsv"], "a.tsv", StringComparison.Ordinal).Replace(_folder["b.txt"], "b.txt", StringComparison.Ordinal);
    }

    [Fact]
    public void Columns_beside_the_two_are_ignored_and_one_file_serves_both_ways()
    {
        CorpusSource source = Source("Go.\tVa !\tCC-BY 2.0\nRun!\t Cours !\u00A0\tCC-BY 2.0\n\nWow.\tÇa alors.\tCC-BY 2.0\n");
        string[] forward = ["Go.|Va !|1", "Run!|Cours !|2", "Wow.|Ça alors.|4"];
        Assert.Equal(forward, Read(source).Pairs);
        Assert.Equal(["Va !|Go.|1", "Cours !|Run!|2", "Ça alors.|Wow.|4"], Read(source with { Swap = true }).Pairs);
        Assert.Equal(Read(source with { Swap = true }).Pairs, Read(source with { SourceColumn = 1, TargetColumn = 0 }).Pairs);
        Assert.Equal(["CC-BY 2.0|Va !|1", "CC-BY 2.0|Cours !|2", "CC-BY 2.0|Ça alors.|4"], Read(source with { SourceColumn = -1 }).Pairs);
    }

    [Fact]
    public void Names_of_columns_are_found_or_asked_for()
    {
        const string content = "translation\tid\tsource\nVa !\t1\tGo.\n";
        var (pairs, notes) = Read(Source(content));
        Assert.Equal(["Go.|Va !|2"], pairs);
        Assert.Contains("line 1: names the columns: \"source\" is the source, \"translation\" the target", Assert.Single(notes), StringComparison.Ordinal);
        Assert.Equal(["1|Va !|2"], Read(Source(content) with { SourceColumn = "id" }).Pairs);
        Assert.Equal(["Go.|Va !|2"], Read(Source("fr;en\nVa !;Go.\n", CorpusFormat.Csv) with { SourceColumn = "EN", TargetColumn = "fr" }).Pairs);
        Assert.Equal(
            "a.tsv, line 1: source_column is \"de\"; expected one of \"translation\", \"id\", \"source\"", Refusal(Source(content) with { SourceColumn = "de" }));
    }

    [Fact]
    public void Json_lines_and_fields_within_them_are_read()
    {
        CorpusSource source = Source("""{"translation": {"en": "Go.", "fr": "Va !"}}""" + "\n", CorpusFormat.JsonLines);
        Assert.Equal(["Go.|Va !|1"], Read(source with { SourceColumn = "translation.en", TargetColumn = "translation.fr" }).Pairs);
        Assert.Equal(["A long story.|Story|1"], Read(Source("""{"document": "A long story.", "summary": "Story"}""", CorpusFormat.JsonLines)).Pairs);
    }

    [Fact]
    public void Two_files_belong_together_line_by_line()
    {
        CorpusSource source = Source("Go.\nRun!\n\nWow.\n", CorpusFormat.Parallel) with { TargetPath = _folder.Write("b.txt", "Va !\r\nCours !\r\n\r\nÇa.\r\n") };
        var (pairs, notes) = Read(source);
        Assert.Equal(["Go.|Va !|1", "Run!|Cours !|2", "Wow.|Ça.|4"], pairs);
        Assert.EndsWith("line 3: a line without a source or a target is left out", Assert.Single(notes), StringComparison.Ordinal);
        _folder.Write("b.txt", "Va !\nCours !\n");
        Assert.Equal(
            "b.txt has 2 lines and a.tsv 4; expected as many: a line of one is the translation of the same line of the other", Refusal(source));
    }

    [Fact]
    public void Empty_sides_are_left_out_and_counted_and_repeated_pairs_kept_once_where_asked()
    {
        CorpusSource source = Source("Go.\tVa !\nRun!\t \n\tCours !\nGo.\tVa !\n");
        var (pairs, notes) = Read(source);
        Assert.Equal(["Go.|Va !|1", "Go.|Va !|4"], pairs);
        Assert.EndsWith("line 2: 2 rows without a source or a target, this the first, are left out", Assert.Single(notes), StringComparison.Ordinal);
        Assert.Equal(["Go.|Va !|1"], Read(source with { Distinct = true }).Pairs);
    }

    [Theory]
    [InlineData("Go.\tVa !\nRun!\n", "a.tsv, line 2: 1 column separated by tabs; expected 2 as on the first line; where source and target are two files, "
        + "read them line by line (target_path=FILE)")]
    [InlineData("Go. Va !\n", "a.tsv, line 1: 1 column separated by tabs; expected 2 (source, target); where source and target are two files, "
        + "read them line by line (target_path=FILE)")]
    [InlineData("Go.\tVa !\nRun!\tCours !\tmore\n", "a.tsv, line 2: 3 columns separated by tabs; expected 2 as on the first line")]
    [InlineData("\t\n \t \n", "a.tsv holds no pair of texts; expected at least one")]
    [InlineData("a\t\n \tb\n", "a.tsv: all 2 rows lack a source or a target; expected both in at least one")]
    [InlineData("{\"en\": \"Go.\"}\n", "a.tsv, line 1: 1 column separated by tabs; expected 2 (source, target); the line looks like JSON (format=jsonl)")]
    public void Odd_files_are_refused(string content, string message) => Assert.Equal(message, Refusal(Source(content)));
}
