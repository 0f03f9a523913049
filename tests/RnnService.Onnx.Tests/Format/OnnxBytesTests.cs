using System.Text;
using Google.Protobuf;
using RnnService.Onnx.Format;
using Xunit;
using static RnnService.Onnx.Tests.Format.SoundModel;

namespace RnnService.Onnx.Tests.Format;

/// <summary>Bytes that are no ONNX model, or would take more memory than they are worth.</summary>
public sealed class OnnxBytesTests
{
    /// <summary>Bytes that are no model, and the beginning of what is said.</summary>
    public static TheoryData<byte[], string> Garbage => new()
    {
        { [], "byte 0: the file is empty; expected an ONNX model" },
        { [0], "byte 0, in ModelProto: field number 0 found; expected an ONNX model" },
        { [0x0F], "byte 0, in ModelProto: wire type 7 found; expected an ONNX model" },
        { [0x0B], "byte 0, in ModelProto: wire type 3 found; expected an ONNX model" },
        { [0x08], "byte 1, in ModelProto: truncated within a number; expected an ONNX model" },
        { [0x08, .. Enumerable.Repeat<byte>(0xFF, 11)],
            "byte 1, in ModelProto: a number longer than 10 bytes found; expected an ONNX model" },
        { [0x0A, 0], "byte 0, in ModelProto: wire type 2 found for ir_version; expected 0" },
        { [0x38, 0], "byte 0, in ModelProto: wire type 0 found for graph; expected 2" },
        { [0x3A, 5, 0], "byte 0, in ModelProto: truncated: graph announces 5 bytes, 1 follow; expected all" },
        { [0x3A, .. Enumerable.Repeat<byte>(0xFF, 9), 1],
            "byte 0, in ModelProto: truncated: graph announces 18446744073709551615 bytes, 0 follow; expected all" },
        { [0x3A, 0, 0x3A, 0], "byte 2, in ModelProto: graph is given twice; expected once" },
        { [0x08, 7, 0x08, 7], "byte 2, in ModelProto: ir_version is given twice; expected once" },
        { [0x3A, 6, 0x2A, 4, 0x22, 2, 0, 0], "byte 4, in TensorProto: float_data takes 2 bytes; expected a multiple of 4" },
        { [0x3A, 4, 0x2A, 2, 0x0A, 1], "byte 4, in TensorProto: truncated: dims announces 1 bytes, 0 follow; expected all" },
        { [0x3A, 5, 0x2A, 3, 0x0A, 1, 0x80], "byte 6, in TensorProto: truncated within a number; expected an ONNX model" },
        { [0x99, 0x7D, 0, 0], "byte 2, in ModelProto: truncated: 2 bytes follow; expected 8" },
        { Encoding.UTF8.GetBytes("<html><body>404</body></html>"), "byte 0, in ModelProto: wire type 4 found; expected an ONNX model" },
        { Encoding.UTF8.GetBytes("{\"a\":1}"), "byte 0, in ModelProto: wire type 3 found; expected an ONNX model" },
    };

    [Theory]
    [MemberData(nameof(Garbage))]
    public void What_is_no_model_is_refused(byte[] bytes, string message) =>
        Assert.Equal($"{Name}: {message}", Assert.Throws<OnnxFormatException>(() => Read(bytes)).Message);

    [Fact]
    public void Every_truncation_is_refused()
    {
        byte[] bytes = Sound().ToByteArray();
        for (int length = 0; length < bytes.Length; length++) Assert.Throws<OnnxFormatException>(() => Read(bytes[..length]));
    }

    [Fact]
    public void Random_bytes_are_refused()
    {
        var random = new Random(1);
        byte[] bytes = new byte[300];
        for (int round = 0; round < 1000; round++)
        {
            random.NextBytes(bytes);
            Assert.Throws<OnnxFormatException>(() => Read(bytes));
        }
    }

    [Fact]
    public void Messages_and_numbers_by_the_million_are_refused_before_they_take_memory()
    {
        // A graph of empty nodes; a model of unknown fields; dimensions one by one; dimensions packed.
        byte[] nodes = Repeat([0x0A, 0], 1_000_000), unknown = Repeat([0xD0, 0x0F, 0], 1_000_000);
        byte[] single = Repeat([0x08, 1], 2_000_000), packed = new byte[2_000_000];
        Refuses(Field(7, nodes), "more than 250000 messages and texts found; expected a smaller model");
        Refuses(unknown, "more than 250000 messages and texts found; expected a smaller model");
        Refuses(Field(7, Field(5, single)), "more than 1000000 numbers found; expected a smaller model");
        Refuses(Field(7, Field(5, Field(1, packed))), "more than 1000000 numbers found; expected a smaller model");

        static void Refuses(byte[] bytes, string message)
        {
            using var stream = new MemoryStream(bytes);
            long before = GC.GetAllocatedBytesForCurrentThread();
            OnnxFormatException refusal = Assert.Throws<OnnxFormatException>(() => OnnxFile.Read(stream, Name));
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 18);
            Assert.EndsWith(message, refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Texts_and_files_that_are_too_large_are_refused()
    {
        string path = Path.GetTempFileName();
        try
        {
            using (FileStream stream = File.OpenWrite(path))
            {
                stream.Write(Field(6, [])[..1]); // doc_string, of 100 MB that take no place on the disk
                stream.Write([0x80, 0xC2, 0xD7, 0x2F]);
                stream.SetLength(5 + 100_000_000);
            }

            string message = Assert.Throws<OnnxFormatException>(() => OnnxFile.Open(path)).Message;
            Assert.Equal($"{path}: byte 0, in ModelProto: more than 67108864 bytes of text found; expected a smaller model", message);
            using (FileStream stream = File.OpenWrite(path)) stream.SetLength(1L << 31);
            message = Assert.Throws<OnnxFormatException>(() => OnnxFile.Open(path)).Message;
            Assert.Equal($"{path}: size: 2147483648 bytes found; expected at most 2147483647", message);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Graphs_in_graphs_without_end_are_refused()
    {
        byte[] graph = [];
        for (int depth = 0; depth < 1_000; depth++) graph = Field(1, Field(5, Field(6, graph)));
        Assert.EndsWith(
            "nested deeper than 50 messages; expected a flatter model",
            Assert.Throws<OnnxFormatException>(() => Read(Field(7, graph))).Message, StringComparison.Ordinal);
    }

    private static byte[] Field(int number, byte[] content)
    {
        using var stream = new MemoryStream();
        using var writer = new CodedOutputStream(stream);
        writer.WriteTag(number, WireFormat.WireType.LengthDelimited);
        writer.WriteBytes(UnsafeByteOperations.UnsafeWrap(content));
        writer.Flush();
        return stream.ToArray();
    }

    private static byte[] Repeat(byte[] bytes, int times) => [.. Enumerable.Repeat(bytes, times).SelectMany(part => part)];
}
