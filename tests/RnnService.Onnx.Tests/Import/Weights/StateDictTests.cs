using System.Text;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Tests;
using RnnService.Engine.Weights;
using RnnService.Onnx.Import;
using Xunit;

namespace RnnService.Onnx.Tests.Import.Weights;

public sealed class StateDictTests
{
    [Fact]
    public void Everything_that_does_not_fit_is_listed_together_with_the_nearest_names_and_a_map()
    {
        using var files = new ImportCase("classifier-lstm");
        files.Change(tensor => tensor.Name switch
        {
            "rnn.bias_hh_l0" => null,
            "head.bias" => tensor with { Name = "head.bias2" },
            _ => tensor,
        });
        Assert.Equal(
            """
            model.safetensors: 3 problems
              missing: rnn.bias_hh_l0 [128]
              missing: head.bias [3]; nearest: "head.bias2" [3]
              no place: "head.bias2" [3]
            """.ReplaceLineEndings("\n"),
            files.Refused());
    }

    [Fact]
    public void The_map_that_a_refusal_advises_makes_the_import_succeed()
    {
        using var files = new ImportCase("tagger-gru");
        float[] wanted = Answer(files);
        // Two matrices that both may be the head, and a network whose name gives no hint.
        files.Replace(tensors =>
        [
            .. tensors.Select(tensor => tensor with { Name = tensor.Name.Replace("head.", "net.a.", StringComparison.Ordinal) }),
            new TensorData("net.b.weight", [9, 64], new float[9 * 64]), new TensorData("net.b.bias", [9], new float[9]),
        ]);
        string message = files.Refused("missing: head.weight [5, 64]", "no place: \"net.b.weight\" [9, 64]", """{"net.a.*": "head.*"}""");
        files.Map = files.Write("map.json", message[message.LastIndexOf('{')..].Replace("}", ", \"net.b.*\": null}", StringComparison.Ordinal));
        Expect.SameBits(wanted, Answer(files));
    }

    [Fact]
    public void A_prefix_of_all_names_is_taken_off_by_a_map_of_two_stars()
    {
        using var files = new ImportCase("tagger-gru");
        float[] wanted = Answer(files);
        files.Rename(name => "module." + name);
        files.Map = files.Write("map.json", """{"module.*": "*"}""");
        Expect.SameBits(wanted, Answer(files));
    }

    [Fact]
    public void A_map_prefers_whole_names_then_longer_beginnings_and_null_leaves_out()
    {
        using var files = new ImportCase("classifier-gru");
        float[] wanted = Answer(files);
        files.Rename(name => name switch
        {
            "embedding.weight" => "net.weights",
            "head.weight" => "net.out.w",
            "head.bias" => "net.out.b",
            _ => "net." + name,
        });
        List<TensorData> tensors = ImportCase.Tensors(files.Weights);
        tensors.Add(new TensorData("optimizer.step", [1], new float[1]));
        SafeTensorsWriter.Write(files.Weights, tensors);
        files.Map = files.Write("map.json", """
            {"net.*": "*", "net.out.w": "head.weight", "net.out.b": "head.bias", "net.weights": "embedding.weight", "optimizer.*": null}
            """);
        Expect.SameBits(wanted, Answer(files));
    }

    [Theory]
    [InlineData("""{"rnn.bias_ih_l0": "head.bias"}""", """
        "rnn.bias_ih_l0" and "head.bias" both become "head.bias"; expected a name for each
        """)]
    [InlineData("""{"rnnn.*": "rnn.*"}""", """
        "rnnn.*" fits no tensor
        """)]
    [InlineData("""{"rnn.*": "lstm"}""", """
        "rnn.*": "lstm"; expected a * at the end of both, or none
        """)]
    [InlineData("""{"rnn.*.weight": "rnn.*.weight"}""", "a * at the end of both, or none")]
    [InlineData("""{"a": 1, "b": ["c"]}""", """
        2 problems
          "a" is 1; expected a name, or null to leave it out
          "b" is a list; expected a name, or null to leave it out
        """)]
    [InlineData("""{"a": "b", "a": "c"}""", "a")]
    [InlineData("""["a"]""", "a list found; expected an object")]
    [InlineData("", "empty")]
    [InlineData("{", "line 1 is not JSON")]
    public void A_map_that_cannot_be_meant_is_refused(string map, string wanted)
    {
        using var files = new ImportCase("classifier-gru");
        files.Map = files.Write("map.json", map);
        Assert.StartsWith("map.json: ", files.Refused(wanted.ReplaceLineEndings("\n").TrimEnd()), StringComparison.Ordinal);
    }

    [Fact]
    public void Projections_are_refused_with_a_sentence()
    {
        using var files = new ImportCase("classifier-lstm");
        files.Rename(name => name == "rnn.bias_hh_l0" ? "rnn.weight_hr_l0" : name);
        files.Refused("\"rnn.weight_hr_l0\" projects the state (proj_size of PyTorch's LSTM), which has no place here");
    }

    [Fact]
    public void Layers_without_any_bias_get_zeros_and_a_note_says_so()
    {
        using var files = new ImportCase("tagger-gru");
        files.Change(tensor => tensor.Name.Contains(".bias_", StringComparison.Ordinal) ? null : tensor);
        ImportedModel imported = files.Import();
        Assert.Contains(imported.Notes, note => note.Contains("has no rnn.bias_hh_l0, ", StringComparison.Ordinal));
        Assert.All(
            imported.Model.Parameters.All.Where(parameter => parameter.Name.Contains(".bias_", StringComparison.Ordinal)),
            parameter => Assert.All(parameter.Values.ToArray(), value => Assert.Equal(0, value)));
    }

