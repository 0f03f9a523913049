using CsCheck;
using NAudio.Wave;

namespace RnnService.Audio.Tests;

public class WavFileTests
{
    private static readonly float[] Wave = [.. Enumerable.Range(0, 200).Select(i => MathF.Sin(0.1f * i) * 0.9f)];

    public static TheoryData<int, int, bool> Kinds => new()
    {
        { 8, 1, false }, { 16, 1, false }, { 24, 1, false }, { 32, 1, false }, { 32, 1, true }, { 64, 1, true }, { 16, 2, false }, { 24, 6, false }, { 32, 2, true },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_width_is_read_and_channels_are_mixed(int bits, int channels, bool isFloat)
    {
        Sound sound = WavFile.Read(new MemoryStream(Wav(bits, channels, isFloat)));
        Assert.Equal(22_050, sound.SampleRate);
        Assert.Equal(Wave.Length, sound.Samples.Length);
        for (int i = 0; i < Wave.Length; i++) Assert.Equal(Wave[i], sound.Samples[i], bits == 8 ? 0.02 : 1e-4);
    }

    [Fact]
    public void The_extensible_header_is_read()
    {
        using var stream = new MemoryStream();
        using (var writer = new WaveFileWriter(stream, new WaveFormatExtensible(16_000, 16, 1))) writer.WriteSamples(Wave, 0, Wave.Length);
        Sound sound = WavFile.Read(new MemoryStream(stream.ToArray()));
        Assert.Equal(16_000, sound.SampleRate);
        Assert.Equal(Wave[70], sound.Samples[70], 1e-4);
    }

    [Theory]
    [InlineData(22, 0, "fmt: channels is 0; expected 1 to 64")]
    [InlineData(22, 65, "fmt: channels is 65; expected 1 to 64")]
    [InlineData(24, 0, "fmt: sample rate is 0; expected 1000 to 384000")]
    [InlineData(34, 12, "fmt: bits a sample is 12; expected 8, 16, 24 or 32")]
    [InlineData(20, 85, "fmt: encoding is 85 (compressed); expected 1 (PCM) or 3 (floats)")]
    [InlineData(20, 7, "fmt: encoding is 7 (compressed); expected 1 (PCM) or 3 (floats)")]
    [InlineData(32, 3, "fmt: block align is 3; expected 2, which is 1 channels of 16 bits")]
    [InlineData(40, 4000, "data: length is 4000 bytes, of which 400 are there; expected a whole file")]
    public void What_a_header_says_wrongly_is_named(int at, short value, string expected)
    {
        byte[] file = Wav(16, 1, false);
        BitConverter.TryWriteBytes(file.AsSpan(at), value);
        if (at == 24) BitConverter.TryWriteBytes(file.AsSpan(at), (int)value);
        Assert.Equal(expected, Assert.Throws<SoundFormatException>(() => WavFile.Read(new MemoryStream(file))).Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(20)]
    [InlineData(43)]
    public void A_file_that_ends_in_its_header_is_refused(int length) =>
        Assert.Throws<SoundFormatException>(() => WavFile.Read(new MemoryStream(Wav(16, 1, false)[..length])));

    [Fact]
    public void A_length_that_its_writer_did_not_know_is_the_files()
    {
        foreach (uint unknown in (uint[])[0xFFFF_FFFF, 0x7FFF_FFFF, 0x7FFF_F000])
        {
            byte[] file = Wav(16, 1, false);
            BitConverter.TryWriteBytes(file.AsSpan(40), unknown);
            Assert.Equal(Wave.Length, WavFile.Read(new MemoryStream(file)).Samples.Length);
        }
    }

    [Fact]
    public void Floats_that_are_no_samples_are_named()
    {
        foreach (float wrong in (float[])[float.NaN, float.PositiveInfinity, 1e30f])
        {
            byte[] file = Wav(32, 1, true);
            BitConverter.TryWriteBytes(file.AsSpan(file.Length - 4), wrong);
            Assert.StartsWith("data: sample 199 is ", Assert.Throws<SoundFormatException>(() => WavFile.Read(new MemoryStream(file))).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_long_sound_is_refused_before_it_is_read() => Assert.Equal(
        "sound is 0.9 s long; expected at most 0.5",
        Assert.Throws<SoundFormatException>(() => WavFile.Read(new MemoryStream(Wav(16, 1, false, 100)), 0.5)).Message);

    /// <summary>Whatever stands in a file, it is read or refused, and nothing large is allocated for it.</summary>
    [Fact]
    public void Damaged_headers_are_read_or_refused() => Gen.Select(
        Gen.Int[0, 4], Gen.Select(Gen.Int[0, 60], Gen.Byte).Array[1, 6]).Sample((kind, changes) =>
    {
        byte[] file = kind switch { 0 => Wav(16, 1, false), 1 => Wav(24, 2, false), 2 => Wav(32, 1, true), 3 => Wav(8, 1, false), _ => [.. Wav(16, 2, false).Take(90)] };
        foreach ((int at, byte value) in changes) file[at] = value;
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            Assert.All(WavFile.Read(new MemoryStream(file)).Samples, sample => Assert.True(float.IsFinite(sample)));
        }
        catch (SoundFormatException)
        {
            // named in the tests above
        }

        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1_000_000);
    }, iter: 20_000, threads: 1);

    [Fact]
    public void Raw_PCM_may_be_cut_anywhere()
    {
        byte[] bytes = new byte[401];
        new Random(1).NextBytes(bytes);
        float[] whole = new PcmDecoder().Push(bytes);
        Gen.Int[1, 30].Array[1, 10].Sample(sizes =>
        {
            var decoder = new PcmDecoder();
            var samples = new List<float>();
            for (int at = 0, turn = 0; at < bytes.Length; turn++)
            {
                int size = Math.Min(sizes[turn % sizes.Length], bytes.Length - at);
                samples.AddRange(decoder.Push(bytes.AsSpan(at, size)));
                at += size;
            }

            Assert.True(decoder.IsWithinSample);
            Assert.Equal(whole, samples);
        }, iter: 50);
        Assert.Equal([-1f, 32_767 / 32_768f], new PcmDecoder().Push([0x00, 0x80, 0xFF, 0x7F]));
    }

    private static byte[] Wav(int bits, int channels, bool isFloat, int repeat = 1)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        int frame = channels * bits / 8, length = Wave.Length * frame * repeat;
        writer.Write("RIFF"u8);
        writer.Write(36 + length);
        writer.Write("WAVEfmt "u8);
        writer.Write(16);
        writer.Write((short)(isFloat ? 3 : 1));
        writer.Write((short)channels);
        writer.Write(22_050);
        writer.Write(22_050 * frame);
        writer.Write((short)frame);
        writer.Write((short)bits);
        writer.Write("data"u8);
        writer.Write(length);
        for (int i = 0; i < Wave.Length * repeat; i++)
        {
            // Channels that differ by something whose mean is 0.
            for (int channel = 0; channel < channels; channel++)
                Write(writer, Wave[i % Wave.Length] + (channels == 1 ? 0 : channel % 2 == 0 ? 0.05 : -0.05), bits, isFloat);
        }

        return stream.ToArray();
    }

    private static void Write(BinaryWriter writer, double sample, int bits, bool isFloat)
    {
        if (isFloat && bits == 64) writer.Write(sample);
        else if (isFloat) writer.Write((float)sample);
        else if (bits == 8) writer.Write((byte)Math.Round(sample * 127 + 128));
        else if (bits == 16) writer.Write((short)Math.Round(sample * 32_767));
        else if (bits == 32) writer.Write((int)Math.Round(sample * int.MaxValue));
        else
        {
            int value = (int)Math.Round(sample * 8_388_607);
            writer.Write([(byte)value, (byte)(value >> 8), (byte)(value >> 16)]);
        }
    }
}
