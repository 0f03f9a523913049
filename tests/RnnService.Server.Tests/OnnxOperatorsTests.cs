using RnnService.Onnx.Import.Graph.Operators;

namespace RnnService.Server.Tests;

/// <summary>The table of operators in docs/onnx.md is the recogniser's.</summary>
public sealed class OnnxOperatorsTests
{
    [Fact]
    public void The_page_lists_the_operators_that_are_read()
    {
        IEnumerable<string> rows = OperatorTable.Rows
            .Select(row => $"| {string.Join(", ", row.Names.Select(name => $"`{name}`"))} | {row.Understood} |");
        IEnumerable<string> folded = ConstantFolding.Operators.Order(StringComparer.Ordinal).Select(name => $"`{name}`");
        string last = $"| {string.Join(", ", folded)} of tensors alone | the tensor that they make |";
        Repository.CompareSection("docs/onnx.md", "OnnxOperators", string.Join('\n', ["| operator | understood |", "|---|---|", .. rows, last, ""]));
    }

    [Fact]
    public void Every_operator_stands_once()
    {
        string[] names = [.. OperatorTable.Rows.SelectMany(row => row.Names)];
        Assert.Equal(names.Distinct(), names);
        Assert.All(OperatorTable.Rows, row => Assert.NotEmpty(row.Understood));
    }
}
