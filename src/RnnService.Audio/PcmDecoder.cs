using System.Buffers.Binary;

namespace RnnService.Audio;

/// <summary>Raw PCM of one channel, signed 16 bits little endian, that comes in pieces, cut anywhere. One object a stream, for one thread at a time.</summary>
public sealed class PcmDecoder
{
    private int _half = -1; // the first byte of a sample whose second is still to come

    /// <summary>Whether the last piece ended within a sample.</summary>
    public bool IsWithinSample => _half >= 0;

    /// <summary>The samples that a piece completes.</summary>
    /// <param name="bytes">The next bytes.</param>
    public float[] Push(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return [];
        float[] samples = new float[(bytes.Length + (IsWithinSample ? 1 : 0)) / 2];
        int at = 0;
        if (IsWithinSample)
        {
            samples[at++] = (short)(_half | bytes[0] << 8) / 32_768f;
            bytes = bytes[1..];
            _half = -1;
        }

        for (; at < samples.Length; at++, bytes = bytes[2..]) samples[at] = BinaryPrimitives.ReadInt16LittleEndian(bytes) / 32_768f;
        if (!bytes.IsEmpty) _half = bytes[0];
        return samples;
    }
}
