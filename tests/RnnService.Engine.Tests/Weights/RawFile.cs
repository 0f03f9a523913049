using System.Buffers.Binary;
using System.Text;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Tests.Weights;

/// <summary>Safetensors bytes put together by hand, right or wrong, without the writer under test.</summary>
internal static class RawFile
{
    public const string Name = "raw.safetensors";

    public static byte[] Bytes(byte[] header, byte[] data, ulong? announced = null)
    {
        byte[] prefix = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, announced ?? (ulong)header.Length);
        return [.. prefix, .. header, .. data];
    }

    public static byte[] Bytes(string header, params byte[] data) => Bytes(Encoding.UTF8.GetBytes(header), data);

    public static SafeTensorsFile Read(byte[] bytes) => SafeTensorsFile.Read(new MemoryStream(bytes), Name);

    public static SafeTensorsFile Read(string header, params byte[] data) => Read(Bytes(header, data));
}
