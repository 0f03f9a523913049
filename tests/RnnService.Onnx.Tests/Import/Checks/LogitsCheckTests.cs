using System.Text;
using System.Text.Json;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Weights;
using RnnService.Onnx.Import;
using RnnService.Onnx.Import.Files;
using RnnService.Onnx.Tests.Import.Weights;
using Xunit;

namespace RnnService.Onnx.Tests.Import.Checks;

/// <summary>What PyTorch gave for its models proves their import, and tells what is wrong with another.</summary>
public sealed class LogitsCheckTests
{
    private static readonly string[] Models = [.. ImportCase.Names.Where(name => !name.StartsWith("char", StringComparison.Ordinal))];

    public static TheoryData<string> Names => [.. Models];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_logits_of_PyTorch_prove_an_import(string name)
    {
        using var files = new ImportCase(name);
        files.Check = files.Write("check.json", PyTorch(name));
        ImportedModel imported = files.Import();
        Assert.Matches(@"^Answers within \d\.\de-\d of \d entries in .*check\.json$", imported.Notes[^1]);
        Assert.DoesNotContain(imported.Notes, note => note.StartsWith("Weights do not show", StringComparison.Ordinal));
        Assert.Contains(files.Check, imported.Files);
    }

    [Fact]
    public void A_language_model_is_checked_token_by_token_by_ids_or_by_text()
    {
        using var files = new ImportCase("char-lm-lstm");
        using var model = (LanguageModel)files.Import().Model;
        var logits = new List<float[]>();
        model.Network.Forward([model.Tokenizer.Encode("05<")], [0], model.NewState(1), (_, _, row) => logits.Add(row.ToArray()));
        foreach (string input in (string[])["\"text\": \"05<\"", "\"ids\": [0, 5, 12]", "\"ids\": [0, 5, 12], \"text\": \"05<\""])
        {
            files.Check = files.Write("check.json", $"[{{{input}, \"logits\": {JsonSerializer.Serialize(logits)}}}]");
            Assert.Contains("of 1 entry in", files.Import().Notes[^1], StringComparison.Ordinal);
        }

        files.Check = files.Write("check.json", $"[{{\"text\": \"05<\", \"ids\": [0, 5, 13], \"logits\": {JsonSerializer.Serialize(logits)}}}]");
        files.Refused("check.json: entry 0: the text becomes ids [0, 5, 12] here, beside ids [0, 5, 13]; expected the same: is the tokenizer");
        files.Check = files.Write("check.json", $"[{{\"text\": \"05;\", \"logits\": {JsonSerializer.Serialize(logits)}}}]");
        files.Refused("check.json: entry 0 (ids [0, 5, 11]), step 2: token ");
    }

