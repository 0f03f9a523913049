using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace RnnService.Server.Endpoints.OpenInference;

/// <summary>A computed tensor, in both forms in which it can be answered.</summary>
/// <param name="name">Its name.</param>
/// <param name="datatype">As the protocol names it.</param>
/// <param name="shape">Its sizes.</param>
internal abstract class Tensor(string name, string datatype, long[] shape)
{
    public const string Text = "BYTES", Float = "FP32", Int = "INT32", Unsigned = "UINT64";

    public string Name { get; } = name;

    public string Datatype { get; } = datatype;

    public long[] Shape { get; } = shape;

    public static Tensor Of(string name, string[] texts) => new TextTensor(name, texts);

    public static Tensor Of(string name, int[] numbers) => new NumberTensor<int>(name, Int, [numbers.Length], numbers);

    public static Tensor Of(string name, ulong[] numbers) => new NumberTensor<ulong>(name, Unsigned, [numbers.Length], numbers);

    public static Tensor Of(string name, float[] numbers, params long[] shape) => new NumberTensor<float>(name, Float, shape.Length == 0 ? [numbers.Length] : shape, numbers);

    /// <summary>The elements as JSON has them.</summary>
    public abstract IReadOnlyList<object> Data { get; }

    /// <summary>The elements as bytes, the lowest of a number first.</summary>
    public abstract byte[] ToBytes();

    private sealed class TextTensor(string name, string[] texts) : Tensor(name, Text, [texts.Length])
    {
        public override IReadOnlyList<object> Data => texts;

        public override byte[] ToBytes()
        {
            byte[] bytes = new byte[texts.Sum(text => TextBytes.LengthSize + Encoding.UTF8.GetByteCount(text))];
            Span<byte> rest = bytes;
            foreach (string text in texts)
            {
                int length = Encoding.UTF8.GetBytes(text, rest[TextBytes.LengthSize..]);
                BinaryPrimitives.WriteInt32LittleEndian(rest, length);
                rest = rest[(TextBytes.LengthSize + length)..];
            }

            return bytes;
        }
    }

    private sealed class NumberTensor<T>(string name, string datatype, long[] shape, T[] numbers) : Tensor(name, datatype, shape)
        where T : unmanaged
    {
        public override IReadOnlyList<object> Data => [.. numbers.Cast<object>()];

        // .NET runs on no machine that has the highest byte first.
        public override byte[] ToBytes() => MemoryMarshal.AsBytes<T>(numbers).ToArray();
    }
}
