using RnnService.Engine.Weights;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using Xunit;

namespace RnnService.Onnx.Tests.Format;

/// <summary>
/// A thousand damaged copies of each file that PyTorch wrote: read, or refused with <see cref="OnnxFormatException"/>, and neither takes
/// more memory than the file's size allows.
/// </summary>
public sealed class OnnxFileFuzzTests
{
    private const int Copies = 1000;

    [Theory]
    [MemberData(nameof(OnnxFileTests.Fixtures), MemberType = typeof(OnnxFileTests))]
    public void Damaged_copies_are_read_or_refused(string name)
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "TestData", "pytorch");
        byte[] sound = File.ReadAllBytes(Path.Combine(folder, name));
        byte[] other = File.ReadAllBytes(Path.Combine(folder, name.Contains("gru") ? "char-lm-lstm.onnx" : "classifier-gru.onnx"));
        Assert.True(IsRead(sound));
        var random = new RandomSource((ulong)sound.Length);
        int read = 0;
        for (int copy = 0; copy < Copies; copy++)
        {
            byte[] damaged = sound;
            for (int damages = 1 + random.Below(3); damages > 0; damages--) damaged = Damage(damaged, other, ref random);
            if (IsRead(damaged)) read++;
        }

        Assert.InRange(read, Copies / 20, Copies * 19 / 20); // or the test is of one kind alone
    }

    /// <summary>A copy with a bit, a byte or a stretch changed, cut off, put in, left out, or taken from another file.</summary>
    internal static byte[] Damage(byte[] bytes, byte[] other, ref RandomSource random)
    {
        int at = Place(bytes.Length, ref random), length = 1 + random.Below(40), from = random.Below(other.Length - length);
        byte[] strange = new byte[length];
        foreach (ref byte part in strange.AsSpan()) part = (byte)random.Below(256);
        return random.Below(6) switch
        {
            0 => [.. bytes[..at], (byte)(bytes[at] ^ 1 << random.Below(8)), .. bytes[(at + 1)..]],
            1 => [.. bytes[..at], strange[0], .. bytes[(at + 1)..]],
            2 => bytes[..Math.Max(1, at)],
            3 => [.. bytes[..at], .. strange, .. bytes[at..]],
            4 => [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + length)..]],
            _ => [.. bytes[..at], .. other[from..(from + length)], .. bytes[Math.Min(bytes.Length, at + length)..]],
        };

        // Most of a file is weights, where damage is not seen: every second one goes where nodes and headers are.
        static int Place(int length, ref RandomSource random) => random.Below(random.Below(2) == 0 ? length : Math.Min(length, 6000));
    }

    // What is read holds together: every tensor has the values its shape asks for.
    private static bool IsRead(byte[] bytes)
    {
        using var stream = new MemoryStream(bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        OnnxFile? file = null;
        try
        {
            file = OnnxFile.Read(stream, "copy.onnx");
        }
        catch (OnnxFormatException refusal)
        {
            Assert.InRange(refusal.Message.Length, 1, 600);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 3L * bytes.Length + (1 << 18));
        if (file is null) return false;
        foreach (TensorProto tensor in file.Model.Graph.Initializer)
        {
            if (tensor.DataType == (int)TensorProto.Types.DataType.Float)
                Assert.Equal(tensor.Dims.Aggregate(1L, (product, size) => product * size), file.Floats(tensor).Length);
        }

        return true;
    }
}