    [Theory]
    [InlineData("classifier-gru", "pooling", "The numbers agree with \"pooling\": \"last\" in the configuration")]
    [InlineData("classifier-gru", "before", "The numbers agree with \"cell\": \"gru\" in the configuration")]
    [InlineData("tagger-rnn", "relu", "The numbers agree with \"cell\": \"tanh\" in the configuration")]
    [InlineData("tagger-gru", "1,0,2", "The numbers agree with the gates in the order z, r, n: expected PyTorch's, r, z, n")]
    [InlineData("classifier-lstm", "0,1,3,2", "The numbers agree with the gates in the order i, f, o, g: expected PyTorch's, i, f, g, o")]
    [InlineData("tagger-lstm", "2,3,1,0", "The numbers agree with the gates in the order g, o, f, i")]
    [InlineData("classifier-lstm", "directions", "The numbers agree with the directions exchanged")]
    [InlineData("tagger-rnn", "square", "The numbers agree with all square matrices transposed, which their shape does not show")]
    [InlineData("tagger-lstm", "labels", "The same numbers stand in another order")]
    [InlineData("tagger-lstm", "zero", "Typical causes: another order of the gates, a GRU that resets before")]
    public void The_usual_mistakes_are_named(string name, string mistake, string wanted)
    {
        using var files = new ImportCase(name);
        files.Check = files.Write("check.json", PyTorch(name));
        string config = File.ReadAllText(files.Config);
        switch (mistake)
        {
            case "pooling": files.Config = files.Write("m.json", config.Replace("\"last\"", "\"mean\"", StringComparison.Ordinal)); break;
            case "before": files.Config = files.Write("b.json", config.Replace("\"gru\"", "\"gru_before\"", StringComparison.Ordinal)); break;
            case "relu": files.Config = files.Write("r.json", config.Replace("rnn_tanh", "rnn_relu", StringComparison.Ordinal)); break;
            case "directions":
                files.Rename(tensor => !tensor.StartsWith("rnn.", StringComparison.Ordinal) ? tensor
                    : tensor.EndsWith("_reverse", StringComparison.Ordinal) ? tensor[..^8] : tensor + "_reverse");
                break;
            case "square":
                files.Change(tensor => tensor.Shape is [var rows, var columns] && rows == columns
                    ? tensor with { Values = Enumerable.Range(0, rows * rows).Select(i => tensor.Values.Span[i % rows * rows + i / rows]).ToArray() }
                    : tensor);
                break;
            case "labels":
                files.Change(tensor => tensor.Name.StartsWith("head.", StringComparison.Ordinal)
                    ? tensor with { Values = tensor.Values.ToArray().Chunk(tensor.Values.Length / 5).Reverse().SelectMany(row => row).ToArray() }
                    : tensor);
                break;
            case "zero":
                files.Change(tensor => tensor.Name == "rnn.weight_hh_l1" ? tensor with { Values = new float[tensor.Values.Length] } : tensor);
                break;
            default:
                int[] order = [.. mistake.Split(',').Select(int.Parse)];
                files.Change(tensor => !tensor.Name.StartsWith("rnn.", StringComparison.Ordinal) ? tensor : tensor with { Values = Blocks(tensor, order) });
                break;
        }

        files.Refused("check.json: entry ", "expected ", "It is the largest difference among ", "at most 1E-05 is rounding", wanted);

        static float[] Blocks(TensorData tensor, int[] order)
        {
            float[][] blocks = [.. tensor.Values.ToArray().Chunk(tensor.Values.Length / order.Length)];
            return [.. order.SelectMany(gate => blocks[gate])];
        }
    }

    [Fact]
    public void Outputs_at_the_last_step_are_told_from_last_states()
    {
        using var files = new ImportCase("classifier-lstm");
        using var model = (Classifier)files.Import().Model;
        var values = model.Parameters.All.ToDictionary(parameter => parameter.Name, parameter => parameter.Values.ToArray());
        using var steps = (Tagger)TextModel.Create(
            model.Config with { Task = ModelTask.Tagger }, model.Vocabulary, Parameters.From((name, _) => values[name]));
        float[] last = [];
        steps.Network.Forward([new TaggerInput([], [3, 5, 7])], (_, _, logits) => last = logits.ToArray());
        files.Check = files.Write("check.json", $"[{{\"ids\": [3, 5, 7], \"logits\": {JsonSerializer.Serialize(last)}}}]");
        files.Refused("The numbers agree with the outputs at the last step of both directions (output[:, -1]), which has no place here");
    }

    [Fact]
    public void A_text_read_from_the_end_is_noticed()
    {
        using var files = new ImportCase("classifier-lstm");
        TensorNamesTests.OneDirection(files);
        using var model = (Classifier)files.Import().Model;
        float[] logits = [];
        model.Network.Forward([[7, 5, 3]], (_, _, row) => logits = row.ToArray());
        files.Check = files.Write("check.json", $"[{{\"ids\": [3, 5, 7], \"logits\": {JsonSerializer.Serialize(logits)}}}]");
        files.Refused("The numbers agree with a network that reads from the end: expected its tensors with _reverse");
    }

