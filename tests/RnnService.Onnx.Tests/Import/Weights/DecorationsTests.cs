using CsCheck;
using RnnService.Engine.Tests;
using RnnService.Engine.Weights;
using RnnService.Onnx.Import;
using RnnService.Onnx.Import.Files;
using Xunit;

namespace RnnService.Onnx.Tests.Import.Weights;

/// <summary>Tensors that a file notes as shared, or holds in parts.</summary>
public sealed class DecorationsTests
{
    private const string Tied = """{"task": "text-generation", "cell": "gru", "tie_word_embeddings": true, "tokenizer": "characters"}""";

    [Theory]
    [InlineData("embedding", "head", false)]
    [InlineData("encoder", "decoder", false)]
    [InlineData("encoder", "decoder", true)]
    public void The_name_that_save_model_dropped_is_followed(string embedding, string head, bool withMap)
    {
        using ImportCase files = TiedCase();
        float[] wanted = TensorNamesTests.Values(files);
        files.Replace(
            tensors => tensors.Where(tensor => tensor.Name != "embedding.weight")
                .Append(tensors.Find(tensor => tensor.Name == "embedding.weight") with { Name = "head.weight" })
                .Select(tensor => tensor with { Name = tensor.Name.Replace("head.", head + ".", StringComparison.Ordinal) }),
            new() { ["format"] = "pt", [embedding + ".weight"] = head + ".weight" });
        if (withMap) files.Map = files.Write("map.json", """{"encoder.*": "embedding.*", "decoder.*": "head.*"}""");
        ImportedModel imported = files.Import();
        Expect.SameBits(wanted, TensorNamesTests.Values(imported));
        Assert.Contains(imported.Notes, note => note.Contains($"\"{embedding}.weight\" is \"{head}.weight\"", StringComparison.Ordinal));
    }

    [Fact]
    public void A_tied_matrix_is_taken_from_the_head_where_the_embedding_is_missing()
    {
        using ImportCase files = TiedCase();
        float[] wanted = TensorNamesTests.Values(files);
        files.Rename(name => name == "embedding.weight" ? "head.weight" : name);
        Expect.SameBits(wanted, TensorNamesTests.Values(files));
        // Not where the configuration does not say that they are one.
        files.Config = files.Write("untied.json", Tied.Replace("true", "false", StringComparison.Ordinal));
        files.Refused("missing");
    }

    [Fact]
    public void An_alias_that_has_no_place_is_no_problem_and_one_of_nothing_neither()
    {
        using var files = new ImportCase("classifier-gru");
        float[] wanted = TensorNamesTests.Values(files);
        files.Replace(tensors => tensors, new() { ["old.embedding.weight"] = "embedding.weight", ["format"] = "pt", ["x"] = "no.tensor" });
        Expect.SameBits(wanted, TensorNamesTests.Values(files));
    }

