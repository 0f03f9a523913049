using System.Collections.Concurrent;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;

namespace RnnService.Audio;

/// <summary>
/// Sound as a model reads it, by <see cref="AudioConfig"/>: emphasis of high frequencies, frames, a Hann window, the power spectrum, bands of the mel
/// scale, logarithms; then changes and stacked frames where the model wants them. docs/equations.md has the formulas. Immutable, for any number of
/// threads.
/// </summary>
public sealed class AudioFeatures
{
    private readonly MelBank _bank;
    private readonly ConcurrentBag<FrameTransform> _transforms = []; // one a thread that computes at the same time

    /// <summary>Features by a configuration.</summary>
    /// <param name="config">What a model's config.json has under numbers.audio.</param>
    /// <exception cref="ArgumentException">It contradicts itself.</exception>
    public AudioFeatures(AudioConfig config)
    {
        config.Validate();
        (Config, _bank) = (config, new MelBank(config));
    }

    /// <summary>How they are computed.</summary>
    public AudioConfig Config { get; }

    /// <summary>The fewest samples, at the model's rate, that make a step.</summary>
    public int SamplesOfFirstStep => Config.FrameLength + (Config.Stack - 1) * Config.HopLength;

    /// <summary>The features [T,F] of a whole sound; no step where it is shorter than the first.</summary>
    /// <param name="samples">Samples of one channel, finite numbers.</param>
    /// <param name="sampleRate">Samples a second; converted to the model's.</param>
    /// <exception cref="ArgumentException">The rate is not taken, or a sample is no finite number.</exception>
    public NumberSequence Of(ReadOnlySpan<float> samples, int sampleRate)
    {
        AudioStream stream = NewStream(sampleRate);
        NumberSequence most = stream.Push(samples), last = stream.End();
        return last.Steps == 0 ? most : new NumberSequence((float[])[.. most.Values.Span, .. last.Values.Span], Config.Features);
    }

    /// <inheritdoc cref="Of(ReadOnlySpan{float}, int)"/>
    public NumberSequence Of(Sound sound) => Of(sound.Samples, sound.SampleRate);

    /// <summary>Begins a sound that comes in pieces.</summary>
    /// <param name="sampleRate">Samples a second; converted to the model's.</param>
    /// <exception cref="ArgumentException">The rate is not taken.</exception>
    public AudioStream NewStream(int sampleRate) => new(this, sampleRate);

    /// <summary>When a step's last sample has been heard, in seconds from the beginning.</summary>
    /// <param name="step">The step, the first is 0.</param>
    public double SecondsAt(long step) => ((double)step * Config.Stack * Config.HopLength + SamplesOfFirstStep) / Config.SampleRate;

    /// <summary>What to say of a sound without a step, after what it is called: <c>is 0.01 s long; expected at least 0.025 s, which is a step of digits</c>.</summary>
    /// <param name="sound">The sound.</param>
    /// <param name="model">What the model is called.</param>
    public string WhyNoStep(Sound sound, string model) => FormattableString.Invariant(
        $"is {sound.Seconds:0.###} s long; expected at least {SecondsAt(0):0.###} s, which is a step of {model}");

    internal FrameTransform Rent() => _transforms.TryTake(out FrameTransform? transform) ? transform : new FrameTransform(Config, _bank);

    internal void Return(FrameTransform transform) => _transforms.Add(transform);
}
