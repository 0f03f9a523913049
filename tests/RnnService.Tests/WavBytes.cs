namespace RnnService.Tests;

/// <summary>Sounds as WAV files of one channel and 16 bits a sample.</summary>
internal static class WavBytes
{
    /// <summary>The file of samples, of which there are <paramref name="rate"/> a second.</summary>
    public static byte[] Of(ReadOnlySpan<short> samples, int rate)
    {
        const int sampleBytes = sizeof(short), head = 44;
        int length = sampleBytes * samples.Length;
        using var stream = new MemoryStream(head + length);
        using var writer = new BinaryWriter(stream);
        writer.Write("RIFF"u8);
        writer.Write(head - 8 + length); // what follows this number
        writer.Write("WAVEfmt "u8);
        writer.Write(16); // bytes of what is said of the samples
        writer.Write((short)1); // integers
        writer.Write((short)1); // one channel
        writer.Write(rate);
        writer.Write(sampleBytes * rate);
        writer.Write((short)sampleBytes);
        writer.Write((short)(8 * sampleBytes));
        writer.Write("data"u8);
        writer.Write(length);
        foreach (short sample in samples) writer.Write(sample);
        return stream.ToArray();
    }
}