    [Theory]
    [InlineData("lstm.", "lstm.module.", true)]
    [InlineData("rnns.0.", "rnns.0.module.", true)]
    [InlineData("lstm.", "lstm.", true)]
    [InlineData("lstm.", "lstm.", false)]
    [InlineData("lstm.", "lstm.module.", false)]
    public void Of_weight_drop_the_raw_matrix_is_meant(string outer, string inner, bool withCopy)
    {
        using ImportCase files = WeightDrop(outer, inner, withCopy, out float[] wanted);
        ImportedModel imported = files.Import();
        Expect.SameBits(wanted, TensorNamesTests.Values(imported));
        Assert.Contains(imported.Notes, note => note.Contains($"\"{outer}weight_hh_l0_raw\" is the matrix meant (weight drop)", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"lstm.module.*": "rnn.*"}""")]
    [InlineData("""{"lstm.weight_hh_l0_raw": "rnn.weight_hh_l0", "lstm.module.weight_hh_l0": null, "lstm.module.*": "rnn.*"}""")]
    [InlineData("""{"lstm.weight_hh_l0_raw": "rnn.weight_hh_l0", "lstm.module.*": "rnn.*"}""")]
    [InlineData("""{"lstm.module.weight_hh_l0": null, "lstm.*": "rnn.*", "lstm.module.*": "rnn.*"}""")]
    public void A_map_may_name_the_raw_matrix_or_leave_it_to_us(string map)
    {
        using ImportCase files = WeightDrop("lstm.", "lstm.module.", withCopy: true, out float[] wanted);
        files.Map = files.Write("map.json", map);
        Expect.SameBits(wanted, TensorNamesTests.Values(files));
    }

    [Fact]
    public void Null_for_the_raw_matrix_is_refused()
    {
        using ImportCase files = WeightDrop("lstm.", "lstm.module.", withCopy: true, out _);
        files.Map = files.Write("map.json", """{"lstm.weight_hh_l0_raw": null, "lstm.module.*": "rnn.*"}""");
        files.Refused(
            "map.json: \"lstm.weight_hh_l0_raw\" is named alone",
            "is the matrix meant (weight drop), and \"lstm.module.weight_hh_l0\" a copy of which training",
            "expected an entry for \"lstm.module.weight_hh_l0\", or none");
    }

    [Theory]
    [InlineData("head.weight")]
    [InlineData("rnn.weight_hh_l0")]
    [InlineData("embedding.weight")]
    [InlineData("rnn.bias_ih_l0")]
    public void Pruned_parameters_are_multiplied_with_their_masks(string name)
    {
        using var files = new ImportCase("classifier-lstm");
        float[] mask = [];
        List<TensorData> whole = ImportCase.Tensors(files.Weights);
        files.Change(tensor => tensor.Name == name ? tensor with { Values = Masked(tensor.Values.ToArray()) } : tensor);
        float[] wanted = TensorNamesTests.Values(files);
        TensorData pruned = whole.Find(tensor => tensor.Name == name);
        files.Replace(tensors =>
        [
            .. tensors.Where(tensor => tensor.Name != name), pruned with { Name = name + "_orig" }, pruned with { Name = name + "_mask", Values = mask },
        ]);
        ImportedModel imported = files.Import();
        Assert.Equal(wanted, TensorNamesTests.Values(imported)); // zeros may have a sign
        Assert.Contains(imported.Notes, note => note.EndsWith($"\"{name}\" is \"{name}_orig\" times \"{name}_mask\" (pruning)", StringComparison.Ordinal));

        float[] Masked(float[] values)
        {
            mask = [.. values.Select((_, i) => i % 3 == 0 ? 0f : 1f)];
            return [.. values.Zip(mask, (value, factor) => value * factor)];
        }
    }

    [Theory]
    [InlineData("{0}_g", "{0}_v", false)]
    [InlineData("parametrizations.{0}.original0", "parametrizations.{0}.original1", false)]
    [InlineData("{0}_g", "{0}_v", true)]
    public void Weight_norm_is_computed_by_rows_or_as_a_whole(string g, string v, bool isWhole)
    {
        using var files = new ImportCase("classifier-gru");
        List<TensorData> before = ImportCase.Tensors(files.Weights);
        foreach (string name in (string[])["rnn.weight_hh_l0", "head.weight"])
        {
            TensorData tensor = before.Find(other => other.Name == name);
            int dot = name.IndexOf('.', StringComparison.Ordinal) + 1;
            (string module, string leaf) = (name[..dot], name[dot..]);
            int columns = isWhole ? tensor.Values.Length : tensor.Shape[1];
            float[][] rows = [.. tensor.Values.ToArray().Chunk(columns)];
            float[] lengths = [.. rows.Select(row => (float)Math.Sqrt(row.Sum(value => (double)value * value)))];
            files.Replace(tensors =>
            [
                .. tensors.Where(other => other.Name != name),
                new TensorData(module + string.Format(null, g, leaf), isWhole ? [] : [lengths.Length, 1], lengths),
                // Of any length, since only its direction counts.
                tensor with
                {
                    Name = module + string.Format(null, v, leaf),
                    Values = rows.SelectMany((row, i) => row.Select(value => value * (i + 2))).ToArray(),
                },
            ]);
        }

        ImportedModel imported = files.Import();
        foreach (var (name, _, values) in before)
        {
            float[] found = imported.Model.Parameters.All.Single(parameter => parameter.Name == name).Values.ToArray();
            Expect.Near([.. values.ToArray().Select(value => (double)value)], found, 1e-6, name);
        }

        Assert.Contains(imported.Notes, note => note.Contains("\"head.weight\" is computed of ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("head.weight_orig", "head.weight_u", "(spectral norm)", "torch.nn.utils.remove_spectral_norm(module, \"weight\")")]
    [InlineData("head.parametrizations.weight.original", "head.parametrizations.weight.0._u", "(spectral norm)", "remove_parametrizations(module, \"weight\")")]
    [InlineData("head.parametrizations.weight.original", "head.parametrizations.weight.0.base", "parametrized", "remove_parametrizations(module, \"weight\")")]
    [InlineData("head.weight_orig", "other", "its other part missing", "torch.nn.utils.prune.remove(module, \"weight\")")]
    public void Other_parts_are_refused_by_name_with_the_remedy(string part, string second, params string[] wanted)
    {
        using var files = new ImportCase("classifier-gru");
        files.Replace(tensors =>
        [
            .. tensors.Select(tensor => tensor.Name == "head.weight" ? tensor with { Name = part } : tensor),
            new TensorData(second, [3], new float[3]),
        ]);
        files.Refused([$"\"{part}\" is a part of a parameter", .. wanted]);
    }

    [Fact]
    public void Parts_of_any_shapes_are_imported_or_refused()
    {
        string[] names = ["head.weight", "rnn.weight_hh_l0", "embedding.weight"], suffixes = ["_raw", "_orig", "_mask", "_g", "_v", ""];
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 5].Array[1, 4], Gen.Int[0, 3].Array[0, 3]).Sample(
            (name, parts, shape) =>
            {
                using var files = new ImportCase("classifier-gru");
                files.Replace(tensors => tensors.Concat(parts.Distinct().Select(part => new TensorData(
                    names[name] + suffixes[part], shape, new float[shape.Aggregate(1, (product, size) => product * size)]))).DistinctBy(tensor => tensor.Name));
                try
                {
                    files.Import().Model.Dispose();
                }
                catch (ImportException error)
                {
                    // A part that takes the matrix's place may also contradict the configuration.
                    Assert.Contains(new[] { files.Weights, files.Config }, file => error.Message.StartsWith($"{file}: ", StringComparison.Ordinal));
                }
            },
            iter: 100);
    }

    private static ImportCase TiedCase()
    {
        var files = new ImportCase("char-lm-gru");
        // The embedding must be as wide as the state.
        files.Change(tensor => tensor.Name switch
        {
            "rnn.weight_ih_l0" => tensor with { Shape = [96, 32], Values = Draw.Normal(1, 96 * 32) },
            "embedding.weight" => tensor with { Shape = [65, 32], Values = Draw.Normal(2, 65 * 32) },
            "head.weight" => null,
            _ => tensor,
        });
        files.Config = files.Write("tied.json", Tied);
        return files;
    }

    private static ImportCase WeightDrop(string outer, string inner, bool withCopy, out float[] wanted)
    {
        var files = new ImportCase("classifier-lstm");
        wanted = TensorNamesTests.Values(files);
        files.Replace(tensors => tensors.SelectMany(tensor => tensor.Name switch
        {
            "rnn.weight_hh_l0" => withCopy
                ? (TensorData[])[tensor with { Name = $"{outer}weight_hh_l0_raw" }, tensor with { Name = $"{inner}weight_hh_l0", Values = new float[4096] }]
                : [tensor with { Name = $"{outer}weight_hh_l0_raw" }],
            _ => [tensor with { Name = tensor.Name.Replace("rnn.", inner, StringComparison.Ordinal) }],
        }));
        return files;
    }
}