    [Fact]
    public void Probabilities_and_their_logarithms_have_fields_of_their_own()
    {
        using var files = new ImportCase("classifier-gru");
        double[] logits = JsonDocument.Parse(PyTorch("classifier-gru")).RootElement[0].GetProperty("logits").Deserialize<double[]>()!;
        double sum = Math.Log(logits.Sum(Math.Exp));
        string ids = JsonDocument.Parse(PyTorch("classifier-gru")).RootElement[0].GetProperty("ids").GetRawText();
        foreach (var (field, values) in (ValueTuple<string, double[]>[])[
            ("log_probabilities", [.. logits.Select(x => x - sum)]), ("probabilities", [.. logits.Select(x => Math.Exp(x - sum))])])
        {
            files.Check = files.Write("check.json", $"[{{\"ids\": {ids}, \"{field}\": {JsonSerializer.Serialize(values)}}}]");
            files.Import();
            files.Check = files.Write("check.json", $"[{{\"ids\": {ids}, \"logits\": {JsonSerializer.Serialize(values)}}}]");
            files.Refused($"The numbers agree as {field}: expected the field {field} for them");
        }

        files.Check = files.Write("check.json", $"[{{\"ids\": {ids}, \"logits\": {JsonSerializer.Serialize(logits.Select(x => Math.Round(x, 3)))}}}]");
        files.Refused("So small a difference comes of logits that were written with few digits, or computed in half precision");
    }

