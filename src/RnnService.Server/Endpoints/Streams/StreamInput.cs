using System.Buffers.Binary;
using System.Globalization;
using RnnService.AspNetCore.Models;
using RnnService.Audio;
using RnnService.Engine.Networks;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints.Streams;

/// <summary>Makes steps of what a client sends: numbers in JSON, or bytes that are cut anywhere.</summary>
internal sealed class StreamInput(ServedNumbers served, StreamFormat format, RequestReader reader)
{
    /// <summary>Magnitudes of samples beyond which there is no sound.</summary>
    private const float MaxSample = 65_536;

    private readonly AudioStream? _sound = served.Sound?.NewStream(format.SampleRate);
    private readonly PcmDecoder _pcm = new();
    private readonly byte[] _rest = new byte[served.Sound is null ? served.Features * sizeof(float) : sizeof(float)]; // of a step, or a sample
    private int _kept;

    /// <summary>The steps of a message in JSON, and whether it is the last.</summary>
    /// <exception cref="RequestProblem">It is no message, or its steps are none that the model reads.</exception>
    public (NumberSequence Steps, bool IsEnd) OfText(ReadOnlyMemory<byte> json)
    {
        var message = reader.Parse<StreamRequest>(json);
        bool isEnd = message.End ?? false;
        if (message.Values is not { } values)
            return isEnd ? (default, true) : throw RequestProblem.Of(ProblemKind.Validation, "values", "is required, or else \"end\": true");
        if (_sound is not null) throw RequestProblem.Of(ProblemKind.Validation, "values", "are given; expected sound as bytes, since this model reads sound");
        NumberQuestion.CheckFeatures(values, served, "values");
        return (values, isEnd);
    }

    /// <summary>The steps that some bytes complete.</summary>
    /// <exception cref="RequestProblem">They hold what is no finite number.</exception>
    public NumberSequence OfBytes(ReadOnlySpan<byte> bytes)
    {
        if (_sound is null) return new NumberSequence(Floats(bytes, float.MaxValue), served.Features);
        return _sound.Push(format.IsPcm ? _pcm.Push(bytes) : Floats(bytes, MaxSample));
    }

    /// <summary>The steps that come with the end.</summary>
    /// <exception cref="RequestProblem">The bytes end within a number or a step.</exception>
    public NumberSequence End()
    {
        if (_kept > 0 || _pcm.IsWithinSample)
            throw new RequestProblem(ProblemKind.Malformed, $"the bytes end within {(_sound is null ? "a step" : "a sample")}; expected whole ones, of {_rest.Length / (format.IsPcm ? 2 : 1)} bytes each");
        return _sound?.End() ?? default;
    }

    private float[] Floats(ReadOnlySpan<byte> bytes, float most)
    {
        float[] values = new float[(_kept + bytes.Length) / _rest.Length * (_rest.Length / sizeof(float))];
        int at = 0;
        if (_kept > 0)
        {
            int taken = Math.Min(bytes.Length, _rest.Length - _kept);
            bytes[..taken].CopyTo(_rest.AsSpan(_kept));
            _kept += taken;
            bytes = bytes[taken..];
            if (_kept < _rest.Length) return values;
            Decode(_rest);
            _kept = 0;
        }

        int whole = bytes.Length / _rest.Length * _rest.Length;
        Decode(bytes[..whole]);
        bytes[whole..].CopyTo(_rest);
        _kept = bytes.Length - whole;
        return values;

        void Decode(ReadOnlySpan<byte> from)
        {
            for (; from.Length > 0; from = from[sizeof(float)..], at++)
            {
                values[at] = BinaryPrimitives.ReadSingleLittleEndian(from);
                if (!(MathF.Abs(values[at]) <= most))
                {
                    throw new RequestProblem(ProblemKind.Validation, string.Create(CultureInfo.InvariantCulture,
                        $"a number of the stream is {values[at]}; expected finite ones{(most < float.MaxValue ? ", samples of -1 to 1 at full scale" : "")}"));
                }
            }
        }
    }
}