    [Fact]
    public void One_bias_that_is_missing_among_others_is_an_error()
    {
        using var files = new ImportCase("tagger-gru");
        files.Change(tensor => tensor.Name == "rnn.bias_ih_l1" ? null : tensor);
        Assert.Equal("model.safetensors: missing: rnn.bias_ih_l1 [96]", files.Refused());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_tied_head_may_be_left_out_or_be_the_embedding_again_but_nothing_else(bool withHead)
    {
        using var files = new ImportCase("char-lm-gru");
        ReadOnlyMemory<float> embedding = default;
        files.Change(tensor =>
        {
            // The embedding must be as wide as the state.
            if (tensor.Name == "rnn.weight_ih_l0") return tensor with { Shape = [96, 32], Values = new float[96 * 32] };
            if (tensor.Name == "head.weight") return withHead ? tensor with { Values = embedding } : null;
            if (tensor.Name == "embedding.weight")
                return tensor with { Shape = [65, 32], Values = embedding = Enumerable.Range(0, 65 * 32).Select(i => i / 2080f).ToArray() };
            return tensor;
        });
        files.Config = files.Write("tied.json", """{"task": "text-generation", "cell": "gru", "tie_word_embeddings": true}""");
        ImportedModel imported = files.Import();
        Assert.True(imported.Model.Config.TieWeights);
        Assert.DoesNotContain(imported.Model.Parameters.All, parameter => parameter.Name == "head.weight");
        if (!withHead) return;
        files.Change(tensor => tensor.Name == "head.weight" ? tensor with { Values = new float[65 * 32] } : tensor);
        files.Refused("\"head.weight\" [65, 32] differs from embedding.weight; expected the same values with tie_weights");
    }

    [Fact]
    public void Values_that_are_not_finite_are_refused_with_their_place()
    {
        using var files = new ImportCase("tagger-rnn");
        files.Change(tensor =>
        {
            float[] values = tensor.Values.ToArray();
            if (tensor.Name == "rnn.bias_ih_l1") values[3] = float.NaN;
            if (tensor.Name == "head.bias") values[0] = float.NegativeInfinity;
            return tensor with { Values = values };
        });
        files.Refused("2 problems", "\"rnn.bias_ih_l1\": value 3 is NaN; expected finite numbers", "\"head.bias\": value 0 is -Infinity");
    }

    [Fact]
    public void Doubles_are_refused_with_the_way_to_convert_them()
    {
        using var files = new ImportCase("tagger-rnn");
        File.WriteAllBytes(files.Weights, AllDoubles(ImportCase.Tensors(files.Weights)));
        files.Refused("19 problems", "\"head.bias\" is F64; expected F32, F16 or BF16: model.float() before saving makes F32");
    }

    [Fact]
    public void A_file_of_torch_save_is_told_apart()
    {
        using var files = new ImportCase("tagger-rnn");
        foreach (byte[] start in (byte[][])[[0x50, 0x4B, 3, 4, 0, 0, 8, 8, 0], [0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9]])
        {
            File.WriteAllBytes(files.Weights, start);
            files.Refused("a file of torch.save; expected one of safetensors.torch.save_file(model.state_dict(), \"model.safetensors\")");
        }
    }

    [Fact]
    public void Names_that_are_not_ours_explain_why_sizes_are_missing()
    {
        using var files = new ImportCase("classifier-gru");
        files.Rename(name => name.Replace("weight_", "w_", StringComparison.Ordinal));
        files.Config = files.Write("small.json", """{"task": "text-classification"}""");
        files.Refused(
            "small.json: 2 problems", "hidden_size is missing; expected a whole number",
            "model.safetensors has no rnn.weight_hh_l0, which would tell; it holds \"embedding.weight\", ");
    }

    [Fact]
    public void Weights_that_fit_several_cells_do_not_choose_one()
    {
        using var files = new ImportCase("classifier-gru");
        files.Config = files.Write("small.json", """{"task": "text-classification"}""");
        files.Refused("cell is missing; expected gru or gru_before, as the weights have it");
        files.Config = files.Write("before.json", """{"task": "text-classification", "cell": "gru_before"}""");
        Assert.Equal(CellKind.GruBefore, files.Import().Model.Config.Cell);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_file_that_is_not_there_or_is_a_folder_is_told_in_a_sentence(int kind)
    {
        using var files = new ImportCase("classifier-gru");
        string wanted = kind == 0 ? ": missing" : ": a folder; expected a file";
        string wrong = kind == 0 ? files["none"] : files.Root;
        foreach (Action<ImportCase> point in (Action<ImportCase>[])[
            c => c.Weights = wrong, c => c.Map = wrong, c => c.Config = wrong, c => c.Vocabulary = wrong])
        {
            using var other = new ImportCase("classifier-gru");
            point(other);
            other.Refused(wrong + wanted);
        }
    }

    private static float[] Answer(ImportCase files)
    {
        using TextModel model = files.Import().TextModel;
        return [.. model.Answer("w5 w99 w7").Scores];
    }

    private static byte[] AllDoubles(List<TensorData> tensors)
    {
        var header = new StringBuilder("{");
        long begin = 0;
        foreach (TensorData tensor in tensors)
        {
            long end = begin + tensor.Values.Length * sizeof(double);
            header.Append($"{(begin > 0 ? "," : "")}\"{tensor.Name}\":{{\"dtype\":\"F64\",\"shape\":[{string.Join(',', tensor.Shape)}],")
                .Append($"\"data_offsets\":[{begin},{end}]}}");
            begin = end;
        }

        byte[] json = Encoding.UTF8.GetBytes(header.Append('}').ToString());
        return [.. BitConverter.GetBytes((ulong)json.Length), .. json, .. new byte[begin]];
    }
}
