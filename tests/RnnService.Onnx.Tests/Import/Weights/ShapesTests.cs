using System.Text.RegularExpressions;
using RnnService.Engine.Tests;
using RnnService.Engine.Weights;
using RnnService.Onnx.Import;
using Xunit;

namespace RnnService.Onnx.Tests.Import.Weights;

/// <summary>Matrices that lie as Keras, TensorFlow and Paddle keep them, and heads of one row.</summary>
public sealed class ShapesTests
{
    public static TheoryData<string> Names => [.. ImportCase.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_matrix_that_lies_transposed_is_named_with_both_shapes(string name)
    {
        using var files = new ImportCase(name);
        List<TensorData> whole = ImportCase.Tensors(files.Weights);
        TensorData[] matrices = [.. whole.Where(tensor => tensor.Shape.Count == 2 && tensor.Shape[0] != tensor.Shape[1])];
        foreach (TensorData matrix in matrices)
        {
            files.Replace(_ => whole.Select(tensor => tensor.Name == matrix.Name ? Transpose(tensor) : tensor));
            files.Refused($"model.safetensors: {Sentence(matrix)}\n", "Keras, TensorFlow and Paddle as [in, out]", "a check of logits");
        }

        // All of them, as a file of Keras has them.
        files.Replace(_ => whole.Select(tensor => tensor.Shape.Count == 2 ? Transpose(tensor) : tensor));
        files.Refused([$"{matrices.Length} problems", .. matrices.Select(Sentence)]);

        static string Sentence(TensorData tensor) =>
            $"\"{tensor.Name}\" [{tensor.Shape[1]}, {tensor.Shape[0]}] lies transposed; expected [{tensor.Shape[0]}, {tensor.Shape[1]}]";
    }

    [Theory]
    [InlineData("head.weight", 3, 128, "reads 128 values, and the recurrent layers give 64; expected [3, 64]")]
    [InlineData("embedding.weight", 120, 17, "gives 17 values, and the first recurrent layer reads 16; expected [120, 16]")]
    public void Matrices_that_do_not_fit_the_recurrent_layers_are_named_before_the_configuration_is_blamed(
        string name, int rows, int columns, string wanted)
    {
        using var files = new ImportCase("classifier-gru");
        files.Change(tensor => tensor.Name == name ? tensor with { Shape = [rows, columns], Values = new float[rows * columns] } : tensor);
        files.Refused($"model.safetensors: \"{name}\" [{rows}, {columns}] {wanted}");
    }

    [Theory]
    [InlineData("""{"task": "text-classification", "cell": "lstm", "labels": ["no", "yes"]}""", "no", "yes")]
    [InlineData("""{"task": "text-classification", "cell": "lstm", "num_labels": 1}""", "negative", "positive")]
    [InlineData("""{"task": "text-classification", "cell": "lstm", "num_labels": 2}""", "negative", "positive")]
    [InlineData("""{"task": "text-classification", "cell": "lstm"}""", "negative", "positive")]
    [InlineData("""{"task": "token-classification", "cell": "lstm", "num_labels": 1, "id2label": {"0": "O", "1": "NAME"}}""", "O", "NAME")]
    public void A_head_of_one_row_is_a_sigmoid_and_gives_the_answers_of_two_rows(string config, string zero, string one)
    {
        using var files = new ImportCase("classifier-lstm");
        files.Config = files.Write("sigmoid.json", config);
        TensorData[] whole = [.. ImportCase.Tensors(files.Weights)];
        float[] row = [.. whole.Single(tensor => tensor.Name == "head.weight").Values[..64].ToArray()];
        files.Replace(_ => whole.Select(tensor => tensor.Name switch
        {
            "head.weight" => tensor with { Shape = [2, 64], Values = (float[])[.. new float[64], .. row] },
            "head.bias" => tensor with { Shape = [2], Values = (float[])[0, 0.25f] },
            _ => tensor,
        }));
        string twoLabels = config.Replace("\"num_labels\": 1, \"id2label\"", "\"id2label\"", StringComparison.Ordinal)
            .Replace("\"num_labels\": 1", "\"num_labels\": 2", StringComparison.Ordinal);
        files.Config = files.Write("two.json", twoLabels);
        float[] wanted = TensorNamesTests.Values(files);
        files.Config = files["sigmoid.json"];
        files.Replace(_ => whole.Select(tensor => tensor.Name switch
        {
            "head.weight" => tensor with { Name = "fc.weight", Shape = [1, 64], Values = row },
            "head.bias" => tensor with { Name = "fc.bias", Shape = [1], Values = (float[])[0.25f] },
            _ => tensor,
        }));
        ImportedModel imported = files.Import();
        Assert.Equal([zero, one], imported.Model.Config.Labels);
        Assert.Contains(imported.Notes, note => note.Contains(
            $"The head has one row, a sigmoid: its value is the probability of label 1, \"{one}\"; label 0, \"{zero}\"", StringComparison.Ordinal));
        Expect.SameBits(wanted, TensorNamesTests.Values(imported));
    }

    [Theory]
    [InlineData("\"labels\": [\"spam\"]", "labels holds \"spam\" alone; expected two labels, the one for low values first")]
    [InlineData("\"labels\": [\"a\", \"b\", \"c\"]", "labels holds 3 labels; expected 2: head.weight has one row: a sigmoid")]
    [InlineData("\"num_labels\": 3", "num_labels is 3; expected 1 or 2")]
    [InlineData(
        "\"num_labels\": 1, \"problem_type\": \"regression\"",
        "problem_type is \"regression\"; expected \"single_label_classification\": a number as the answer")]
    [InlineData("\"num_labels\": 2, \"problem_type\": \"multi_label_classification\"", "labels exclude each other here (one softmax over all of them)")]
    public void Labels_that_contradict_a_head_of_one_row_are_refused(string field, string wanted)
    {
        using var files = new ImportCase("classifier-lstm");
        files.Config = files.Write("sigmoid.json", $$"""{"task": "text-classification", "cell": "lstm", {{field}}}""");
        files.Change(tensor => tensor.Name switch
        {
            "head.weight" => tensor with { Shape = [1, 64], Values = tensor.Values[..64] },
            "head.bias" => tensor with { Shape = [1], Values = tensor.Values[..1] },
            _ => tensor,
        });
        files.Refused("sigmoid.json: ", wanted);
    }

    [Theory]
    [InlineData("classifier-gru", "says no pooling: \"last\" is taken, the state after the last token; \"mean\" and \"max\"")]
    [InlineData("classifier-gru", "joins the states that each direction ends with (PyTorch's h_n), not the outputs at the last step (output[:, -1])")]
    [InlineData("classifier-gru", "cell is \"gru\": taken as PyTorch's nn.GRU, which resets after the product; \"gru_before\" is the other one")]
    [InlineData("classifier-gru", "names no labels: they are \"LABEL_0\" to \"LABEL_2\"")]
    [InlineData("classifier-gru", "does not say lower_case, and no token of .* has a capital: words with capitals are unknown unless \"lower_case\" is true")]
    [InlineData("classifier-gru", "vocab.txt: by their names, \"<unk>\" for unknown ones$")]
    [InlineData("classifier-gru", "the order of their gates (r, z, n is taken, PyTorch's) or how padding, .*: logits of the model's own framework, as a check, prove an import$")]
    [InlineData("classifier-lstm", "the order of their gates (i, f, g, o is taken, PyTorch's)")]
    [InlineData("tagger-rnn", "cell is \"rnn\": taken with tanh, as PyTorch's nn.RNN without more; \"rnn_relu\" is the other one")]
    public void What_is_assumed_is_said(string name, string wanted)
    {
        using var files = new ImportCase(name);
        string task = name.StartsWith("tagger", StringComparison.Ordinal) ? "token-classification" : "text-classification";
        files.Config = files.Write("small.json", $$"""{"task": "{{task}}", "cell": "{{name.Split('-')[1]}}"}""");
        string pattern = Regex.Escape(wanted).Replace("\\.\\*", ".*", StringComparison.Ordinal);
        pattern = pattern.EndsWith("\\$", StringComparison.Ordinal) ? pattern[..^2] + "$" : pattern;
        Assert.Single(files.Import().Notes, note => Regex.IsMatch(note, pattern));
    }

    [Fact]
    public void What_is_said_is_not_assumed()
    {
        using var files = new ImportCase("classifier-lstm");
        files.Config = files.Write("whole.json", """
            {"task": "text-classification", "cell": "lstm", "pooling": "mean", "labels": ["a", "b", "c"], "tokenizer": "whitespace",
             "lower_case": true, "unk_token_id": 1}
            """);
        Assert.StartsWith("Weights do not show the order of their gates", Assert.Single(files.Import().Notes), StringComparison.Ordinal);
        files.Vocabulary = files.Write("v.txt", ImportCase.VocabularyOf("classifier").Replace("w7\n", "Word\n", StringComparison.Ordinal));
        Assert.Contains(files.Import().Notes, note => note.EndsWith("v.txt holds \"Word\", which then is never found", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(
        new byte[] { 0x89, 0x48, 0x44, 0x46, 13, 10, 26, 10, 0, 0 },
        "a file of HDF5 (Keras' .h5): expected a safetensors file; docs/onnx.md has the lines")]
    [InlineData(
        new byte[]
        {
            0x50, 0x4B, 3, 4, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13, 0, 0, 0,
            109, 101, 116, 97, 100, 97, 116, 97, 46, 106, 115, 111, 110,
        },
        "a .keras archive: ")]
    public void Files_of_Keras_are_told_apart(byte[] start, string wanted)
    {
        using var files = new ImportCase("tagger-rnn");
        File.WriteAllBytes(files.Weights, start);
        files.Refused(wanted);
    }

    private static TensorData Transpose(TensorData tensor)
    {
        (int rows, int columns) = (tensor.Shape[0], tensor.Shape[1]);
        float[] values = tensor.Values.ToArray();
        return tensor with
        {
            Shape = [columns, rows],
            Values = Enumerable.Range(0, values.Length).Select(i => values[i % rows * columns + i / rows]).ToArray(),
        };
    }
}
