using RnnService.Engine.Models;
using RnnService.Engine.Tests;
using RnnService.Engine.Weights;
using RnnService.Onnx.Import;
using Xunit;

namespace RnnService.Onnx.Tests.Import.Weights;

/// <summary>State dicts under other people's names: the same bits where names and shapes leave one way, else a refusal.</summary>
public sealed class TensorNamesTests
{
    public static TheoryData<string, string, string, string> Names => new(
        from model in ImportCase.Names
        from names in (string[][])
        [
            ["encoder", "rnn", "decoder"], ["emb", "lstm", "fc"], ["module.embed", "module.gru", "module.out"],
            ["_orig_mod.word_embeddings", "_orig_mod.bilstm", "_orig_mod.hidden2tag"], ["model.net.embedding", "model.net.rnn", "model.net.head"],
            ["0", "1", "2"], ["encoder.embedding", "encoder.rnn", "classifier"], ["tok_embeddings", "encoder", "linear1"],
        ]
        select (model, names[0], names[1], names[2]));

    [Theory]
    [MemberData(nameof(Names))]
    public void Names_that_leave_one_way_are_taken_with_a_note_and_the_same_bits(string model, string embedding, string rnn, string head)
    {
        using var files = new ImportCase(model);
        float[] wanted = Values(files);
        files.Rename(name => name.Replace("embedding.", embedding + ".", StringComparison.Ordinal)
            .Replace("rnn.", rnn + ".", StringComparison.Ordinal).Replace("head.", head + ".", StringComparison.Ordinal));
        ImportedModel imported = files.Import();
        Expect.SameBits(wanted, Values(imported));
        string note = Assert.Single(imported.Notes, note => note.Contains("names are taken as this map has them", StringComparison.Ordinal));

        // The note's map says the same.
        files.Map = files.Write("map.json", note[note.LastIndexOf('{')..]);
        imported = files.Import();
        Expect.SameBits(wanted, Values(imported));
        Assert.DoesNotContain(imported.Notes, other => other.Contains("names are taken", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("cell")]
    [InlineData("rnn")]
    [InlineData("module.lstm_cell")]
    public void A_cell_is_a_layer(string module)
    {
        using var files = new ImportCase("classifier-lstm");
        OneDirection(files);
        float[] wanted = Values(files);
        files.Rename(name => name.StartsWith("rnn.", StringComparison.Ordinal) ? module + name[3..^3] : name);
        ImportedModel imported = files.Import();
        Expect.SameBits(wanted, Values(imported));
        Assert.Contains(imported.Notes, note => note.Contains($"\"{module}.weight_ih\": \"rnn.weight_ih_l0\"", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("lstm1", "lstm2")]
    [InlineData("rnns.0", "rnns.1")]
    [InlineData("layers.7.rnn", "layers.8.rnn")]
    public void Numbered_modules_that_read_each_other_are_layers(string first, string second)
    {
        using var files = new ImportCase("tagger-lstm");
        float[] wanted = Values(files);
        files.Rename(Split);
        Expect.SameBits(wanted, Values(files));

        // Not when the second cannot read what the first gives.
        files.Change(tensor => tensor.Name.StartsWith(second + ".weight_ih", StringComparison.Ordinal)
            ? tensor with { Shape = [128, 16], Values = tensor.Values[..2048] }
            : tensor);
        files.Refused("missing: rnn.weight_ih_l0", "no place: \"" + second + ".weight_ih_l0\"");

        string Split(string name) => !name.StartsWith("rnn.", StringComparison.Ordinal) ? name
            : (name.Contains("_l1", StringComparison.Ordinal) ? second : first) + name[3..].Replace("_l1", "_l0", StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_twice_is_refused_with_the_maps_that_choose()
    {
        foreach (string other in (string[])["model.", ""])
        {
            using var files = new ImportCase("classifier-gru");
            float[] wanted = Values(files);
            files.Replace(tensors =>
            [
                .. tensors.Select(tensor => tensor with { Name = other + tensor.Name }),
                .. tensors.Select(tensor => tensor with { Name = "ema." + tensor.Name, Values = new float[tensor.Values.Length] }),
            ]);
            string message = files.Refused("holds the same tensors under \"");
            string map = message[message.IndexOf('{', StringComparison.Ordinal)..].Split(" or ")[other.Length == 0 ? 1 : 1];
            files.Map = files.Write("map.json", map);
            if (other.Length == 0) Expect.SameBits(wanted, Values(files));
            else Assert.All(Values(files), value => Assert.True(value is 0 || wanted.Contains(value)));
        }
    }

    [Fact]
    public void What_an_optimizer_keeps_is_left_out_with_a_note()
    {
        using var files = new ImportCase("classifier-gru");
        float[] wanted = Values(files);
        files.Replace(tensors =>
        [
            .. tensors, new TensorData("optimizer.state.0.exp_avg", [2], new float[2]), new TensorData("optimizer.state.0.step", [], new float[1]),
            new TensorData("n_averaged", [], new float[1]),
        ]);
        ImportedModel imported = files.Import();
        Expect.SameBits(wanted, Values(imported));
        Assert.Contains(imported.Notes, note => note.Contains("what an optimizer keeps is left out: \"optimizer.state.0.exp_avg\"", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("bn.running_mean", "of a batch normalisation")]
    [InlineData("norm1.weight", "of a layer normalisation")]
    [InlineData("crf.transitions", "of a conditional random field")]
    [InlineData("attention.v", "of an attention")]
    [InlineData("h0", "a start that was learned")]
    [InlineData("lstm.kernel", "as Keras and TensorFlow call it")]
    public void Layers_that_have_no_place_are_named(string tensor, string layer)
    {
        using var files = new ImportCase("classifier-gru");
        files.Replace(tensors => [.. tensors, new TensorData(tensor, [3], new float[3])]);
        files.Refused($"no place: \"{tensor}\" [3]: {layer}");
    }

    [Fact]
    public void An_embedding_that_another_module_holds_too_is_left_out_with_a_note()
    {
        using var files = new ImportCase("tagger-lstm");
        float[] wanted = Values(files);
        // As fastai saves an AWD-LSTM: a dropout around the embedding, a module a layer, weight drop around each.
        files.Change(tensor => tensor.Name.EndsWith("_reverse", StringComparison.Ordinal) ? null : tensor);
        files.Replace(tensors => tensors.SelectMany(tensor => tensor.Name switch
        {
            "embedding.weight" => (TensorData[])[tensor with { Name = "0.encoder.weight" }, tensor with { Name = "0.encoder_dp.emb.weight" }],
            "head.weight" or "head.bias" => [tensor with { Name = tensor.Name.Replace("head", "1.decoder", StringComparison.Ordinal) }],
            _ => [tensor with { Name = $"0.rnns.{tensor.Name[^1..]}.module.{tensor.Name[4..^1]}0" }, .. Raw(tensor)],
        }));
        TensorData[] oneWay = [.. ImportCase.Tensors(files.Weights)];
        files.Replace(_ => oneWay.Select(tensor => tensor.Name switch
        {
            "1.decoder.weight" => tensor with { Shape = [5, 32], Values = tensor.Values[..160] },
            "0.rnns.1.module.weight_ih_l0" => tensor with { Shape = [128, 32], Values = tensor.Values[..4096] },
            _ => tensor,
        }));
        files.Config = files.Write("awd.json", """{"task": "token-classification", "cell": "lstm"}""");
        ImportedModel imported = files.Import();
        Assert.Equal(2, imported.Model.Config.Layers);
        Assert.Contains(imported.Notes, note => note.EndsWith(
            "\"0.encoder_dp.emb.weight\" has the values of \"0.encoder.weight\", and is left out", StringComparison.Ordinal));
        float[] recurrent = imported.Model.Parameters.All.Single(parameter => parameter.Name == "rnn.weight_hh_l1").Values.ToArray();
        Assert.NotEqual(0, recurrent[0]);
        Assert.All(recurrent, value => Assert.Contains(value, wanted));

        static TensorData[] Raw(TensorData tensor) => tensor.Name is "rnn.weight_hh_l0" or "rnn.weight_hh_l1"
            ? [tensor with { Name = $"0.rnns.{tensor.Name[^1..]}.weight_hh_l0_raw" }]
            : [];
    }

    [Fact]
    public void Two_directions_in_modules_of_their_own_are_refused_with_the_map_that_joins_them()
    {
        using var files = new ImportCase("classifier-lstm");
        float[] wanted = Values(files);
        files.Rename(name => !name.StartsWith("rnn.", StringComparison.Ordinal) ? name
            : name.EndsWith("_reverse", StringComparison.Ordinal) ? "net.bw_cell" + name[3..^11] : "net.fw_cell" + name[3..^3]);
        files.Config = files.Write("small.json", """{"task": "text-classification", "cell": "lstm"}""");
        string message = files.Refused("the recurrent modules \"net.fw_cell\", \"net.bw_cell\"; expected one, or layers that are numbered");
        files.Map = files.Write("map.json", message[message.LastIndexOf('{')..]);
        Expect.SameBits(wanted, Values(files));
    }

    [Fact]
    public void Names_of_Keras_are_answered_with_the_page_that_turns_them()
    {
        using var files = new ImportCase("classifier-lstm");
        files.Replace(_ => [new TensorData("lstm/lstm_cell/kernel:0", [2, 8], new float[16]), new TensorData("dense/bias:0", [2], new float[2])]);
        files.Config = files.Write("small.json", """{"task": "text-classification", "cell": "lstm"}""");
        files.Refused("\"lstm/lstm_cell/kernel:0\": as Keras and TensorFlow call it; docs/onnx.md has the lines of Python that turn such weights");
    }

    [Fact]
    public void Two_linear_layers_do_not_become_one()
    {
        using var files = new ImportCase("classifier-gru");
        files.Replace(tensors =>
        [
            .. tensors.Select(tensor => tensor with { Name = tensor.Name.Replace("head.", "fc1.", StringComparison.Ordinal) }),
            new TensorData("fc2.weight", [3, 3], new float[9]), new TensorData("fc2.bias", [3], new float[3]),
        ]);
        files.Refused("\"fc1.weight\" [3, 64] and \"fc2.weight\" [3, 3] are two linear layers after each other; expected one: an ONNX graph of it can be");
    }

    [Fact]
    public void Null_of_a_map_is_told()
    {
        using var files = new ImportCase("classifier-gru");
        files.Replace(tensors => [.. tensors, new TensorData("criterion.weight", [3], new float[3])]);
        files.Map = files.Write("map.json", """{"criterion.*": null}""");
        Assert.Contains(files.Import().Notes, note => note.EndsWith("map.json leaves out \"criterion.weight\"", StringComparison.Ordinal));
    }

    /// <summary>All values of a model in the order of its layers.</summary>
    internal static float[] Values(ImportCase files) => Values(files.Import());

    internal static float[] Values(ImportedModel imported)
    {
        using TextModel model = imported.TextModel;
        return [.. model.Parameters.All.SelectMany(parameter => parameter.Values.ToArray())];
    }

    /// <summary>The same model without the direction from the end.</summary>
    internal static void OneDirection(ImportCase files)
    {
        files.Change(tensor => tensor.Name.EndsWith("_reverse", StringComparison.Ordinal) ? null
            : tensor.Name == "head.weight" ? tensor with { Shape = [3, 32], Values = tensor.Values[..96] }
            : tensor);
        files.Config = files.Write("forward.json", """{"task": "text-classification", "cell": "lstm", "labels": ["a", "b", "c"]}""");
    }
}
