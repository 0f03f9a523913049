using RnnService.Engine.Models;
using RnnService.Engine.Networks;

namespace RnnService.Audio;

/// <summary>
/// A sound that comes in pieces: its features as soon as their last sample is there, with the bits that the whole sound would give, however it is cut.
/// Holds less than a frame of samples and five frames of bands. One object a sound, for one thread at a time.
/// </summary>
public sealed class AudioStream
{
    /// <summary>Frames that a change is computed from.</summary>
    private const int DeltaFrames = 5;

    private readonly AudioFeatures _features;
    private readonly AudioConfig _config;
    private readonly Resampler? _resampler;
    private readonly float[] _recent; // bands of the last frames, frame t at t mod DeltaFrames
    private readonly float[] _step; // frames of the step that is not full yet
    private float[] _waiting; // emphasised samples from the next frame's first on
    private int _count, _stacked;
    private long _frames;
    private float _before; // the last sample as it came

    internal AudioStream(AudioFeatures features, int sampleRate)
    {
        if (Sound.RateFault(sampleRate) is { } fault) throw new ArgumentException(fault, nameof(sampleRate));
        (_features, _config) = (features, features.Config);
        _resampler = sampleRate == _config.SampleRate ? null : new Resampler(sampleRate, _config.SampleRate);
        _recent = new float[_config.Deltas ? DeltaFrames * _config.MelBands : 0];
        _step = new float[_config.Features];
        _waiting = new float[_config.FrameLength + _config.HopLength];
    }

    /// <summary>The steps [T,F] that the next samples complete; none while a step's samples are not all there.</summary>
    /// <param name="samples">Samples of one channel, finite numbers.</param>
    /// <exception cref="ArgumentException">A sample is no finite number; the stream is as before.</exception>
    public NumberSequence Push(ReadOnlySpan<float> samples)
    {
        for (int i = 0; i < samples.Length; i++)
        {
            if (!float.IsFinite(samples[i]))
                throw new ArgumentException(FormattableString.Invariant($"sample {i} is {samples[i]}; expected a finite number"), nameof(samples));
        }

        return Frames(_resampler is null ? samples : _resampler.Push(samples));
    }

    /// <summary>The steps that still waited for samples to convert the rate with. Nothing is pushed afterwards.</summary>
    public NumberSequence End() => Frames(_resampler is null ? [] : _resampler.End());

    private NumberSequence Frames(ReadOnlySpan<float> samples)
    {
        Append(samples);
        int frames = _count < _config.FrameLength ? 0 : (_count - _config.FrameLength) / _config.HopLength + 1;
        int steps = (_stacked + frames) / _config.Stack;
        float[] values = steps == 0 ? [] : new float[steps * _config.Features];
        if (frames == 0) return new NumberSequence(values, _config.Features);
        FrameTransform transform = _features.Rent();
        Span<float> rest = values;
        for (int frame = 0; frame < frames; frame++)
        {
            Span<float> place = _step.AsSpan(_stacked * _step.Length / _config.Stack, _step.Length / _config.Stack);
            transform.LogMel(_waiting.AsSpan(frame * _config.HopLength, _config.FrameLength), place[.._config.MelBands]);
            if (_config.Deltas) Change(place[.._config.MelBands], place[_config.MelBands..]);
            _frames++;
            if (++_stacked < _config.Stack) continue;
            _step.CopyTo(rest);
            rest = rest[_step.Length..];
            _stacked = 0;
        }

        _features.Return(transform);
        int done = frames * _config.HopLength;
        _waiting.AsSpan(done, _count - done).CopyTo(_waiting);
        _count -= done;
        return new NumberSequence(values, _config.Features);
    }

    private void Append(ReadOnlySpan<float> samples)
    {
        if (_count + samples.Length > _waiting.Length) Array.Resize(ref _waiting, _count + samples.Length);
        float emphasis = (float)_config.Preemphasis;
        foreach (float sample in samples)
        {
            _waiting[_count++] = sample - emphasis * _before;
            _before = sample;
        }
    }

    /// <summary>The slope of the line through five frames, the newest of which is this one: HTK's deltas, two frames later.</summary>
    private void Change(ReadOnlySpan<float> bands, Span<float> change)
    {
        int width = bands.Length;
        if (_frames == 0)
        {
            for (int frame = 0; frame < DeltaFrames; frame++) bands.CopyTo(_recent.AsSpan(frame * width)); // as if it had always sounded so
        }

        bands.CopyTo(Recent(0));
        Span<float> one = Recent(1), three = Recent(3), four = Recent(4);
        for (int i = 0; i < width; i++) change[i] = (2 * (bands[i] - four[i]) + (one[i] - three[i])) / 10;
        Span<float> Recent(int ago) => _recent.AsSpan((int)((_frames + DeltaFrames - ago) % DeltaFrames) * width, width);
    }
}
