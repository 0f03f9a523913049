using RnnService.Audio;
using RnnService.Engine.Networks;
using RnnService.Engine.Weights;
using RnnService.Training.Corpora;
using RnnService.Training.Objectives;
using RnnService.Training.Recipes;
using Xunit;

namespace RnnService.Training.Tests.Numbers;

/// <summary>Recordings that are put together to others.</summary>
public sealed class SoundMixerTests
{
    private const int Rate = 1000;

    private static readonly NumberExample[] Recordings =
    [
        .. Enumerable.Range(0, 4).Select(i => new NumberExample
        {
            Sound = new Sound([.. Enumerable.Range(0, 50 + 10 * i).Select(t => 0.1f * (i + 1) * MathF.Sin(0.2f * t) + 0.01f)], Rate),
            Labels = [$"{i}"],
            Name = $"{i}.wav",
        }),
    ];

    /// <summary>Without changes a string is its recordings one after the other, each but its last sample, which has no neighbour to be read between.</summary>
    [Fact]
    public void Unchanged_recordings_follow_one_another()
    {
        NumberExample mixed = Mix(new SoundChanges(), 2, 5);
        Assert.Equal((5, "2", "2.wav"), (mixed.Labels.Count, mixed.Labels[0], mixed.Name));
        Assert.Equal(mixed.Labels.SelectMany(label => Recordings[int.Parse(label)].Sound!.Samples[..^1]), mixed.Sound!.Samples);
    }

    [Fact]
    public void The_same_key_gives_the_same_sound_whatever_was_drawn_before()
    {
        var changes = new SoundChanges(5, pause: 0.1, speed: 0.2, gain: 6, noise: 10);
        var mixer = new SoundMixer(Recordings, changes);
        mixer.Mix(3, 4, new RandomSource(9));
        float[] after = mixer.Mix(1, 3, new RandomSource(1, 2)).Sound!.Samples;
        Assert.Equal(Mix(changes, 1, 3, new RandomSource(1, 2)).Sound!.Samples, after);
        Assert.NotEqual(Mix(changes, 1, 3, new RandomSource(1, 3)).Sound!.Samples, after);
    }

    [Fact]
    public void Pauses_lie_around_recordings_and_are_all_but_silent()
    {
        var changes = new SoundChanges(pause: 0.3);
        for (int key = 0; key < 20; key++)
        {
            NumberExample mixed = Mix(changes, 0, 3, new RandomSource((ulong)key));
            int spoken = mixed.Labels.Sum(label => Recordings[int.Parse(label)].Sound!.Samples.Length - 1), silent = mixed.Sound!.Samples.Length - spoken;
            Assert.InRange(silent, 1, 4 * 300);
            Assert.True(mixed.Sound.Samples.Count(value => Math.Abs(value) < 1e-3) >= silent);
        }
    }

    [Fact]
    public void Speeds_and_gains_stay_within_their_bounds_and_fill_them()
    {
        float[] plain = Recordings[3].Sound!.Samples;
        float loudest = plain.Max();
        var mixed = Enumerable.Range(0, 60).Select(key => Mix(new SoundChanges(speed: 0.2, gain: 6), 3, 1, new RandomSource((ulong)key)).Sound!.Samples).ToArray();
        double[] speeds = [.. mixed.Select(samples => (plain.Length - 1.0) / samples.Length)];
        double[] decibels = [.. mixed.Select(samples => 20 * Math.Log10(samples.Max() / loudest))];
        Assert.All(speeds, speed => Assert.InRange(speed, 0.79, 1.22));
        Assert.All(decibels, gain => Assert.InRange(gain, -6.5, 6.01));
        Assert.True(speeds.Min() < 0.85 && speeds.Max() > 1.15 && decibels.Min() < -4 && decibels.Max() > 4);
    }

    [Fact]
    public void Noise_is_in_half_of_the_sounds_and_no_louder_than_it_may_be()
    {
        int noisy = 0;
        for (int key = 0; key < 60; key++)
        {
            float[] clean = Mix(new SoundChanges(), 3, 3, new RandomSource((ulong)key)).Sound!.Samples;
            float[] mixed = Mix(new SoundChanges(noise: 12), 3, 3, new RandomSource((ulong)key)).Sound!.Samples;
            double signal = clean.Sum(value => (double)value * value), noise = clean.Zip(mixed, (a, b) => Math.Pow(a - b, 2)).Sum();
            if (noise == 0) continue;
            noisy++;
            Assert.InRange(10 * Math.Log10(signal / noise), 11, 43);
        }

        Assert.InRange(noisy, 15, 45);
    }

    /// <summary>A filter of two taps: what it makes of the lowest and of the highest frequency says by how much it differs between them.</summary>
    [Fact]
    public void Tones_stay_within_their_bounds_and_fill_them()
    {
        NumberExample low = new() { Sound = new Sound([.. Enumerable.Repeat(1f, 40)], Rate) }, high = new() { Sound = new Sound([.. Enumerable.Range(0, 40).Select(t => t % 2 == 0 ? 1f : -1f)], Rate) };
        double[] decibels = [.. Enumerable.Range(0, 60).Select(key => 20 * Math.Log10(Loudness(high, key) / Loudness(low, key)))];
        Assert.All(decibels, difference => Assert.InRange(difference, -12.01, 12.01));
        Assert.True(decibels.Min() < -9 && decibels.Max() > 9);
        Assert.All(Enumerable.Range(0, 60), key => Assert.Equal(2, Math.Pow(Loudness(high, key), 2) + Math.Pow(Loudness(low, key), 2), 1e-4));

        static double Loudness(NumberExample one, int key) =>
            Math.Abs(new SoundMixer([one], new SoundChanges(tone: 12)).Mix(0, 1, new RandomSource((ulong)key)).Sound!.Samples[20]);
    }

    [Fact]
    public void Strings_to_measure_by_are_of_three_to_the_most_and_always_the_same()
    {
        var changes = new SoundChanges(5, pause: 0.1, speed: 0.3, noise: 10);
        NumberExample[] strings = SoundMixer.Strings(Recordings, changes);
        Assert.Equal([3, 4, 5, 3], strings.Select(one => one.Labels.Count));
        Assert.Equal(strings.Select(one => one.Sound!.Samples), SoundMixer.Strings(Recordings, changes with { Speed = 0.1 }).Select(one => one.Sound!.Samples));
        Assert.All(SoundMixer.Strings(Recordings, new SoundChanges(1)), one => Assert.Single(one.Labels));
        Assert.All(SoundMixer.Strings(Recordings, new SoundChanges(2)), one => Assert.Equal(2, one.Labels.Count));
    }

    [Fact]
    public void A_sequence_of_numbers_is_refused_and_an_empty_sound_adds_nothing()
    {
        NumberExample numbers = new() { Sequence = new NumberSequence(new float[3], 1), Name = "x.csv, line 2" };
        Assert.Equal(
            "x.csv, line 2: is a sequence of numbers; expected a sound",
            Assert.Throws<InvalidDataException>(() => SoundMixer.Strings([Recordings[0], numbers], new SoundChanges(3))).Message);
        Assert.Empty(new SoundMixer([new NumberExample { Sound = new Sound([], Rate) }], new SoundChanges()).Mix(0, 2, new RandomSource(1)).Sound!.Samples);
    }

    private static NumberExample Mix(SoundChanges changes, int first, int count, RandomSource? random = null) =>
        new SoundMixer(Recordings, changes).Mix(first, count, random ?? new RandomSource(7));
}
