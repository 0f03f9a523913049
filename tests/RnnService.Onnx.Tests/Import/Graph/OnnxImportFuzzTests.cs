using Google.Protobuf;
using RnnService.Engine.Weights;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using RnnService.Onnx.Import.Files;
using RnnService.Onnx.Import.Graph;
using RnnService.Onnx.Tests.Format;
using Xunit;

namespace RnnService.Onnx.Tests.Import.Graph;

/// <summary>
/// Damaged and hostile files: read, or refused with <see cref="WeightFormatException"/>, and neither takes more memory than the file's size
/// allows.
/// </summary>
public sealed class OnnxImportFuzzTests
{
    private const int Copies = 1000;

    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "TestData", "pytorch");

    [Theory]
    [MemberData(nameof(OnnxFileTests.Fixtures), MemberType = typeof(OnnxFileTests))]
    public void Damaged_copies_are_read_or_refused(string name)
    {
        byte[] sound = File.ReadAllBytes(Path.Combine(Folder, name));
        byte[] other = File.ReadAllBytes(Path.Combine(Folder, name.Contains("gru") ? "char-lm-lstm.onnx" : "classifier-gru.onnx"));
        Assert.True(IsRead(sound));
        var random = new RandomSource((ulong)sound.Length, 1);
        int read = 0;
        for (int copy = 0; copy < Copies; copy++)
        {
            byte[] damaged = sound;
            for (int damages = 1 + random.Below(3); damages > 0; damages--) damaged = OnnxFileFuzzTests.Damage(damaged, other, ref random);
            if (IsRead(damaged)) read++;
        }

        Assert.InRange(read, Copies / 50, Copies * 19 / 20);
    }

    [Fact]
    public void Tensors_that_layers_share_are_kept_once()
    {
        ModelProto model = new RecurrentGraph(Layers: 16).Build();
        NodeProto[] layers = [.. model.Graph.Node.Where(node => node.OpType == "LSTM")];
        foreach (NodeProto layer in layers[1..])
        {
            for (int i = 1; i <= 3; i++) layer.Input[i] = layers[1].Input[i];
        }

        OnnxImport import = Importing.Read(model);
        var parameters = Importing.Model(import, Engine.Models.ModelTask.Tagger).Parameters.All.ToDictionary(parameter => parameter.Name);
        Assert.True(parameters["rnn.weight_hh_l1"].Values == parameters["rnn.weight_hh_l15"].Values);
    }

    /// <summary>Chains that double at every node.</summary>
    public static TheoryData<string, string> Chains => new()
    {
        { "Concat", "ids.shape" },
        { "Mul", "ids.shape" },
        { "Add", "ids.shape" },
        { "Concat", "H0" },
        { "Concat", "h0" },
        { "Concat", "embedded" },
        { "TopK", "lengths" },
        { "Unsqueeze", "H0" },
        { "Identity", "y0" },
        { "Transpose", "y0" },
    };

    [Theory]
    [MemberData(nameof(Chains))]
    public void Chains_of_nodes_take_no_more_than_their_number(string op, string start)
    {
        const int length = 20_000;
        ModelProto model = new RecurrentGraph { States = true, Lengths = true, Gemm = true }.Build();
        const int int64 = (int)TensorProto.Types.DataType.Int64;
        model.Graph.Initializer.Add(new TensorProto { Name = "first", DataType = int64, Dims = { 1 }, Int64Data = { 0 } });
        string value = start;
        for (int i = 0; i < length; i++)
        {
            var node = new NodeProto { OpType = op, Input = { value }, Output = { $"chain{i}" } };
            if (op is "Concat" or "Mul" or "Add") node.Input.Add(value);
            if (op == "TopK") node.Input.Add("ids.shape");
            if (op == "Unsqueeze") node.Input.Add("first");
            if (op == "Transpose") node.Attribute.Add(GraphWriter.Attribute("perm", [0, 1, 2]));
            model.Graph.Node.Add(node);
            value = node.Output[0];
        }

        model.Graph.Output.Add(new ValueInfoProto { Name = value });
        byte[] bytes = model.ToByteArray();
        OnnxFile file = OnnxFile.Read(new MemoryStream(bytes), "model.onnx");
        long before = GC.GetAllocatedBytesForCurrentThread();
        // The chain hangs from an output beside the logits: it is followed, and then left out.
        Assert.Equal([value], OnnxImport.Read(file).Unused);
        const long eachNode = 2048, constant = 1 << 20;
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, length * eachNode + constant);
    }

    private static bool IsRead(byte[] bytes)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        OnnxImport? import = null;
        try
        {
            import = Importing.Read(bytes);
        }
        catch (WeightFormatException refusal)
        {
            Assert.InRange(refusal.Message.Length, 1, 1200);
            Assert.DoesNotContain('\n', refusal.Message);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4L * bytes.Length + (1 << 20));
        if (import is null) return false;
        try
        {
            Importing.Model(import, Engine.Models.ModelTask.LanguageModel);
        }
        catch (Exception error) when (error is ImportException or ArgumentException)
        {
            return false; // such as a value that is no number, or a vocabulary of another size
        }

        return true;
    }
}
