using System.Buffers.Binary;
using RnnService.Audio;
using RnnService.Cli.Shell;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;

namespace RnnService.Cli.Arguments;

/// <summary>Sound as a model reads it: files, or standard input while it is recorded.</summary>
/// <param name="name">The model, as it was named.</param>
/// <param name="model">The model.</param>
internal sealed class SoundInput(string name, NumberModel model)
{
    /// <summary>The file that stands for standard input.</summary>
    public const string Standard = "-";

    /// <summary>Bytes that are waited for at most: a tenth of a second at 8 kHz is heard before it is written.</summary>
    private const int BytesAtOnce = 1_600;

    private const int HeaderLength = 44;

    private readonly AudioFeatures _features = model.Numbers.Audio is { } audio
        ? new AudioFeatures(audio)
        : throw new CommandException($"{name} reads numbers that are not made of sound; expected a model whose config.json has numbers.audio");

    /// <summary>The seconds at which a step has been heard.</summary>
    public double SecondsAt(long step) => _features.SecondsAt(step);

    /// <summary>The steps of a WAV file.</summary>
    /// <exception cref="SoundFormatException">It cannot be read.</exception>
    /// <exception cref="CommandException">It is shorter than a step.</exception>
    public NumberSequence OfFile(string path)
    {
        Sound sound = WavFile.Read(path);
        NumberSequence steps = _features.Of(sound);
        return steps.Steps > 0 ? steps : throw new CommandException($"{path} {_features.WhyNoStep(sound, name)}");
    }

    /// <summary>The steps of standard input as they come: signed 16 bits, little endian, one channel, or a WAV file of that.</summary>
    /// <param name="terminal">Where from.</param>
    /// <param name="rate">Samples a second; null for the model's own, or the WAV file's.</param>
    /// <param name="stop">Ends reading.</param>
    /// <exception cref="CommandException">It is a WAV file of another kind.</exception>
    public IEnumerable<NumberSequence> OfInput(Terminal terminal, int? rate, CancellationToken stop)
    {
        using Stream input = terminal.OpenInput();
        byte[] buffer = new byte[BytesAtOnce];
        int got = input.ReadAtLeast(buffer, HeaderLength, throwOnEndOfStream: false);
        int? own = RateOfHeader(buffer.AsSpan(0, got));
        int start = own is null ? 0 : HeaderLength;
        AudioStream stream = _features.NewStream(rate ?? own ?? _features.Config.SampleRate);
        var decoder = new PcmDecoder();
        for (; got > 0; got = input.Read(buffer), start = 0)
        {
            stop.ThrowIfCancellationRequested();
            yield return stream.Push(decoder.Push(buffer.AsSpan(start, got - start)));
        }

        yield return stream.End();
    }

    /// <summary>The rate that a WAV file's header tells, which recorders write before what they record; null where there is none.</summary>
    private static int? RateOfHeader(ReadOnlySpan<byte> header)
    {
        const int encoding = 20, channels = 22, rate = 24, bits = 34, data = 36;
        if (!header.StartsWith("RIFF"u8)) return null;
        bool isPlain = header.Length >= HeaderLength && Number(header, encoding) == 1 && Number(header, channels) == 1 && Number(header, bits) == 16
            && header[data..].StartsWith("data"u8);
        return isPlain ? BinaryPrimitives.ReadInt32LittleEndian(header[rate..]) : throw new CommandException(
            "standard input is a WAV file of another kind; expected one channel of 16 bits, or the file by its name (arecord -t raw -f S16_LE -c 1 -r 8000 records as it should be)");

        static short Number(ReadOnlySpan<byte> header, int at) => BinaryPrimitives.ReadInt16LittleEndian(header[at..]);
    }
}
