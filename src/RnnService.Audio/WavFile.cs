using System.Buffers.Binary;
using NAudio.Wave;

namespace RnnService.Audio;

/// <summary>
/// Reads WAV files: PCM of 8, 16, 24 or 32 bits and floats of 32 or 64, in any number of channels, of which the mean is taken. A file is untrusted:
/// what it promises is compared with what is there before anything of that size is allocated.
/// </summary>
public static class WavFile
{
    /// <summary>Most channels of a file.</summary>
    public const int MaxChannels = 64;

    /// <summary>The largest magnitude of a float sample: beyond integers of 16 bits written as floats there are only broken files.</summary>
    private const double MaxMagnitude = 65_536;

    /// <summary>Lengths from which on the data are as long as the file: what programs write that do not know the end when they begin.</summary>
    private const long UnknownLength = 0x7FFF_0000;

    private const int FramesAtOnce = 4096;

    private static readonly Guid Pcm = new("00000001-0000-0010-8000-00aa00389b71"), Float = new("00000003-0000-0010-8000-00aa00389b71");

    private enum Coding
    {
        Integer,
        Float,
    }

    /// <summary>Reads a file.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="maxSeconds">The longest sound that is read.</param>
    /// <exception cref="SoundFormatException">It is malformed, compressed, cut off or too long; the message begins with its name.</exception>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static Sound Read(string path, double maxSeconds = 3600)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            return Read(file, maxSeconds);
        }
        catch (SoundFormatException fault)
        {
            throw new SoundFormatException($"{Path.GetFileName(path)}: {fault.Message}", fault);
        }
    }

    /// <summary>Reads a file's content.</summary>
    /// <param name="stream">The content from its first byte on; can seek, and is left open.</param>
    /// <param name="maxSeconds">The longest sound that is read.</param>
    /// <exception cref="SoundFormatException">It is malformed, compressed, cut off or too long.</exception>
    public static Sound Read(Stream stream, double maxSeconds = 3600)
    {
        try
        {
            using var reader = new WaveFileReader(stream);
            return Read(reader, DataLength(stream), stream.Length - stream.Position, maxSeconds);
        }
        catch (SoundFormatException)
        {
            throw;
        }
        catch (Exception fault) when (fault is FormatException or IOException or InvalidDataException or ArgumentException or OverflowException
            or InvalidOperationException or NotSupportedException)
        {
            throw new SoundFormatException("header is not that of a WAV file; expected RIFF, WAVE, a \"fmt \" chunk and a \"data\" chunk", fault);
        }
    }

    /// <summary>The length that the header gives to the data that begin here; the reader's own is cut to what is there.</summary>
    private static long DataLength(Stream stream)
    {
        Span<byte> length = stackalloc byte[sizeof(uint)];
        stream.Seek(-length.Length, SeekOrigin.Current);
        stream.ReadExactly(length);
        return BinaryPrimitives.ReadUInt32LittleEndian(length);
    }

    private static Sound Read(WaveFileReader reader, long promised, long present, double maxSeconds)
    {
        WaveFormat format = reader.WaveFormat;
        Coding coding = CodingOf(format);
        int bits = format.BitsPerSample, channels = format.Channels;
        bool isRead = coding == Coding.Integer ? bits is 8 or 16 or 24 or 32 : bits is 32 or 64;
        if (!isRead) throw new SoundFormatException($"fmt: bits a sample is {bits}; expected {(coding == Coding.Integer ? "8, 16, 24 or 32" : "32 or 64, since samples are floats")}");
        if (channels is < 1 or > MaxChannels) throw new SoundFormatException($"fmt: channels is {channels}; expected 1 to {MaxChannels}");
        if (Sound.RateFault(format.SampleRate) is { } rate) throw new SoundFormatException("fmt: " + rate);
        int frame = channels * bits / 8;
        if (format.BlockAlign != frame) throw new SoundFormatException($"fmt: block align is {format.BlockAlign}; expected {frame}, which is {channels} channels of {bits} bits");

        if (promised > present && promised < UnknownLength)
            throw new SoundFormatException($"data: length is {promised} bytes, of which {present} are there; expected a whole file");
        long frames = Math.Min(promised, present) / frame;
        double seconds = (double)frames / format.SampleRate;
        if (seconds > maxSeconds)
            throw new SoundFormatException(FormattableString.Invariant($"sound is {seconds:0.#} s long; expected at most {maxSeconds:0.#}"));
        return new Sound(Samples(reader, coding, (int)frames), format.SampleRate);
    }

    private static Coding CodingOf(WaveFormat format) => format.Encoding switch
    {
        WaveFormatEncoding.Pcm => Coding.Integer,
        WaveFormatEncoding.IeeeFloat => Coding.Float,
        WaveFormatEncoding.Extensible when SubFormat(format) == Pcm => Coding.Integer,
        WaveFormatEncoding.Extensible when SubFormat(format) == Float => Coding.Float,
        var other => throw new SoundFormatException($"fmt: encoding is {(ushort)other} (compressed); expected 1 (PCM) or 3 (floats)"),
    };

    /// <summary>What an extensible header says in place of the encoding.</summary>
    private static Guid SubFormat(WaveFormat format)
    {
        const int At = 24, Length = 16;
        byte[] header = format.ToWaveFormatExBytes();
        return header.Length < At + Length ? Guid.Empty : new Guid(header.AsSpan(At, Length));
    }

    private static float[] Samples(WaveFileReader reader, Coding coding, int frames)
    {
        int channels = reader.WaveFormat.Channels, bytes = reader.WaveFormat.BitsPerSample / 8;
        float[] mono = new float[frames];
        byte[] block = new byte[Math.Min(frames, FramesAtOnce) * channels * bytes];
        for (int at = 0; at < frames;)
        {
            Span<byte> wanted = block.AsSpan(0, Math.Min(frames - at, FramesAtOnce) * channels * bytes);
            for (int got = 0, read; got < wanted.Length; got += read)
            {
                read = reader.Read(wanted[got..]);
                if (read == 0) throw new SoundFormatException($"data: ends after {at} of {frames} samples; expected a whole file");
            }

            for (ReadOnlySpan<byte> rest = wanted; rest.Length > 0; at++)
            {
                double sum = 0;
                for (int channel = 0; channel < channels; channel++, rest = rest[bytes..]) sum += Decode(rest, coding, bytes, at);
                mono[at] = (float)(sum / channels);
            }
        }

        return mono;
    }

    private static double Decode(ReadOnlySpan<byte> sample, Coding coding, int bytes, int at)
    {
        if (coding == Coding.Integer)
        {
            return bytes switch
            {
                1 => (sample[0] - 128) / 128.0, // the one width that is unsigned
                2 => BinaryPrimitives.ReadInt16LittleEndian(sample) / 32_768.0,
                3 => (sample[0] | sample[1] << 8 | (sbyte)sample[2] << 16) / 8_388_608.0,
                _ => BinaryPrimitives.ReadInt32LittleEndian(sample) / 2_147_483_648.0,
            };
        }

        double value = bytes == 4 ? BinaryPrimitives.ReadSingleLittleEndian(sample) : BinaryPrimitives.ReadDoubleLittleEndian(sample);
        if (!(Math.Abs(value) <= MaxMagnitude))
            throw new SoundFormatException(FormattableString.Invariant($"data: sample {at} is {value}; expected a finite number, -1 to 1 at full scale"));
        return value;
    }
}
