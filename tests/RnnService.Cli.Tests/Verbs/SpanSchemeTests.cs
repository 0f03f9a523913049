namespace RnnService.Cli.Tests.Verbs;

public sealed class SpanSchemeTests
{
    // Ada Byron saw London, in the labels of each scheme.
    [Theory]
    [InlineData("B-PER I-PER O B-LOC O")]
    [InlineData("B-PER E-PER O S-LOC O")]
    [InlineData("B-PER L-PER O U-LOC O")]
    [InlineData("I-PER I-PER O I-LOC O")]
    [InlineData("PER_B PER_E O LOC_S O")]
    public void The_same_spans_are_learnt_scored_and_tagged_in_every_scheme(string labels)
    {
        using var folder = new ScratchFolder();
        string[] found = labels.Split(' '), usual = ["B-PER", "I-PER", "O", "B-LOC", "O"];
        string[] lines = TinyCorpora.Spans(36).Split('\n');
        string corpus = folder.Write("spans.conll", string.Join('\n', lines.Select((line, at) =>
            line.Length == 0 ? line : line.Replace(usual[at % 6], found[at % 6], StringComparison.Ordinal))));
        string model = folder["names"];
        CommandRun trained = CommandRun.Of(
            "train", "--task", "tagger", "--train", corpus, "--valid", corpus, "--output", model, "--embedding-size", "12", "--hidden-size", "16",
            "--batch-size", "8", "--learning-rate", "0.02", "--epochs", "8", "--set", "model.characters={\"embedding_size\": 8, \"hidden_size\": 8}");
        Assert.Contains("valid span f1 100.00 %", trained.Succeeded().Out, StringComparison.Ordinal);
        Assert.Matches("(?m)^all +72 +72 +72 ", CommandRun.Of("evaluate", model, "--corpus", corpus).Succeeded().Out);
        Assert.Equal(
            ["Grace Byron\tPER", "Rome\tLOC"],
            CommandRun.Of("tag", model, "Grace Byron saw Rome .", "--spans").Succeeded().Lines.Select(line => line[..line.LastIndexOf('\t')]));
    }
}
