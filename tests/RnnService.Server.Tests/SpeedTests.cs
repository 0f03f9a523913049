namespace RnnService.Server.Tests;

/// <summary>The table of docs/speed.md is that of the last measurement.</summary>
public sealed class SpeedTests
{
    private const string Results = "tests/RnnService.Benchmarks/results/onnxruntime.md";

    [Fact]
    public void The_page_shows_the_measured_ratios()
    {
        string[] lines = File.ReadAllLines(Path.Combine(Repository.Root, Results));
        string machine = lines.First(line => line.Contains("ONNX Runtime", StringComparison.Ordinal) && !line.StartsWith('#'));
        string[] names = Cells(lines.First(line => line.StartsWith("| work |", StringComparison.Ordinal)));
        string[] rows = [.. lines.Where(line => line.StartsWith("| LSTM", StringComparison.Ordinal) && Cells(line).Length == names.Length)
            .Select(Row)];
        Assert.NotEmpty(rows);
        Repository.CompareSection("docs/speed.md", "speed", $"""
            {machine}

            | work | weights of ONNX Runtime | ours / ONNX Runtime | goal | met |
            |---|---|---|---|---|
            {string.Join('\n', rows)}

            """);

        string Row(string line)
        {
            string[] cells = Cells(line);
            return $"| {Of("work")} | {Of("beside")} | {Of("ratio")} | {Of("goal")} | {Of("met")} |";

            string Of(string name) => cells[Array.IndexOf(names, name)];
        }
    }

    private static string[] Cells(string line) => line.Trim('|').Split('|', StringSplitOptions.TrimEntries);
}
