using System.Globalization;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Weights;

/// <summary>
/// Files written by PyTorch's own safetensors, one a case of cell, layers, direction, sizes and lengths. Their metadata says which shapes
/// they must hold, and their loss is a sum over tensors that lie apart in the file.
/// </summary>
public class GoldenFileTests
{
    public static TheoryData<string> Files =>
        [.. Directory.GetFiles(Folder, "*.safetensors").Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    private static string Folder => Path.Combine(AppContext.BaseDirectory, "TestData", "golden");

    [Fact]
    public void All_are_there() => Assert.Equal(64, Files.Count);

    [Theory]
    [MemberData(nameof(Files))]
    public void Holds_exactly_the_tensors_its_metadata_asks_for(string name)
    {
        var file = SafeTensorsFile.Open(Path.Combine(Folder, name));

        Assert.Equal(ExpectedShapes(file.Metadata, name.Contains("-ragged")), file.Names.ToDictionary(tensor => tensor, file.ShapeOf));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Holds_values_that_add_up_to_its_loss(string name)
    {
        var file = SafeTensorsFile.Open(Path.Combine(Folder, name));
        double loss = file.Floats("output").Zip(file.Floats("output_weight"), (output, weight) => (double)output * weight).Sum();
        loss += file.Floats("h_n").Sum(value => (double)value);
        if (file.Contains("c_n")) loss += file.Floats("c_n").Sum(value => (double)value);

        Assert.Equal(loss, file.Floats("loss", 1)[0], 1e-4);
        if (file.Contains("lengths"))
        {
            int time = int.Parse(file.Metadata["seq_len"], CultureInfo.InvariantCulture);
            Assert.All(file.Integers("lengths"), length => Assert.InRange(length, 1, time));
        }
    }

    private static Dictionary<string, IReadOnlyList<int>> ExpectedShapes(IReadOnlyDictionary<string, string> metadata, bool ragged)
    {
        int Size(string key) => int.Parse(metadata[key], CultureInfo.InvariantCulture);
        int input = Size("input_size"), hidden = Size("hidden_size"), layers = Size("num_layers");
        int time = Size("seq_len"), batch = Size("batch");
        string kind = metadata["kind"];
        string[] directions = metadata["bidirectional"] == "True" ? ["", "_reverse"] : [""];
        int gates = hidden * kind switch { "lstm" => 4, "gru" => 3, _ => 1 };
        int width = hidden * directions.Length;
        int[] state = [layers * directions.Length, batch, hidden];

        var shapes = new Dictionary<string, IReadOnlyList<int>>
        {
            ["output"] = [time, batch, width],
            ["output_weight"] = [time, batch, width],
            ["loss"] = [1],
            ["h_n"] = state,
        };
        if (ragged) shapes["lengths"] = [batch];
        WithGradient("input", time, batch, input);
        WithGradient("h_0", state);
        if (kind == "lstm")
        {
            WithGradient("c_0", state);
            shapes["c_n"] = state;
        }

        for (int layer = 0; layer < layers; layer++)
        {
            foreach (string direction in directions)
            {
                WithGradient($"param.weight_ih_l{layer}{direction}", gates, layer == 0 ? input : width);
                WithGradient($"param.weight_hh_l{layer}{direction}", gates, hidden);
                WithGradient($"param.bias_ih_l{layer}{direction}", gates);
                WithGradient($"param.bias_hh_l{layer}{direction}", gates);
            }
        }

        return shapes;

        void WithGradient(string name, params int[] shape)
        {
            shapes[name] = shape;
            shapes["grad." + name] = shape;
        }
    }
}
