using RnnService.Audio;
using RnnService.Engine.Weights;
using RnnService.Training.Corpora;
using RnnService.Training.Evaluation;
using RnnService.Training.Recipes;

namespace RnnService.Training.Objectives;

/// <summary>
/// Puts recordings together to others: with pauses, speeds, loudness and noise that are drawn from keys, never from what was drawn before.
/// </summary>
internal sealed class SoundMixer
{
    private const ulong StringStream = 0x50CE;

    private readonly (Sound Sound, NumberExample Example)[] _recordings;
    private readonly SoundChanges _changes;

    /// <summary>Mixes these recordings.</summary>
    /// <exception cref="InvalidDataException">One of them is no sound; the message says which.</exception>
    public SoundMixer(IReadOnlyList<NumberExample> recordings, SoundChanges changes)
    {
        _changes = changes;
        _recordings = [.. recordings.Select(example => (example.Sound ?? throw NumberChecks.Wrong(example, "is a sequence of numbers; expected a sound"), example))];
    }

    /// <summary>
    /// As many strings as there are recordings, each of 3 or more up to <see cref="SoundChanges.Join"/> that are drawn, always the same: what a
    /// transcriber is measured by. Speeds stay as they are.
    /// </summary>
    public static NumberExample[] Strings(IReadOnlyList<NumberExample> recordings, SoundChanges changes)
    {
        const int fewest = 3;
        var mixer = new SoundMixer(recordings, changes with { Speed = 0 });
        return [.. recordings.Select((_, i) => mixer.Mix(
            i, Math.Min(fewest, changes.Join) + i % Math.Max(1, changes.Join - fewest + 1), new RandomSource(StringStream, (ulong)i)))];
    }

    /// <summary>The changed sound of one recording, which begins it.</summary>
    /// <param name="first">Index of the recording.</param>
    /// <param name="count">How many recordings; the others are drawn.</param>
    /// <param name="random">Drawn from.</param>
    public NumberExample Mix(int first, int count, RandomSource random)
    {
        int rate = _recordings[first].Sound.SampleRate;
        var samples = new List<float>(rate * count);
        var labels = new List<string>(count);
        // A recording alone often is no longer than what is said in it: the last symbol must then be written without anything after it.
        bool isBare = count == 1 && random.Uniform() < 0.5;
        Pause(ref random);
        for (int i = 0; i < count; i++)
        {
            var (sound, example) = _recordings[i == 0 ? first : random.Below(_recordings.Length)];
            samples.AddRange(Changed(sound, rate, ref random));
            labels.AddRange(example.Labels);
            Pause(ref random);
        }

        float[] mixed = [.. samples];
        if (_changes.Tone > 0) Colour(mixed, _changes.Tone * (2 * random.Uniform() - 1));
        if (_changes.Noise > 0 && random.Uniform() < 0.5) AddNoise(mixed, _changes.Noise + 30 * random.Uniform(), ref random);
        return new NumberExample { Sound = new Sound(mixed, rate), Labels = labels, Name = _recordings[first].Example.Name };

        void Pause(ref RandomSource random)
        {
            int silent = isBare ? 0 : (int)(_changes.Pause * random.Uniform() * rate);
            for (int i = 0; i < silent; i++) samples.Add((float)(1e-4 * random.Normal())); // no microphone is silent
        }
    }

    private float[] Changed(Sound sound, int rate, ref RandomSource random)
    {
        double speed = 1 + _changes.Speed * (2 * random.Uniform() - 1), step = speed * sound.SampleRate / rate;
        float gain = (float)Math.Pow(10, _changes.Gain * (2 * random.Uniform() - 1) / 20);
        float[] samples = sound.Samples, changed = new float[Math.Max(0, (int)((samples.Length - 1) / step))];
        for (int i = 0; i < changed.Length; i++)
        {
            double at = i * step;
            int left = (int)at;
            changed[i] = gain * (float)(samples[left] + (at - left) * (samples[left + 1] - samples[left]));
        }

        return changed;
    }

    // y = (x + c·x of the step before) / √(1 + c²): the ratio of its gains at half the rate and at none is (1 − c) / (1 + c); between them half the power of both.
    private static void Colour(float[] samples, double decibels)
    {
        double ratio = Math.Pow(10, decibels / 20), before = (1 - ratio) / (1 + ratio), scale = 1 / Math.Sqrt(1 + before * before);
        for (int i = samples.Length - 1; i > 0; i--) samples[i] = (float)(scale * (samples[i] + before * samples[i - 1]));
    }

    private static void AddNoise(float[] samples, double decibels, ref RandomSource random)
    {
        double energy = samples.Sum(value => (double)value * value) / Math.Max(1, samples.Length);
        double deviation = Math.Sqrt(energy) * Math.Pow(10, -decibels / 20);
        foreach (ref float value in samples.AsSpan()) value += (float)(deviation * random.Normal());
    }
}