    [Fact]
    public void The_one_logit_of_a_sigmoid_is_the_second_label_s()
    {
        using var files = new ImportCase("classifier-lstm");
        files.Config = files.Write("two.json", """{"task": "text-classification", "cell": "lstm"}""");
        files.Change(tensor => tensor.Name switch
        {
            "head.weight" => tensor with { Shape = [1, 64], Values = tensor.Values[..64] },
            "head.bias" => tensor with { Shape = [1], Values = tensor.Values[..1] },
            _ => tensor,
        });
        using JsonDocument pytorch = JsonDocument.Parse(PyTorch("classifier-lstm"));
        files.Check = files.Write("check.json", $"[{string.Join(',', pytorch.RootElement.EnumerateArray()
            .Select(entry => $"{{\"ids\": {entry.GetProperty("ids").GetRawText()}, \"logits\": [{entry.GetProperty("logits")[0].GetRawText()}]}}"))}]");
        files.Import();
    }

    [Theory]
    [InlineData("onnx")]
    [InlineData("as-is")]
    public void Graphs_are_checked_alike(string kind)
    {
        using var files = new ImportCase("classifier-gru");
        string onnx = ImportCase.Fixture("classifier-gru.onnx"), check = files.Write("check.json", PyTorch("classifier-gru"));
        var description = new ImportDescription(files.Config, files.Vocabulary, Check: check);
        Assert.Contains("entries in", Read(description).Notes[^1], StringComparison.Ordinal);
        string other = File.ReadAllText(check).Replace("\"logits\":[", "\"logits\":[1", StringComparison.Ordinal);
        File.WriteAllText(check, other.Replace("[1-", "[-1", StringComparison.Ordinal));
        Assert.Contains("expected ", Assert.Throws<ImportException>(() => Read(description)).Message, StringComparison.Ordinal);

        ImportedModel Read(ImportDescription given) => kind == "onnx" ? ModelImport.FromOnnx(onnx, given) : ModelImport.AsIs(onnx, given);
    }

    [Theory]
    [InlineData("[]", "holds no entry; expected one or more")]
    [InlineData("{}", "an object found; expected a list")]
    [InlineData("[1]", "entry 0 is 1; expected an object with ids and logits")]
    [InlineData("[{\"ids\": [1]}]", "entry 0 has no logits; expected one of logits, probabilities, log_probabilities")]
    [InlineData("[{\"ids\": [1], \"logits\": [1,2,3], \"probabilities\": [0,0,1]}]", "entry 0 has several outputs")]
    [InlineData("[{\"logits\": [1,2,3]}]", "entry 0 has no ids; expected ids, text or tokens")]
    [InlineData("[{\"ids\": [], \"logits\": [1,2,3]}]", "entry 0 has no token; expected one or more")]
    [InlineData("[{\"ids\": [1, 120], \"logits\": [1,2,3]}]", "entry 0: id 1 is 120; expected 0 to 119, since the vocabulary holds 120 tokens")]
    [InlineData("[{\"ids\": [1.5], \"logits\": [1,2,3]}]", "entry 0: id 0 is 1.5; expected 0 to 119")]
    [InlineData("[{\"ids\": 1, \"logits\": [1,2,3]}]", "entry 0: ids is 1; expected a list of whole numbers")]
    [InlineData("[{\"ids\": [1], \"logits\": [1,2]}]", "entry 0: logits is a list of 2; expected a list of 3 numbers")]
    [InlineData("[{\"ids\": [1], \"logits\": [1,2,\"3\"]}]", "entry 0: logits: value 2 is \"3\"; expected a finite number")]
    [InlineData("[{\"ids\": [1], \"logits\": [1,2,1e999]}]", "entry 0: logits: value 2 is 1e999; expected a finite number")]
    [InlineData("[{\"ids\": [1, 2], \"logits\": [[1,2,3],[1,2,3]]}]", "entry 0: logits is a list of 2 lists; expected a list of 3 numbers")]
    [InlineData("[{\"ids\": [1], \"logit\": [1,2,3]}]", "entry 0: \"logit\" is no field; expected ids, text or tokens, and logits")]
    [InlineData("[{\"text\": 5, \"logits\": [1,2,3]}]", "entry 0: text is 5; expected a string")]
    [InlineData("[{\"tokens\": [5], \"logits\": [1,2,3]}]", "entry 0: tokens is a list; expected a list of strings")]
    [InlineData("[{\"tokens\": [], \"text\": \"\", \"logits\": [1,2,3]}]", "entry 0 has text and tokens; expected one of them")]
    [InlineData("[{\"ids\": [1], \"logits\": [NaN,2,3]}]", "line 1 is not JSON")]
    public void A_check_that_cannot_be_meant_is_refused_with_a_sentence(string check, string wanted)
    {
        using var files = new ImportCase("classifier-gru");
        files.Check = files.Write("check.json", check);
        Assert.StartsWith("check.json: ", files.Refused(wanted), StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_check_is_read_or_refused()
    {
        using var files = new ImportCase("classifier-gru");
        files.Check = files["check.json"];
        byte[] whole = Encoding.UTF8.GetBytes(PyTorch("classifier-gru"));
        var random = new RandomSource(4);
        for (int copy = 0; copy < 150; copy++)
        {
            List<byte> bytes = [.. whole];
            int at = random.Below(whole.Length);
            if (copy % 3 == 0) bytes[at] = (byte)random.Below(128);
            else if (copy % 3 == 1) bytes.RemoveRange(at, Math.Min(1 + random.Below(9), whole.Length - at));
            else bytes.InsertRange(at, whole[at..Math.Min(at + 9, whole.Length)]);
            File.WriteAllBytes(files.Check, [.. bytes]);
            try
            {
                files.Import().Model.Dispose();
            }
            catch (ImportException error)
            {
                Assert.StartsWith(files.Check, error.Message, StringComparison.Ordinal);
            }
        }
    }

    /// <summary>What PyTorch was asked and gave, as a check file.</summary>
    private static string PyTorch(string name)
    {
        SafeTensorsFile expected = SafeTensorsFile.Open(ImportCase.Fixture(name + ".expected.safetensors"));
        int time = expected.ShapeOf("in.input_ids")[1], width = expected.ShapeOf("out.logits")[^1];
        long[][] ids = [.. expected.Integers("in.input_ids").Chunk(time)];
        float[][] logits = [.. expected.Floats("out.logits").Chunk(width)];
        bool isClassifier = name.StartsWith("classifier", StringComparison.Ordinal);
        long[] lengths = isClassifier ? expected.Integers("in.lengths") : [.. ids.Select(row => (long)row.Length)];
        return JsonSerializer.Serialize(ids.Select((row, n) => new Dictionary<string, object>
        {
            ["ids"] = row[..(int)lengths[n]],
            ["logits"] = isClassifier ? logits[n] : logits[(n * time)..((n + 1) * time)],
        }));
    }
}
